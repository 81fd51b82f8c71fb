// SPDX-License-Identifier: Apache-2.0
/* api/api.h — what the routes work on, and their tables. A route translates: it reads the request,
 * calls one module, replies. It decides nothing. Files: <module>_routes.c, one table each. */
#pragma once
#include "accounts/accounts.h"
#include "net/http.h"
#include "net/live.h"

struct app { /* borrowed from server/, which owns and wires everything */
    struct store *main_store;
    struct store *telemetry_store;
    struct accounts *accounts;
    struct events *events;
    struct venues *venues;
    struct readings *readings;
    struct crowd *crowd;
    struct alerts *alerts;
    struct notify *notify;
    struct live *live;
};

/* The principal of the request, NULL for nobody. */
const struct principal *api_principal(const struct request *request);
/* The event that the request speaks of: the path's {event}, the query's ?event=, the token's event, or
 * the only event the person is a member of; "" when none is meant. */
const char *api_event(const struct request *request);

extern const struct route accounts_routes[], events_routes[], venues_routes[], readings_routes[],
    crowd_routes[], alerts_routes[], notify_routes[], live_routes[], system_routes[];
extern const size_t accounts_route_count, events_route_count, venues_route_count,
    readings_route_count, crowd_route_count, alerts_route_count, notify_route_count,
    live_route_count, system_route_count;
