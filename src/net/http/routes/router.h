// SPDX-License-Identifier: Apache-2.0
/* net/http/routes/router.h — from method and path to a route. The tables are compiled once into a tree of
 * path segments; a match walks it and allocates nothing. A literal segment is preferred to {name};
 * {name*} stands last and takes one or more segments; what it stands behind is meant with a slash at its end
 * and without, as the root of a service is. Pure after creation. */
#pragma once
#include "net/http.h"

#define ROUTE_PARAMS_MAX   8
#define ROUTE_SEGMENTS_MAX 24
#define ROUTE_ALLOW_SIZE   64

struct router;

struct route_match {
    const struct route *route;
    void *context; /* of its table */
    size_t param_count;
    struct route_slice { /* of the path, still percent-encoded */
        const char *text;
        size_t len;
    } params[ROUTE_PARAMS_MAX];
};

enum route_outcome { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* ERR_INVALID names the route that is wrong or given twice. The caller owns *out_router. */
MUST_USE enum err router_create(const struct route_table *tables, size_t table_count,
                                struct router **out_router, struct err_note *note);
void router_destroy(struct router *router);
DEFINE_SCOPED(router)

/* HEAD finds the route of GET. `out_match` is written when ROUTE_FOUND. */
enum route_outcome router_match(const struct router *router, const char *method, const char *path,
                                size_t len, struct route_match *out_match);
/* The Allow header of a path: "GET, HEAD, OPTIONS"; empty when there is no such path. */
void router_allow(const struct router *router, const char *path, size_t len,
                  char out[ROUTE_ALLOW_SIZE]);
/* The n-th {name} of a route's path; false when there are fewer. */
bool route_param_name(const struct route *route, size_t n, struct route_slice *out_name);
