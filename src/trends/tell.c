// SPDX-License-Identifier: Apache-2.0
#include "trends/tell.h"

#include "base/clock.h"

#include <math.h>

#define FORECAST_METHOD                                                                            \
    "damped trend and season of the week, weighed by recursive least squares; conformal band"
#define FORECAST_UNCERTAINTY                                                                       \
    "low and high hold 80 and 90 % of what came, as learned from this zone's own errors once "     \
    "is_band_learned; before, those of a normal error"
#define UNUSUAL_METHOD                                                                             \
    "deviation from this hour of the week, averaged over two hours, in its own usual sizes; an "   \
    "episode begins at 7"
#define OCCUPANCY_METHOD                                                                           \
    "in - out + correction: a Kalman filter of counters, lines and cameras that learns what the "  \
    "counters miss"
#define OCCUPANCY_UNCERTAINTY                                                                      \
    "one standard deviation; beyond 3 disagreement_sigmas counters or cameras are wrong by more "  \
    "than is expected of them; without counters it is the cameras' count"

#define BELOW_ZERO_ADVICE                                                                          \
    "more people are counted out than in: a way in is not counted or misses people, a counter is " \
    "turned around, or people were inside when counting began; nobody is told below 0: look, and " \
    "say how many are inside"
#define LEFT_OUT_ADVICE                                                                            \
    "this zone has too many counters and lines: messages of further ones are not counted; let "    \
    "fewer lead to it"

static void add_time(struct text *out, const char *name, int64_t at_ms)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(at_ms, at);
    if (at_ms == 0)
        text_addf(out, "\"%s\":null", name);
    else
        text_addf(out, "\"%s\":\"%s\"", name, at);
}

/* One digit is finer than any of them is known. */
static void add_number(struct text *out, const char *name, double value)
{
    text_addf(out, ",\"%s\":", name);
    text_add_real(out, round(value * 10) / 10 + 0.0);
}

static void add_share(struct text *out, const char *name, double value)
{
    text_addf(out, ",\"%s\":", name);
    text_add_real(out, round(value * 10000) / 10000 + 0.0);
}

static int64_t newest_ms(const struct tracked *tracked)
{
    int64_t at_ms = 0;
    for (size_t i = 0; i < tracked->zone_count; i++)
        at_ms = MAX(at_ms, tracked->zones[i].state.told.at_ms);
    return at_ms;
}

/* --- forecast --- */

static void add_horizon(struct text *out, const struct forecast *ahead, size_t h)
{
    text_addf(out, "%s{\"minutes\":%u,", h == 0 ? "" : ",",
              FORECAST_MINUTES.horizons_steps[h] * FORECAST_MINUTES.step_s / 60);
    add_time(out, "at", ahead->at_ms);
    add_number(out, "people", ahead->people);
    add_number(out, "low_80", ahead->low_80);
    add_number(out, "high_80", ahead->high_80);
    add_number(out, "low_90", ahead->low_90);
    add_number(out, "high_90", ahead->high_90);
    text_addf(out, ",\"is_band_learned\":%s,\"is_seasonal\":%s}",
              ahead->is_band_learned ? "true" : "false", ahead->is_seasonal ? "true" : "false");
}

static void add_when(struct text *out, const char *name, double s)
{
    if (s < 0)
        text_addf(out, "\"%s\":null", name);
    else
        text_addf(out, "\"%s\":%.0f", name, s);
}

static void add_to_capacity(struct text *out, const struct zone_told *told)
{
    text_add(out, ",\"time_to_capacity\":");
    if (!told->is_capacity_known) {
        text_add(out, "null");
        return;
    }
    text_add_char(out, '{');
    add_when(out, "soonest_s", told->to_capacity.soonest_s);
    text_add_char(out, ',');
    add_when(out, "middle_s", told->to_capacity.middle_s);
    text_add_char(out, ',');
    add_when(out, "latest_s", told->to_capacity.latest_s);
    text_add_char(out, '}');
}

static void add_unusual(struct text *out, const struct zone_told *told)
{
    static const char *const STATES[] = {[UNUSUAL_PROBATION] = "learning",
                                         [UNUSUAL_NOT] = "usual",
                                         [UNUSUAL_BEGUN] = "unusual",
                                         [UNUSUAL_STILL] = "unusual"};
    text_addf(out, ",\"unusual\":{\"state\":\"%s\"", STATES[told->phase]);
    if (told->phase != UNUSUAL_PROBATION) {
        add_number(out, "strength", told->strength);
        add_number(out, "usual_people", told->usual_people);
    }
    text_add_char(out, '}');
}

static void add_zone_forecast(struct text *out, const struct tracked_zone *zone)
{
    const struct zone_told *told = &zone->state.told;
    text_addf(out, "{\"id\":\"%s\",", zone->id);
    add_time(out, "at", told->at_ms);
    if (told->at_ms == 0) {
        text_add(out, ",\"source\":\"unknown\",\"people\":null,\"horizons\":[],"
                      "\"time_to_capacity\":null,\"unusual\":null}");
        return;
    }
    text_addf(out, ",\"source\":\"%s\"", zone_source_names[told->source]);
    add_number(out, "people", told->people);
    text_add(out, ",\"horizons\":[");
    for (size_t h = 0; h < FORECAST_HORIZONS; h++)
        add_horizon(out, &told->ahead[h], h);
    text_add_char(out, ']');
    add_to_capacity(out, told);
    add_unusual(out, told);
    text_add_char(out, '}');
}

void tell_forecast(struct text *out, const struct tracked *tracked)
{
    text_add_char(out, '{');
    add_time(out, "at", newest_ms(tracked));
    text_add(out, ",\"method\":\"" FORECAST_METHOD "\",\"uncertainty\":\"" FORECAST_UNCERTAINTY
                  "\",\"unusual_method\":\"" UNUSUAL_METHOD "\",\"zones\":[");
    for (size_t i = 0; i < tracked->zone_count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        add_zone_forecast(out, &tracked->zones[i]);
    }
    text_add(out, "]}");
}

/* --- occupancy --- */

static void add_counter(struct text *out, const struct counter *counter, bool is_first)
{
    text_addf(out, "%s{\"counter\":\"%s\"", is_first ? "" : ",", counter->name);
    add_number(out, "in", counter->ways[COUNT_IN].passed);
    add_number(out, "out", counter->ways[COUNT_OUT].passed);
    text_add(out, ",\"fault\":");
    if (counter->fault == COUNTER_WELL) {
        text_add(out, "null}");
        return;
    }
    text_addf(out, "{\"what\":\"%s\",", counter_fault_names[counter->fault]);
    add_time(out, "at", counter->fault_ms);
    text_add(out, ",\"value\":");
    text_add_real(out, counter->fault_value);
    text_addf(out, ",\"times\":%u,\"detail\":\"%s\"}}", counter->faults,
              counter_fault_advice[counter->fault]);
}

static void add_both(struct text *out, const struct zone_told *told)
{
    bool has_counters = told->inside_source >= ZONE_COUNTERS;
    if (has_counters) {
        add_number(out, "counters", told->counted);
        add_share(out, "missed_in", told->missed_in);
        add_share(out, "missed_out", told->missed_out);
    } else {
        text_add(out, ",\"counters\":null,\"missed_in\":null,\"missed_out\":null");
    }
    if (told->cameras >= 0)
        add_number(out, "cameras", told->cameras);
    else
        text_add(out, ",\"cameras\":null");
    if (told->has_disagreement) {
        add_number(out, "disagreement", told->disagreement);
        add_number(out, "disagreement_sigmas", told->disagreement_sigmas);
    } else {
        text_add(out, ",\"disagreement\":null,\"disagreement_sigmas\":null");
    }
}

static void add_zone_fault(struct text *out, const char *what, int64_t at_ms, double value)
{
    text_addf(out, "{\"what\":\"%s\",", what);
    add_time(out, "at", at_ms);
    add_number(out, "value", value);
}

/* What makes its number a wrong one, with the reason. */
static void add_zone_faults(struct text *out, const struct zone_state *state)
{
    const struct zone_told *told = &state->told;
    bool is_below = told->inside_source >= ZONE_COUNTERS && told->counted <= -0.5;
    text_add(out, ",\"faults\":[");
    if (is_below) {
        add_zone_fault(out, "below_zero", told->at_ms, told->counted);
        text_add(out, ",\"detail\":\"" BELOW_ZERO_ADVICE "\"}");
    }
    if (state->left_out > 0) {
        text_add(out, is_below ? "," : "");
        add_zone_fault(out, "left_out", state->left_out_ms, state->left_out);
        text_add(out, ",\"detail\":\"" LEFT_OUT_ADVICE "\"}");
    }
    text_add_char(out, ']');
}

static void add_zone_occupancy(struct text *out, const struct tracked_zone *zone)
{
    const struct zone_state *state = &zone->state;
    text_addf(out, "{\"id\":\"%s\",", zone->id);
    add_time(out, "at", state->told.at_ms);
    text_addf(out, ",\"source\":\"%s\"", zone_source_names[state->told.inside_source]);
    if (state->told.at_ms == 0) {
        text_add(out, ",\"people\":null,\"deviation\":null,\"counters\":null,\"missed_in\":null,"
                      "\"missed_out\":null,\"cameras\":null,\"disagreement\":null,"
                      "\"disagreement_sigmas\":null");
    } else {
        add_number(out, "people", state->told.inside);
        add_number(out, "deviation", state->told.deviation);
        add_both(out, &state->told);
    }
    add_zone_faults(out, state);
    text_add(out, ",\"passages\":[");
    for (size_t i = 0; i < state->counter_count; i++)
        add_counter(out, &state->counters[i], i == 0);
    text_add(out, "]}");
}

void tell_occupancy(struct text *out, const struct tracked *tracked)
{
    text_add_char(out, '{');
    add_time(out, "at", newest_ms(tracked));
    text_add(out, ",\"method\":\"" OCCUPANCY_METHOD "\",\"uncertainty\":\"" OCCUPANCY_UNCERTAINTY
                  "\",\"zones\":[");
    for (size_t i = 0; i < tracked->zone_count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        add_zone_occupancy(out, &tracked->zones[i]);
    }
    text_add(out, "]}");
}
