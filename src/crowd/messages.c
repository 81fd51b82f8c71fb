// SPDX-License-Identifier: Apache-2.0
#include "crowd/messages.h"

#include "base/clock.h"

#include <math.h>

static void add_time(struct text *out, const char *name, int64_t at_ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(at_ms, time);
    text_addf(out, "\"%s\":\"%s\"", name, time);
}

static void add_people(struct text *out, int64_t people)
{
    if (people == CROWD_UNKNOWN)
        text_add(out, "null");
    else
        text_add_int(out, people);
}

void crowd_flow_add(struct text *out, const struct crowd_flow *flow)
{
    if (!flow->is_known) {
        text_add(out, "null");
        return;
    }
    text_addf(out,
              "{\"density_voronoi\":%.3f,\"speed\":%.2f,\"specific_flow\":%.3f,\"walking\":\"%s\","
              "\"standing\":\"%s\",\"trend\":\"%s\",\"has_waves\":%s}",
              flow->voronoi_m2, flow->speed_m_s, flow->flow_per_m_s, service_names[flow->walking],
              service_names[flow->standing], trend_names[flow->trend],
              flow->has_waves ? "true" : "false");
}

const char *const crowd_trouble_names[] = {"", "clock", "moved", NULL};
const char *const crowd_merging_names[] = {"merged", "corrected", "left_out", NULL};

void crowd_trouble_add(struct text *out, const struct trust_verdict *trust)
{
    if (trust->kind == TRUST_FINE) {
        text_add(out, "null");
        return;
    }
    text_addf(out, "{\"kind\":\"%s\",\"merging\":\"%s\",", crowd_trouble_names[trust->kind],
              crowd_merging_names[trust->merging]);
    if (trust->kind == TRUST_CLOCK)
        text_addf(out, "\"clock_off_ms\":%lld,", (long long)trust->clock_off_ms);
    else if (trust->moved_m > 0)
        text_addf(out, "\"moved_m\":%.1f,", trust->moved_m);
    else
        text_add(out, "\"moved_m\":null,");
    add_time(out, "since", trust->since_ms);
    text_add_char(out, '}');
}

void crowd_zone_add(struct text *out, const struct crowd_zone_state *zone, int64_t at_ms)
{
    text_add(out, "\"people\":");
    add_people(out, zone->people);
    if (zone->people == CROWD_UNKNOWN)
        text_add(out, ",\"density\":null");
    else
        text_addf(out, ",\"density\":%.3f", zone->density_m2);
    text_addf(out, ",\"level\":\"%s\",\"cameras\":%u,\"cameras_expected\":%u,\"age_ms\":",
              crowd_level_names[zone->level], zone->cameras, zone->cameras_expected);
    if (zone->seen_ms == 0)
        text_add(out, "null");
    else
        text_add_int(out, MAX(0, at_ms - zone->seen_ms));
    text_add(out, ",\"flow\":");
    crowd_flow_add(out, &zone->flow);
}

void message_zones(struct text *out, const struct crowd_picture *picture)
{
    text_add_char(out, '{');
    add_time(out, "at", picture->at_ms);
    text_add(out, ",\"zones\":[");
    for (size_t z = 0; z < picture->zone_count; z++) {
        const struct crowd_zone_state *zone = &picture->zones[z];
        text_addf(out, "%s{\"id\":\"%s\",", z == 0 ? "" : ",", zone->id);
        crowd_zone_add(out, zone, picture->at_ms);
        text_add_char(out, '}');
    }
    text_add(out, "],\"people\":");
    add_people(out, picture->people);
    text_add_char(out, '}');
}

/* Centimetres as metres with up to two digits: printf's doubles would cost ten times as much. */
static void add_cm(struct text *out, double metres)
{
    int64_t cm = llround(metres * 100);
    if (cm < 0)
        text_add_char(out, '-');
    cm = cm < 0 ? -cm : cm;
    text_add_int(out, cm / 100);
    if (cm % 100 == 0)
        return;
    text_add_char(out, '.');
    text_add_char(out, (char)('0' + cm / 10 % 10));
    if (cm % 10 != 0)
        text_add_char(out, (char)('0' + cm % 10));
}

void message_people(struct text *out, const struct dots *dots, int64_t now_ms)
{
    size_t stride = (dots->count + MESSAGE_DOTS_MAX - 1) / MESSAGE_DOTS_MAX;
    text_add_char(out, '{');
    add_time(out, "at", now_ms);
    text_add(out, ",\"points\":[");
    for (size_t i = 0; i < dots->count; i += stride) {
        text_add(out, i == 0 ? "[" : ",[");
        add_cm(out, (double)dots->all[i].x);
        text_add_char(out, ',');
        add_cm(out, (double)dots->all[i].y);
        text_add_char(out, ']');
    }
    text_add(out, "]}");
}

static void add_ways(struct text *out, const char *name, const uint32_t counts[LINE_WAYS])
{
    text_addf(out, ",\"%sto_left\":%u,\"%sto_right\":%u", name, counts[LINE_TO_LEFT], name,
              counts[LINE_TO_RIGHT]);
}

void message_lines(struct text *out, const struct settled *settled)
{
    const struct venue_view *view = settled->map->view;
    text_add_char(out, '{');
    add_time(out, "at", settled->newest_s * 1000);
    text_add(out, ",\"lines\":[");
    for (size_t l = 0; l < view->line_count; l++) {
        const struct crossing_second *line = &settled->newest[l];
        text_addf(out, "%s{\"id\":\"%s\",\"is_watched\":%s", l == 0 ? "" : ",", view->lines[l].id,
                  line->is_watched ? "true" : "false");
        if (line->is_watched) {
            add_ways(out, "", line->crossed);
            add_ways(out, "minute_", line->window);
        }
        if (line->has_flow)
            text_addf(out, ",\"flow_to_left\":%.1f,\"flow_to_right\":%.1f",
                      line->flow[LINE_TO_LEFT], line->flow[LINE_TO_RIGHT]);
        text_add_char(out, '}');
    }
    text_add(out, "]}");
}

void message_devices(struct text *out, const struct crowd_picture *picture)
{
    text_add(out, "{\"devices\":[");
    for (size_t d = 0; d < picture->device_count; d++) {
        const struct crowd_device_state *device = &picture->devices[d];
        text_addf(out, "%s{\"id\":\"%s\",", d == 0 ? "" : ",", device->id);
        if (device->last_seen_ms == 0)
            text_add(out, "\"last_seen\":null");
        else
            add_time(out, "last_seen", device->last_seen_ms);
        text_add(out, device->is_silent ? ",\"is_silent\":true" : ",\"is_silent\":false");
        text_add(out, ",\"clock_ahead_ms\":");
        if (device->clock_ahead_ms == CROWD_CLOCK_UNKNOWN)
            text_add(out, "null");
        else
            text_add_int(out, device->clock_ahead_ms);
        text_add(out, ",\"trouble\":");
        crowd_trouble_add(out, &device->trust);
        text_add_char(out, '}');
    }
    text_add(out, "]}");
}
