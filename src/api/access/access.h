// SPDX-License-Identifier: Apache-2.0
/* api/access.h — may this principal use a route that asks for these roles? Pure. */
#pragma once
#include "accounts/accounts.h"

enum access {
    ACCESS_GRANTED,
    ACCESS_UNKNOWN,   /* nobody is signed in: 401 */
    ACCESS_HIDDEN,    /* an event where the principal is nothing: 404, as if there were none */
    ACCESS_DENIED,    /* known, but not for this: 403 */
    ACCESS_UNCERTAIN, /* several events and none named: 422 */
};

/* `event` is what the request speaks of, "" for none. */
enum access access_decide(uint32_t route_roles, const struct principal *principal,
                          const char *event);
