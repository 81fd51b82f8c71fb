// SPDX-License-Identifier: Apache-2.0
/* net/http/callers/peer.h — who is at the other end. Pure.
 *
 * X-Forwarded-For and X-Forwarded-Proto are believed of the proxies that the operator has listed, and of
 * nobody else, however private its address looks. Each proxy adds whom it heard on the right; so they
 * are read from the right, and the first that is not a listed proxy is the client. What stands further
 * left was written by the client and proves nothing. */
#pragma once
#include "base/base.h"

#include <sys/socket.h>

#define PEER_TEXT_SIZE    46 /* INET6_ADDRSTRLEN */
#define PEER_ADDRESS_SIZE 16

/* IPv6, or IPv4 as ::ffff:a.b.c.d. */
struct peer_address {
    unsigned char bytes[PEER_ADDRESS_SIZE];
};

struct peer_networks {
    struct peer_network {
        struct peer_address address;
        unsigned bits;
    } items[LIMIT_TRUSTED_PROXIES];
    size_t count;
};

/* False for other families. */
bool peer_address_of(const struct sockaddr *address, struct peer_address *out);
bool peer_address_parse(const char *text, struct peer_address *out);
/* IPv4-mapped addresses as IPv4. */
void peer_text(const struct peer_address *address, char out[PEER_TEXT_SIZE]);
bool peer_is_loopback(const struct peer_address *address);
/* Whom the address stands for where callers are counted: IPv4 itself; of IPv6 the /64, because whoever
 * has one address of it has them all. */
struct peer_address peer_household(const struct peer_address *address);

/* "127.0.0.1, ::1, 10.0.0.0/8", with commas or spaces; NULL is none. ERR_INVALID names the one that is
 * wrong. */
MUST_USE enum err peer_networks_parse(const char *text, struct peer_networks *out,
                                      struct err_note *note);
bool peer_networks_have(const struct peer_networks *networks, const struct peer_address *address);

struct peer_claims { /* header lines, all of them joined by commas; NULL = absent */
    const char *forwarded_for;
    const char *forwarded_proto;
};
struct peer {
    struct peer_address address;
    bool is_secure; /* it spoke TLS to the first of our proxies */
};
/* `direct` is who connected. */
struct peer peer_behind_proxies(const struct peer_networks *proxies,
                                const struct peer_address *direct,
                                const struct peer_claims *claims);
