// SPDX-License-Identifier: Apache-2.0
/* net/http/callers/shares.h — how much of the memory for bodies one caller holds, so that who uploads
 * slowly fills its own share and not everybody's. A share is a budget that exists while a request of
 * its caller is under way; memory is therefore bounded by the connections. */
#pragma once
#include "net/http/callers/peer.h"
#include "net/http/requests/body.h"

struct shares;
struct share;

struct shares *shares_create(enum body_budget_of of, size_t bytes_max); /* of one caller */
void shares_destroy(struct shares *shares);                             /* all have left */

/* The share of whoever has this key; of an address, IPv6 by /64. */
struct share *shares_enter(struct shares *shares, const char *key);
struct share *shares_enter_address(struct shares *shares, const struct peer_address *address);
void shares_leave(struct shares *shares, struct share *share); /* NULL is fine */
struct body_budget *share_budget(struct share *share);         /* until shares_leave() */
