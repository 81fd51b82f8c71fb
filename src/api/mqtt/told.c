// SPDX-License-Identifier: Apache-2.0
#include "api/mqtt/told.h"

#include "api/mqtt/topics.h"
#include "base/clock.h"
#include "base/crc32c.h"

#include <stdio.h>

#define MESSAGE_BYTES_MAX 4096

void told_fini(struct told *told)
{
    for (size_t i = 0; i < told->venue_count; i++)
        mem_free(told->venues[i].zones);
    mem_free(told->venues);
    *told = (struct told){0};
}

void told_forget(struct told *told)
{
    for (size_t i = 0; i < told->venue_count; i++) {
        for (size_t z = 0; z < told->venues[i].zone_count; z++)
            told->venues[i].zones[z].at_ms = 0;
    }
}

/* --- the message --- */

void told_message(struct text *out, const struct venue_view *view, const struct zone *zone,
                  const struct crowd_zone_state *state, int64_t at_ms)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(at_ms, at);
    text_addf(out, "{\"at\":\"%s\",\"event\":\"%s\",\"venue\":\"%s\",\"zone\":\"%s\",\"name\":", at,
              view->event, view->id, zone->id);
    text_add_json(out, zone->name, strlen(zone->name));
    text_add_char(out, ',');
    crowd_zone_add(out, state, at_ms);
    text_add_char(out, '}');
}

/* --- what was told --- */

static struct told_venue *find_venue(struct told *told, const struct venue_view *view)
{
    for (size_t i = 0; i < told->venue_count; i++) {
        struct told_venue *venue = &told->venues[i];
        if (strcmp(venue->venue, view->id) == 0 && strcmp(venue->event, view->event) == 0)
            return venue;
    }
    told->venues = mem_resize(told->venues, (told->venue_count + 1) * sizeof *told->venues);
    struct told_venue *venue = &told->venues[told->venue_count++];
    *venue = (struct told_venue){.zone_count = 0};
    memcpy(venue->event, view->event, sizeof venue->event);
    memcpy(venue->venue, view->id, sizeof venue->venue);
    return venue;
}

/* `guess` is where it stood last. */
static struct told_zone *find_zone(struct told_venue *venue, const char *id, size_t guess)
{
    if (guess < venue->zone_count && strcmp(venue->zones[guess].id, id) == 0)
        return &venue->zones[guess];
    for (size_t z = 0; z < venue->zone_count; z++) {
        if (strcmp(venue->zones[z].id, id) == 0)
            return &venue->zones[z];
    }
    venue->zones = mem_resize(venue->zones, (venue->zone_count + 1) * sizeof *venue->zones);
    struct told_zone *zone = &venue->zones[venue->zone_count++];
    *zone = (struct told_zone){.at_ms = 0};
    (void)text_copy(zone->id, sizeof zone->id, id);
    return zone;
}

static bool publish_at(const struct told_port *port, const struct told_venue *venue,
                       const char *zone, const struct text *message)
{
    char topic[TOPIC_SIZE];
    (void)snprintf(topic, sizeof topic, "%s/%s/%s/zones/%s", port->prefix, venue->event,
                   venue->venue, zone);
    return message == NULL ? port->publish(port->context, topic, NULL, 0)
                           : port->publish(port->context, topic, message->bytes, message->len);
}

static bool tell_zone(struct told_zone *told, const struct told_venue *venue,
                      const struct text *message, int64_t now_ms, const struct told_port *port)
{
    /* `{"at":"2026-06-20T21:14:03.100Z"` is of one length. */
    size_t skipped = strlen("{\"at\":\"\"") + CLOCK_TEXT_SIZE - 1;
    uint32_t check = crc32c(0, message->bytes + skipped, message->len - skipped);
    int64_t since_ms = now_ms - told->at_ms;
    if (told->at_ms != 0 && check == told->check && since_ms >= 0 && since_ms < TOLD_STEADY_MS)
        return true;
    if (!publish_at(port, venue, told->id, message))
        return false;
    told->check = check;
    told->at_ms = now_ms;
    return true;
}

/* A picture has its zones in the order of the view that it was made of; that may be an older one. */
static const struct zone *zone_of(const struct venue_view *view, const char *id, size_t guess)
{
    if (guess < view->zone_count && strcmp(view->zones[guess].id, id) == 0)
        return &view->zones[guess];
    for (size_t z = 0; z < view->zone_count; z++) {
        if (strcmp(view->zones[z].id, id) == 0)
            return &view->zones[z];
    }
    return NULL;
}

/* --- what is gone --- */

static void take_back(struct told_venue *venue, const struct told_port *port)
{
    size_t kept = 0;
    for (size_t z = 0; z < venue->zone_count; z++) {
        struct told_zone *zone = &venue->zones[z];
        if (zone->is_there || !publish_at(port, venue, zone->id, NULL))
            venue->zones[kept++] = *zone;
    }
    venue->zone_count = kept;
}

static void take_back_gone(struct told *told, const struct told_port *port)
{
    size_t kept = 0;
    for (size_t i = 0; i < told->venue_count; i++) {
        struct told_venue *venue = &told->venues[i];
        take_back(venue, port);
        if (venue->is_there || venue->zone_count > 0)
            told->venues[kept++] = *venue;
        else
            mem_free(venue->zones);
    }
    told->venue_count = kept;
}

static void mark_all_gone(struct told *told)
{
    for (size_t i = 0; i < told->venue_count; i++) {
        told->venues[i].is_there = false;
        for (size_t z = 0; z < told->venues[i].zone_count; z++)
            told->venues[i].zones[z].is_there = false;
    }
}

static void mark_what_is_there(struct told *told, struct venue_view *const *views, size_t count)
{
    mark_all_gone(told);
    for (size_t i = 0; i < count; i++) {
        struct told_venue *venue = find_venue(told, views[i]);
        venue->is_there = true;
        for (size_t z = 0; z < views[i]->zone_count; z++)
            find_zone(venue, views[i]->zones[z].id, z)->is_there = true;
    }
}

/* --- once round all zones --- */

struct round {
    struct told *told;
    struct venue_view *const *views;
    struct crowd_picture *const *pictures;
    size_t count;
    int64_t now_ms;
    const struct told_port *port;
};

/* The zones from `from` to before `to` of the picture. False, remembering where: there was no room. */
static bool tell_zones(const struct round *round, size_t i, size_t from, size_t to)
{
    const struct crowd_picture *picture = round->pictures[i];
    const struct venue_view *view = round->views[i];
    struct told_venue *venue = find_venue(round->told, view);
    bool has_room = true;
    SCOPED_TEXT message;
    text_init(&message, MESSAGE_BYTES_MAX);
    to = picture == NULL ? 0 : MIN(to, picture->zone_count);
    for (size_t z = from; z < to && has_room; z++) {
        const struct crowd_zone_state *state = &picture->zones[z];
        const struct zone *zone = zone_of(view, state->id, z);
        if (zone == NULL)
            continue;
        text_clear(&message);
        told_message(&message, view, zone, state, picture->at_ms);
        assert(!message.overflowed);
        has_room =
            tell_zone(find_zone(venue, state->id, z), venue, &message, round->now_ms, round->port);
        if (!has_room) {
            round->told->next_view = i;
            round->told->next_zone = z;
        }
    }
    return has_room;
}

static void go_round(const struct round *round)
{
    size_t first = round->told->next_view % round->count;
    size_t zone = round->told->next_zone;
    bool has_room = tell_zones(round, first, zone, SIZE_MAX);
    for (size_t k = 1; k < round->count && has_room; k++)
        has_room = tell_zones(round, (first + k) % round->count, 0, SIZE_MAX);
    if (has_room)
        (void)tell_zones(round, first, 0, zone); /* it remembers itself where to go on */
}

void told_tell(struct told *told, struct venue_view *const *views,
               struct crowd_picture *const *pictures, size_t count, int64_t now_ms,
               const struct told_port *port)
{
    const struct round round = {told, views, pictures, count, now_ms, port};
    mark_what_is_there(told, views, count);
    take_back_gone(told, port);
    if (count > 0)
        go_round(&round);
}
