// SPDX-License-Identifier: Apache-2.0
/* api/site_test.h — a server with the routes of accounts, events, members, venues, the crowd, readings,
 * alerts and mails, and people to ask it.
 * There are two published events, "fest" and "fair", each with its own organiser. */
#pragma once
#include "alerts/alerts.h"
#include "api/api.h"
#include "crowd/crowd.h"
#include "net/loopback_test.h"
#include "notify/notify.h"
#include "readings/readings.h"
#include "venues/venues.h"

enum asker {
    NOBODY,
    ADMIN,
    ORGANISER, /* of fest, like the next five */
    CONTROL,
    CREW,
    DOOR,
    GUEST,
    DEVICE,
    STRANGER,        /* a person without any role */
    OTHER_ORGANISER, /* of fair */
    OTHER_DEVICE,    /* of fair */
    READER,          /* a token of fest that reads */
    ASKER_COUNT,
};

struct site {
    struct store *store; /* main */
    struct store *telemetry;
    struct app app;
    struct route *routes; /* of all these tables */
    size_t route_count;
    struct http_server *server;
    uint16_t port;
    int64_t person_ids[ASKER_COUNT];
    char credentials[ASKER_COUNT][300]; /* header lines, with an Origin where there is a cookie */
    char secrets[ASKER_COUNT][TOKEN_SECRET_SIZE];
};

struct site *site_create(void);
void site_destroy(struct site *site);
DEFINE_SCOPED(site)

/* `headers` is "Name: value\r\n" lines, or ""; body NULL = none. A body is JSON where the headers name
 * no Content-Type. */
void site_ask(struct site *site, const char *headers, const char *method, const char *path,
              const char *body, struct answer *out);
/* As one of them; returns the status. */
int site_status(struct site *site, enum asker asker, const char *method, const char *path,
                const char *body);
/* The answer's body, which must be JSON; the caller owns it. */
json_t *answer_json(const struct answer *answer);
