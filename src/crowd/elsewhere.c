// SPDX-License-Identifier: Apache-2.0
#include "crowd/elsewhere.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/text.h"
#include "crowd/state.h"

struct heard { /* of one venue */
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char *json[ELSEWHERE_PARTS]; /* owned; NULL = nothing yet */
    size_t len[ELSEWHERE_PARTS];
    int64_t zones_us;              /* when the zones were heard last */
    struct crowd_picture *picture; /* a reference; of all that, once somebody has asked */
    int64_t picture_version;       /* of the view */
};

struct elsewhere {
    struct lock lock;
    struct heard *heard; /* as many as there are venues: a quiet one's place is used again */
    size_t count;
};

struct elsewhere *elsewhere_create(void)
{
    struct elsewhere *elsewhere = mem_new(sizeof *elsewhere);
    lock_init(&elsewhere->lock);
    return elsewhere;
}

static void drop_picture(struct heard *heard)
{
    if (heard->picture != NULL)
        shared_unref(&heard->picture->shared);
    heard->picture = NULL;
}

static void forget(struct heard *heard)
{
    for (int part = 0; part < ELSEWHERE_PARTS; part++)
        mem_free(heard->json[part]);
    drop_picture(heard);
    *heard = (struct heard){.zones_us = 0};
}

void elsewhere_destroy(struct elsewhere *elsewhere)
{
    if (elsewhere == NULL)
        return;
    for (size_t i = 0; i < elsewhere->count; i++)
        forget(&elsewhere->heard[i]);
    mem_free(elsewhere->heard);
    lock_fini(&elsewhere->lock);
    mem_free(elsewhere);
}

static bool is_quiet(const struct heard *heard, int64_t now_us)
{
    return now_us - heard->zones_us > ELSEWHERE_QUIET_MS * INT64_C(1000);
}

static struct heard *find(const struct elsewhere *elsewhere, const char *event, const char *venue)
{
    for (size_t i = 0; i < elsewhere->count; i++) {
        struct heard *heard = &elsewhere->heard[i];
        if (strcmp(heard->venue, venue) == 0 && strcmp(heard->event, event) == 0)
            return heard;
    }
    return NULL;
}

static struct heard *find_or_add(struct elsewhere *elsewhere, const char *event, const char *venue,
                                 int64_t now_us)
{
    struct heard *found = find(elsewhere, event, venue);
    for (size_t i = 0; i < elsewhere->count && found == NULL; i++) {
        if (is_quiet(&elsewhere->heard[i], now_us))
            found = &elsewhere->heard[i];
    }
    if (found == NULL) {
        elsewhere->heard =
            mem_resize(elsewhere->heard, (elsewhere->count + 1) * sizeof(struct heard));
        found = &elsewhere->heard[elsewhere->count++];
        *found = (struct heard){.zones_us = 0};
    }
    if (strcmp(found->venue, venue) != 0 || strcmp(found->event, event) != 0) {
        forget(found);
        (void)text_copy(found->event, sizeof found->event, event);
        (void)text_copy(found->venue, sizeof found->venue, venue);
        found->zones_us = now_us;
    }
    return found;
}

void elsewhere_hear(struct elsewhere *elsewhere, const char *event, const char *venue,
                    enum elsewhere_part part, const char *json, size_t len, int64_t now_us)
{
    LOCKED(&elsewhere->lock);
    struct heard *heard = find_or_add(elsewhere, event, venue, now_us);
    mem_free(heard->json[part]);
    heard->json[part] = mem_text_len(json, len);
    heard->len[part] = len;
    drop_picture(heard);
    if (part == ELSEWHERE_ZONES)
        heard->zones_us = now_us;
}

/* --- reading a message --- */

static int64_t read_people(const json_t *object)
{
    const json_t *people = json_object_get(object, "people");
    return json_is_integer(people) ? (int64_t)json_integer_value(people) : CROWD_UNKNOWN;
}

static int read_name(const json_t *object, const char *member, const char *const *names)
{
    const char *word = json_string_value(json_object_get(object, member));
    for (int i = 0; word != NULL && names[i] != NULL; i++) {
        if (strcmp(names[i], word) == 0)
            return i;
    }
    return 0;
}

static struct crowd_flow read_flow(const json_t *zone)
{
    const json_t *flow = json_object_get(zone, "flow");
    if (!json_is_object(flow))
        return (struct crowd_flow){.is_known = false};
    return (struct crowd_flow){
        .is_known = true,
        .voronoi_m2 = json_number_value(json_object_get(flow, "density_voronoi")),
        .speed_m_s = json_number_value(json_object_get(flow, "speed")),
        .flow_per_m_s = json_number_value(json_object_get(flow, "specific_flow")),
        .walking = (enum service)read_name(flow, "walking", service_names),
        .standing = (enum service)read_name(flow, "standing", service_names),
        .trend = (enum trend_kind)read_name(flow, "trend", trend_names),
        .has_waves = json_is_true(json_object_get(flow, "has_waves")),
    };
}

static int64_t read_time(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    int64_t at_ms = 0;
    return text != NULL && clock_parse(text, strlen(text), &at_ms) ? at_ms : 0;
}

/* Both sides follow the order of the view, unless one of them has a newer one. */
static struct crowd_zone_state *zone_of(const struct crowd_picture *picture, size_t near,
                                        const char *id)
{
    for (size_t k = 0; id != NULL && k < picture->zone_count; k++) {
        struct crowd_zone_state *zone = &picture->zones[(near + k) % picture->zone_count];
        if (strcmp(zone->id, id) == 0)
            return zone;
    }
    return NULL;
}

static struct crowd_device_state *device_of(const struct crowd_picture *picture, size_t near,
                                            const char *id)
{
    for (size_t k = 0; id != NULL && k < picture->device_count; k++) {
        struct crowd_device_state *device = &picture->devices[(near + k) % picture->device_count];
        if (strcmp(device->id, id) == 0)
            return device;
    }
    return NULL;
}

static void read_zones(const json_t *document, struct crowd_picture *picture)
{
    size_t i;
    const json_t *zone;
    picture->people = read_people(document);
    picture->at_ms = read_time(document, "at");
    json_array_foreach(json_object_get(document, "zones"), i, zone)
    {
        const char *id = json_string_value(json_object_get(zone, "id"));
        struct crowd_zone_state *state = zone_of(picture, i, id);
        if (state == NULL)
            continue;
        state->people = read_people(zone);
        state->density_m2 = json_number_value(json_object_get(zone, "density"));
        state->level = (enum crowd_level)read_name(zone, "level", crowd_level_names);
        state->cameras = (uint32_t)json_integer_value(json_object_get(zone, "cameras"));
        state->cameras_expected =
            (uint32_t)json_integer_value(json_object_get(zone, "cameras_expected"));
        const json_t *age = json_object_get(zone, "age_ms");
        state->seen_ms =
            json_is_integer(age) ? picture->at_ms - (int64_t)json_integer_value(age) : 0;
        state->flow = read_flow(zone);
    }
}

static struct trust_verdict read_trouble(const json_t *device)
{
    const json_t *trouble = json_object_get(device, "trouble");
    return (struct trust_verdict){
        .kind = (enum trust_kind)read_name(trouble, "kind", crowd_trouble_names),
        .merging = (enum trust_merging)read_name(trouble, "merging", crowd_merging_names),
        .clock_off_ms = json_integer_value(json_object_get(trouble, "clock_off_ms")),
        .moved_m = json_number_value(json_object_get(trouble, "moved_m")),
        .since_ms = read_time(trouble, "since"),
    };
}

static void read_devices(const json_t *document, struct crowd_picture *picture)
{
    size_t i;
    const json_t *device;
    json_array_foreach(json_object_get(document, "devices"), i, device)
    {
        const char *id = json_string_value(json_object_get(device, "id"));
        struct crowd_device_state *state = device_of(picture, i, id);
        if (state == NULL)
            continue;
        state->last_seen_ms = read_time(device, "last_seen");
        state->is_silent = json_is_true(json_object_get(device, "is_silent"));
        const json_t *ahead = json_object_get(device, "clock_ahead_ms");
        state->clock_ahead_ms =
            json_is_integer(ahead) ? (int64_t)json_integer_value(ahead) : CROWD_CLOCK_UNKNOWN;
        state->trust = read_trouble(device);
    }
}

static struct crowd_picture *read_messages(const struct heard *heard, const struct venue_view *view)
{
    static void (*const READ[])(const json_t *, struct crowd_picture *) = {
        [ELSEWHERE_ZONES] = read_zones, [ELSEWHERE_DEVICES] = read_devices};
    struct crowd_picture *picture = crowd_picture_unknown(view, 0);
    for (int part = 0; part < ELSEWHERE_PARTS; part++) {
        SCOPED_JSON *document = NULL;
        if (heard->json[part] != NULL &&
            json_parse(heard->json[part], heard->len[part], &document, NULL) == ERR_NONE)
            READ[part](document, picture);
    }
    return picture;
}

struct crowd_picture *elsewhere_picture(struct elsewhere *elsewhere, const struct venue_view *view,
                                        int64_t now_us)
{
    LOCKED(&elsewhere->lock);
    struct heard *heard = find(elsewhere, view->event, view->id);
    if (heard == NULL || heard->json[ELSEWHERE_ZONES] == NULL || is_quiet(heard, now_us))
        return NULL;
    if (heard->picture_version != view->version)
        drop_picture(heard);
    if (heard->picture == NULL)
        heard->picture = read_messages(heard, view);
    heard->picture_version = view->version;
    shared_ref(&heard->picture->shared);
    return heard->picture;
}
