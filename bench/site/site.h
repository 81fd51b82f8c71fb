// SPDX-License-Identifier: Apache-2.0
/* bench/site/site.h — what a bench measures against: a server of its own on an embedded database, with one
 * event, one venue of many cameras and zones, a token, and an administrator's session. */
#pragma once
#include "bench/site/world.h"
#include "client/client.h"
#include "client/local_server.h"

#define SITE_EVENT "bench"
#define SITE_VENUE "hall"
#define SITE_PROBE                                                                                 \
    "probe" /* a second venue with one camera, "probe-cam", and one zone, "probe-zone" */

struct site_options {
    int cameras;               /* "cam-0001" ..., each over its own 20 x 11 m of floor */
    int zones;                 /* "zone-001" ..., spread over that floor */
    const struct world *world; /* instead: its cameras, and a zone a group; NULL = none */
    const char *database_url;  /* NULL = embedded */
};

struct site {
    char folder[512];
    struct local_server server;
    struct client *client; /* the administrator's */
    char token[64];
};

MUST_USE enum err site_open(const struct site_options *options, struct site *out_site,
                            struct err_note *note);
void site_close(struct site *site);
/* Has "probe-cam" see so many people in "probe-zone" now, PROBE_PEOPLE_MAX at most. */
enum { PROBE_PEOPLE_MAX = 40 };
MUST_USE enum err site_see(struct client *client, int people, struct err_note *note);
/* A counter or gauge of the server, without labels. */
MUST_USE enum err site_metric(const struct site *site, const char *name, int64_t *out,
                              struct err_note *note);
/* CPU seconds that the server has used so far, all threads, user and system. */
double site_cpu_s(const struct site *site);
int64_t site_memory_bytes(const struct site *site); /* resident, now */
/* Stops the server, which leaves nothing in its log, and gives the bytes of its telemetry store. */
int64_t site_telemetry_bytes(struct site *site);
