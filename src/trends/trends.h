// SPDX-License-Identifier: Apache-2.0
/* trends/trends.h — where a zone is heading: its occupancy, how many will be there in 5, 15 and 30 minutes,
 * when it is full, and whether this is unusual for the hour.
 *
 * A consumer of the telemetry stream "readings": takes zones' counts (zone.<id>:people), what counters and
 * lines tell, and appends series of its own to the same stream, which it does not take. One minute of a zone
 * is decided in zone/zone.h; docs/formats/trends.md has the series, methods and documents.
 *
 * Exactly once: a zone's state is a row that says up to which record it is; rows are written by turns, every
 * TRENDS_SAVE_MS. After a restart the records since the oldest are taken again, by each zone from where its
 * row stands. What they told before is known by a mark, written with it in one transaction, and is not told
 * again. */
#pragma once
#include "base/base.h"
#include "base/publish.h"
#include "base/text.h"
#include "store/store.h"

#define TRENDS_SAVE_MS   300000
#define TRENDS_SAVES_MAX 64                 /* rows in one transaction, some 33 KB each */
#define TRENDS_IDLE_MS   3600000            /* unheard so long, a venue leaves memory */
#define TRENDS_KEEP_MS   (400 * 86400000LL) /* states of zones that are not heard */
/* A document: LIMIT_VENUE_ZONES with LIMIT_ZONE_COUNTERS each fit. */
#define TRENDS_TEXT_MAX ((size_t)16 * 1024 * 1024)

struct trends;
struct venues;
extern const struct store_module trends_store_module; /* of the telemetry store */

struct trends_options {
    struct store *telemetry_store;
    struct store *main_store; /* the events' time zones; NULL = UTC */
    struct venues *venues;
    const struct publisher *publisher; /* borrowed; may be NULL */
    int64_t save_ms;                   /* 0 = TRENDS_SAVE_MS. For tests */
    size_t zones_max;                  /* 0 = LIMIT_TREND_ZONES. For tests */
};

/* Starts the consumer "trends". Close it before the stores and the venues. */
MUST_USE enum err trends_open(const struct trends_options *options, struct trends **out_trends,
                              struct err_note *note);
void trends_close(struct trends *trends); /* NULL is fine */
/* Waits until everything committed before the call is taken; for tests. */
MUST_USE enum err trends_wait_idle(struct trends *trends, int64_t deadline_ms);

enum trends_document { TRENDS_FORECAST, TRENDS_OCCUPANCY };
/* The newest document of a venue, whichever process made it, as JSON. ERR_NOT_FOUND: no such venue. */
MUST_USE enum err trends_read(struct trends *trends, const char *event, const char *venue,
                              enum trends_document document, struct text *out);

/* So many people are inside, as somebody says who looked: a reading that the zone takes in its turn. Inside a
 * command on the telemetry store. */
MUST_USE enum err trends_set_occupancy(struct db *db, const char *event, const char *venue,
                                       const char *zone, double people, int64_t now_ms);
