// SPDX-License-Identifier: Apache-2.0
/* server/routes.h — the route tables of all modules with their rates, and the document that describes
 * them. Whatever changes something has a rate: its own, or CHANGES_PER_MIN for each person and route,
 * which no person reaches and a script that runs wild does. */
#pragma once
#include "api/api.h"

#define ROUTE_TABLES_MAX 20

#define CHANGES_PER_MIN  3000
#define CHANGES_AT_ONCE  1000
#define INGEST_AT_ONCE_S 2 /* so many seconds' worth may come at once, after a broken connection */

struct routes {
    struct route_table tables[ROUTE_TABLES_MAX]; /* with copies of their own */
    size_t count;
    struct http_static openapi; /* owns its bytes */
    char etag[16];
};

/* `app` is every table's context; app->openapi is set. `ingest_rate`: messages a second of one token;
 * 0 = any number. */
void routes_init(struct routes *routes, struct app *app, int ingest_rate);
void routes_fini(struct routes *routes);
