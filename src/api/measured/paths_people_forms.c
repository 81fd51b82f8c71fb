// SPDX-License-Identifier: Apache-2.0
#include "api/measured/paths_forms.h"
#include "base/clock.h"

/* Below three digits the buckets are wider than the next one would tell. */
static void add_seconds(struct text *out, double seconds, const char *unknown)
{
    if (seconds < 0)
        text_add(out, unknown);
    else
        text_addf(out, seconds < 1000 ? "%.3g" : "%.0f", seconds);
}

static void add_period(struct text *out, int64_t from_ms, int64_t to_ms)
{
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
    clock_format(from_ms, from);
    clock_format(to_ms, to);
    text_addf(out, "\"from\":\"%s\",\"to\":\"%s\",", from, to);
}

/* --- dwell times --- */

static double censored_share(const struct dwell_summary *summary)
{
    uint64_t visits = summary->finished + summary->censored;
    return visits == 0 ? 0 : (double)summary->censored / (double)visits;
}

void paths_dwell_json(struct text *out, const struct paths_dwell *dwell)
{
    text_add_char(out, '{');
    add_period(out, dwell->from_ms, dwell->to_ms);
    text_add(out, "\"method\":\"" PATHS_DWELL_METHOD "\",\"uncertainty\":\"" PATHS_DWELL_UNCERTAINTY
                  "\",\"zones\":[");
    for (size_t i = 0; i < dwell->count; i++) {
        const struct paths_zone_dwell *zone = &dwell->zones[i];
        struct dwell_summary summary = dwell_summarise(&zone->dwell);
        double mean_s = summary.finished == 0 ? -1 : summary.mean_finished_s;
        text_addf(out, "%s{\"zone\":\"%s\",\"finished\":%llu,\"censored\":%llu,\"inside\":%llu,",
                  i == 0 ? "" : ",", zone->zone, (unsigned long long)summary.finished,
                  (unsigned long long)summary.censored, (unsigned long long)zone->inside);
        text_addf(out, "\"censored_share\":%.3g,\"mean_finished_s\":", censored_share(&summary));
        add_seconds(out, mean_s, "null");
        text_add(out, ",\"median_s\":");
        add_seconds(out, summary.median_s, "null");
        text_add(out, ",\"p90_s\":");
        add_seconds(out, summary.p90_s, "null");
        text_add_char(out, '}');
    }
    text_add(out, "]}");
}

void paths_dwell_csv(struct text *out, const struct paths_dwell *dwell)
{
    text_add(out, "zone,finished,censored,inside,mean_finished_s,median_s,p90_s\n");
    for (size_t i = 0; i < dwell->count; i++) {
        const struct paths_zone_dwell *zone = &dwell->zones[i];
        struct dwell_summary summary = dwell_summarise(&zone->dwell);
        text_addf(out, "%s,%llu,%llu,%llu,", zone->zone, (unsigned long long)summary.finished,
                  (unsigned long long)summary.censored, (unsigned long long)zone->inside);
        add_seconds(out, summary.finished == 0 ? -1 : summary.mean_finished_s, "");
        text_add_char(out, ',');
        add_seconds(out, summary.median_s, "");
        text_add_char(out, ',');
        add_seconds(out, summary.p90_s, "");
        text_add_char(out, '\n');
    }
}

/* --- trips --- */

/* "" for a zone beyond those that have numbers. */
static const char *name_of(const struct paths_trips *trips, uint16_t zone)
{
    return zone < trips->zone_count ? trips->zones[zone] : "";
}

static uint64_t add_pairs(struct text *out, const struct paths_trips *trips)
{
    SCOPED_MEM struct trip_pair *pairs = mem_new_array(TRIPS_PAIRS_MAX, sizeof *pairs);
    struct trips_told told = trips_tell_pairs(trips->report.pairs, 0, pairs, TRIPS_PAIRS_MAX);
    for (size_t i = 0; i < told.count; i++)
        text_addf(out, "%s{\"origin\":\"%s\",\"destination\":\"%s\",\"people\":%llu}",
                  i == 0 ? "" : ",", name_of(trips, pairs[i].origin),
                  name_of(trips, pairs[i].destination), (unsigned long long)pairs[i].people);
    return (uint64_t)told.withheld;
}

static void add_way(struct text *out, const struct paths_trips *trips, const struct trip_way *way)
{
    text_add(out, "{\"zones\":[");
    for (size_t z = 0; z < way->zone_count; z++)
        text_addf(out, "%s\"%s\"", z == 0 ? "" : ",", name_of(trips, way->zones[z]));
    text_addf(out, "],\"goes_on\":%s,\"people\":%llu}", way->is_cut ? "true" : "false",
              (unsigned long long)way->people);
}

static uint64_t add_ways(struct text *out, const struct paths_trips *trips)
{
    SCOPED_MEM struct trip_way *ways = mem_new_array(TRIPS_WAYS_MAX, sizeof *ways);
    struct trips_told told = trips_tell_ways(trips->report.ways, 0, ways, TRIPS_WAYS_MAX);
    for (size_t i = 0; i < told.count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        add_way(out, trips, &ways[i]);
    }
    return (uint64_t)told.withheld;
}

void paths_trips_json(struct text *out, const struct paths_trips *trips)
{
    const struct trips_report *report = &trips->report;
    text_add_char(out, '{');
    add_period(out, trips->from_ms, trips->to_ms);
    text_add(out, "\"method\":\"" PATHS_TRIPS_METHOD "\",\"uncertainty\":\"" PATHS_TRIPS_UNCERTAINTY
                  "\",");
    text_addf(out, "\"anonymity\":%d,\"hours\":%zu,\"hours_withheld\":%zu,\"pairs\":[",
              TRIPS_ANONYMITY, report->part_count, report->parts_withheld);
    uint64_t beyond = add_pairs(out, trips);
    text_addf(out, "],\"pairs_withheld_people\":%llu,\"ways\":[",
              (unsigned long long)(report->pairs_withheld + beyond));
    beyond = add_ways(out, trips);
    text_addf(out, "],\"ways_withheld_people\":%llu}",
              (unsigned long long)(report->ways_withheld + beyond));
}

void paths_trips_csv(struct text *out, const struct paths_trips *trips)
{
    SCOPED_MEM struct trip_pair *pairs = mem_new_array(TRIPS_PAIRS_MAX, sizeof *pairs);
    struct trips_told told = trips_tell_pairs(trips->report.pairs, 0, pairs, TRIPS_PAIRS_MAX);
    text_add(out, "origin,destination,people\n");
    for (size_t i = 0; i < told.count; i++)
        text_addf(out, "%s,%s,%llu\n", name_of(trips, pairs[i].origin),
                  name_of(trips, pairs[i].destination), (unsigned long long)pairs[i].people);
}
