// SPDX-License-Identifier: Apache-2.0
/* net/http/callers/addresses.h — how many connections each address has. IPv6 counts by /64: that much belongs to
 * one household, and whoever has it has all of its addresses. Memory is that of the connections. */
#pragma once
#include "net/http/callers/peer.h"

struct addresses;
struct address;

struct addresses *addresses_create(size_t connections_max); /* of one address */
void addresses_destroy(struct addresses *addresses);        /* all have left */

bool addresses_have_room(struct addresses *addresses, const struct peer_address *of);
/* Counts one connection, even beyond the maximum: two that were let in at once are no harm. */
struct address *addresses_enter(struct addresses *addresses, const struct peer_address *of);
void addresses_leave(struct addresses *addresses, struct address *address); /* NULL is fine */
