// SPDX-License-Identifier: Apache-2.0
#include "client/sample_setup.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "feeds/sample.h"

#include <stdio.h>

#define EVENT_PATH "/api/v1/events/" SAMPLE_EVENT
#define VENUE_PATH EVENT_PATH "/venues/" SAMPLE_VENUE

struct sample_rule {
    const char *id, *name, *series, *severity;
    double threshold, recovery;
    int64_t hold_ms;
    int64_t no_data_after_ms;
};

/* Thresholds: a footbridge is stopped early, where flow begins to fall (2 to 3 persons/m2); a stage
 * front is uncomfortable from 2 and dangerous from 5. */
static const struct sample_rule RULES[] = {
    {"bridge-dense", "The footbridge is too dense", "zone.bridge:density", "critical", 2.0, 1.5,
     3000, 0},
    {"zone-dense", "A zone is getting dense", "zone.*:density", "warning", 2.0, 1.7, 5000, 0},
    {"zone-crush", "A zone is dangerously dense", "zone.*:density", "critical", 4.0, 3.5, 3000, 0},
    {"zone-silent", "A zone is not seen any more", "zone.*:people", "warning", 100000, 99999, 0,
     15000},
};

static json_t *time_json(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(at_ms, text);
    return json_string(text);
}

static enum err post(struct client *client, const char *path, json_t *body, struct err_note *note)
{
    return client_call(client, "POST", path, body, NULL, note);
}

static enum err make_event(struct client *client, struct err_note *note)
{
    int64_t now_ms = clock_now_ms();
    json_t *event =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id", SAMPLE_EVENT, "name",
                  "Riverside Weekend", "organiser", "riverside", "organiser_name",
                  "Riverside Concerts", "time_zone", "Europe/Berlin", "starts_at",
                  time_json(now_ms - 3600000), "ends_at", time_json(now_ms + 172800000));
    TRY(post(client, "/api/v1/events", event, note));
    TRY(client_call(client, "PATCH", EVENT_PATH, json_pack("{s:s}", "state", "published"), NULL,
                    note));
    return client_call(client, "PATCH", EVENT_PATH, json_pack("{s:s}", "state", "running"), NULL,
                       note);
}

static json_t *rectangle(const struct sample_zone *zone)
{
    return json_pack("{s:s, s:[[[f,f],[f,f],[f,f],[f,f],[f,f]]]}", "type", "Polygon", "coordinates",
                     zone->west, zone->south, zone->east, zone->south, zone->east, zone->north,
                     zone->west, zone->north, zone->west, zone->south);
}

static enum err make_venue(struct client *client, struct err_note *note)
{
    json_t *plan = NULL;
    TRY(json_parse(sample_plan_geojson, strlen(sample_plan_geojson), &plan, note));
    TRY(post(client, EVENT_PATH "/venues",
             json_pack("{s:s, s:s, s:s, s:o}", "id", SAMPLE_VENUE, "name", "Riverside park", "crs",
                       "local", "plan", plan),
             note));
    for (size_t i = 0; i < SAMPLE_PLACES; i++) {
        const struct sample_zone *zone = &sample_zones[i];
        TRY(post(client, VENUE_PATH "/zones",
                 json_pack("{s:s, s:s, s:o, s:i}", "id", zone->id, "name", zone->name, "polygon",
                           rectangle(zone), "capacity_persons", zone->capacity_persons),
                 note));
    }
    return ERR_NONE;
}

static enum err make_cameras(struct client *client, struct err_note *note)
{
    for (size_t i = 0; i < sample_camera_count; i++) {
        const struct camera *camera = &sample_cameras[i];
        double matrix[9];
        camera_pixel_to_floor(camera, matrix);
        json_t *rows = json_array();
        for (size_t k = 0; k < COUNT_OF(matrix); k++)
            (void)json_array_append_new(rows, json_real(matrix[k]));
        TRY(post(client, VENUE_PATH "/devices",
                 json_pack("{s:s, s:s, s:s, s:[f,f], s:[i,i], s:{s:s, s:s, s:s, s:o}}", "id",
                           camera->id, "name", camera->name, "kind", "camera", "position",
                           camera->at_x, camera->at_y, "image_px", CAMERA_WIDTH_PX,
                           CAMERA_HEIGHT_PX, "calibration", "kind", "homography", "direction",
                           "pixel_to_floor", "unit", "m", "matrix", rows),
                 note));
    }
    return ERR_NONE;
}

static enum err make_rules(struct client *client, struct err_note *note)
{
    for (size_t i = 0; i < COUNT_OF(RULES); i++) {
        const struct sample_rule *rule = &RULES[i];
        TRY(post(client, EVENT_PATH "/rules",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:I, s:I, s:[s]}", "id", rule->id,
                           "name", rule->name, "series", rule->series, "severity", rule->severity,
                           "direction", "above", "threshold", rule->threshold, "recovery",
                           rule->recovery, "hold_ms", (json_int_t)rule->hold_ms, "no_data_after_ms",
                           (json_int_t)rule->no_data_after_ms, "recipients", SAMPLE_CONTROL_EMAIL),
                 note));
    }
    return ERR_NONE;
}

static enum err make_access(struct client *client, struct sample_access *access,
                            struct err_note *note)
{
    random_id(access->control_password, 17);
    SCOPED_JSON *person = NULL;
    TRY(client_call(client, "POST", "/api/v1/people",
                    json_pack("{s:s, s:s, s:s}", "email", SAMPLE_CONTROL_EMAIL, "name",
                              "Control room", "password", access->control_password),
                    &person, note));
    char path[128];
    (void)snprintf(path, sizeof path, EVENT_PATH "/members/%lld",
                   (long long)json_integer_value(json_object_get(person, "id")));
    TRY(client_call(client, "PUT", path, json_pack("{s:[s]}", "roles", "control"), NULL, note));
    SCOPED_JSON *token = NULL;
    TRY(client_call(client, "POST", EVENT_PATH "/tokens",
                    json_pack("{s:s}", "name", "Sample cameras"), &token, note));
    const char *secret = json_string_value(json_object_get(token, "token"));
    if (secret == NULL || !text_copy(access->token, sizeof access->token, secret))
        return err_set(note, ERR_IO, "tokens", "the server gave no token");
    return ERR_NONE;
}

enum err sample_setup(struct client *client, struct sample_access *out_access,
                      struct err_note *note)
{
    TRY(make_event(client, note));
    TRY(make_venue(client, note));
    TRY(make_cameras(client, note));
    TRY(make_access(client, out_access, note));
    return make_rules(client, note);
}
