// SPDX-License-Identifier: Apache-2.0
/* net/http/peer.h — who is at the other end. Pure. Behind a proxy, X-Forwarded-For is read from the
 * right: the last hop that is not itself a proxy (loopback or private) is the client; what stands
 * further left was written by the client and proves nothing. */
#pragma once
#include "base/base.h"

#include <sys/socket.h>

#define PEER_TEXT_SIZE 46 /* INET6_ADDRSTRLEN */

/* IPv4-mapped addresses as IPv4. "" for other families. */
void peer_text(const struct sockaddr *address, char out[PEER_TEXT_SIZE]);
/* Loopback, RFC 1918, link-local, unique local. */
bool peer_is_private(const char *text);
/* `direct` is who connected; `forwarded` the header or NULL. */
void peer_behind_proxy(const char *direct, const char *forwarded, char out[PEER_TEXT_SIZE]);
