// SPDX-License-Identifier: Apache-2.0
/* events/zone_clock.h — what the clocks of a time zone show: its offsets from UTC, from this machine's database
 * (TZif, RFC 8536). Read once, then pure: no process-wide TZ is touched. After the last change that the
 * file lists, the rule in its footer holds ("CET-1CEST,M3.5.0,M10.5.0/3"); a footer of another form leaves
 * the last offset. */
#pragma once
#include "base/base.h"

#define LIMIT_ZONE_CHANGES 4096 /* a file with more is not one */
#define LIMIT_ZONE_BYTES   (128 * 1024)

struct
    zone_rule_day { /* the `week`-th (5 = last) `weekday` (0 = Sunday) of the month, at so many s of the day */
    int month, week, weekday;
    int64_t at_s;
};

struct zone_clock { /* open: plain data */
    int64_t first_offset_ms;
    size_t count;
    struct {
        int64_t from_s; /* UTC */
        int64_t offset_ms;
    } changes[LIMIT_ZONE_CHANGES];
    bool has_rule;   /* after the last change */
    bool has_summer; /* else `winter_ms` all the year */
    int64_t winter_ms, summer_ms;
    struct zone_rule_day summer_begins, summer_ends;
};

/* ERR_NOT_FOUND, ERR_CORRUPT. */
MUST_USE enum err zone_clock_parse(const void *bytes, size_t len, struct zone_clock *out_clock);
/* By an IANA name, from TIME_ZONE_FOLDER. */
MUST_USE enum err zone_clock_read(const char *name, struct zone_clock *out_clock);
/* Local time minus UTC; `clock` NULL is UTC. */
int64_t zone_clock_offset_ms(const struct zone_clock *clock, int64_t utc_ms);
