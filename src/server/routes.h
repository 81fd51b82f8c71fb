// SPDX-License-Identifier: Apache-2.0
/* server/routes.h — the route tables of all modules, and the document that describes them. */
#pragma once
#include "api/api.h"

#define ROUTE_TABLES_MAX 16

struct routes {
    struct route_table tables[ROUTE_TABLES_MAX];
    size_t count;
    struct http_static openapi; /* owns its bytes */
    char etag[16];
};

/* `app` is every table's context; app->openapi is set. */
void routes_init(struct routes *routes, struct app *app);
void routes_fini(struct routes *routes);
