// SPDX-License-Identifier: Apache-2.0
/* NGSI-LD (ETSI GS CIM 009), read only: every zone is an entity of the Smart Data Models' type
 * CrowdFlowObserved. What is not known is left out, as NGSI-LD has no null. */
#include "api/answers/answer.h"
#include "api/exchange/exchange.h"
#include "api/exchange/places.h"
#include "base/clock.h"

#include <stdio.h>

#define TYPE "CrowdFlowObserved"
#define URN  "urn:ngsi-ld:" TYPE ":"
#define CONTEXT                                                                                    \
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Transportation/master/"         \
    "context.jsonld"
#define CORE_CONTEXT "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
#define KM_H_PER_M_S 3.6

enum ngsi_form { NGSI_NORMALIZED, NGSI_KEY_VALUES };

struct ngsi_writer {
    struct text out;
    enum ngsi_form form;
    bool is_linked; /* application/ld+json: the context stands in every entity */
    char at[CLOCK_TEXT_SIZE];
};

/* --- attributes --- */

static bool is_brief(const struct ngsi_writer *writer)
{
    return writer->form == NGSI_KEY_VALUES;
}

static void begin_attribute(struct ngsi_writer *writer, const char *name, const char *kind)
{
    text_addf(&writer->out, ",\"%s\":", name);
    if (!is_brief(writer))
        text_addf(&writer->out, "{\"type\":\"%s\",\"value\":", kind);
}

static void end_attribute(struct ngsi_writer *writer, const char *unit)
{
    if (is_brief(writer))
        return;
    if (unit != NULL)
        text_addf(&writer->out, ",\"unitCode\":\"%s\"", unit);
    text_addf(&writer->out, ",\"observedAt\":\"%s\"}", writer->at);
}

static void add_text_attribute(struct ngsi_writer *writer, const char *name, const char *value)
{
    begin_attribute(writer, name, "Property");
    text_add_json(&writer->out, value, strlen(value));
    if (!is_brief(writer))
        text_add_char(&writer->out, '}');
}

static void add_real_attribute(struct ngsi_writer *writer, const char *name, double value,
                               const char *unit)
{
    begin_attribute(writer, name, "Property");
    text_addf(&writer->out, "%.3f", value);
    end_attribute(writer, unit);
}

static void add_date(struct ngsi_writer *writer)
{
    begin_attribute(writer, "dateObserved", "Property");
    if (is_brief(writer))
        text_addf(&writer->out, "\"%s\"", writer->at);
    else
        text_addf(&writer->out, "{\"@type\":\"DateTime\",\"@value\":\"%s\"}}", writer->at);
}

static void add_location(struct ngsi_writer *writer, const struct venue_view *view,
                         const struct zone *zone)
{
    if (!view->is_on_earth)
        return;
    begin_attribute(writer, "location", "GeoProperty");
    places_add_polygon(&writer->out, view, zone);
    if (!is_brief(writer))
        text_add_char(&writer->out, '}');
}

static void add_state(struct ngsi_writer *writer, const struct crowd_zone_state *state)
{
    begin_attribute(writer, "crowdLevel", "Property");
    text_addf(&writer->out, "\"%s\"", crowd_level_names[state->level]);
    end_attribute(writer, NULL);
    if (state->people == CROWD_UNKNOWN)
        return;
    begin_attribute(writer, "peopleCount", "Property");
    text_add_int(&writer->out, state->people);
    end_attribute(writer, NULL);
    add_real_attribute(writer, "density", state->density_m2, NULL);
    begin_attribute(writer, "congested", "Property");
    text_add(&writer->out, state->level >= CROWD_LEVEL_ORANGE ? "true" : "false");
    end_attribute(writer, NULL);
    if (state->flow.is_known)
        add_real_attribute(writer, "averageCrowdSpeed", state->flow.speed_m_s * KM_H_PER_M_S,
                           "KMH");
}

static void add_entity(struct ngsi_writer *writer, const struct venue_view *view,
                       const struct zone *zone, const struct crowd_picture *picture)
{
    static const struct crowd_zone_state NOBODY_KNOWS = {.people = CROWD_UNKNOWN};
    const struct crowd_zone_state *state =
        places_state_of(picture, zone->id, (size_t)(zone - view->zones));
    clock_format(picture->at_ms, writer->at);
    text_addf(&writer->out, "{\"id\":\"" URN "%s:%s\",\"type\":\"" TYPE "\"", view->event,
              zone->id);
    add_text_attribute(writer, "name", zone->name);
    add_text_attribute(writer, "source", view->id);
    add_location(writer, view, zone);
    add_date(writer);
    add_state(writer, state == NULL ? &NOBODY_KNOWS : state);
    if (writer->is_linked)
        text_add(&writer->out, ",\"@context\":[\"" CONTEXT "\",\"" CORE_CONTEXT "\"]");
    text_add_char(&writer->out, '}');
}

/* --- the request --- */

static enum err read_form(const struct request *request, struct ngsi_writer *writer,
                          struct err_note *note)
{
    const char *options = request_query(request, "options");
    const char *accept = request_header(request, "Accept");
    if (options != NULL) {
        bool is_known = strcmp(options, "normalized") == 0 || strcmp(options, "keyValues") == 0 ||
                        strcmp(options, "simplified") == 0;
        if (!is_known)
            return err_set(note, ERR_MALFORMED, "options",
                           "must be normalized, keyValues or simplified");
        writer->form = strcmp(options, "normalized") == 0 ? NGSI_NORMALIZED : NGSI_KEY_VALUES;
    }
    writer->is_linked = accept == NULL || strstr(accept, "application/json") == NULL ||
                        strstr(accept, "application/ld+json") != NULL;
    return ERR_NONE;
}

static void reply_entities(struct request *request, struct ngsi_writer *writer)
{
    if (!writer->is_linked)
        reply_header(request, "Link",
                     "<" CONTEXT ">; rel=\"http://www.w3.org/ns/json-ld#context\"; "
                     "type=\"application/ld+json\"");
    if (writer->out.overflowed) {
        struct err_note note;
        reply_problem(
            request, err_set(&note, ERR_TOO_LARGE, "limit", "the answer is too long; ask for less"),
            &note);
        text_fini(&writer->out);
        return;
    }
    size_t len = writer->out.len;
    reply_take(request, 200, writer->is_linked ? "application/ld+json" : "application/json",
               text_take(&writer->out), len);
}

struct window {
    int64_t offset, limit;
    int64_t seen; /* entities passed, in the window or not */
};

static void add_venue(struct ngsi_writer *writer, const struct app *app,
                      const struct venue_view *view, struct window *window)
{
    struct crowd_picture *picture = crowd_picture(app->crowd, view->event, view->id);
    if (picture == NULL) /* removed in this moment */
        return;
    for (size_t z = 0; z < view->zone_count; z++, window->seen++) {
        if (window->seen < window->offset || window->seen >= window->offset + window->limit)
            continue;
        text_add(&writer->out, window->seen == window->offset ? "" : ",");
        add_entity(writer, view, &view->zones[z], picture);
    }
    shared_unref(&picture->shared);
}

static enum err read_window(const struct request *request, struct window *window,
                            struct err_note *note)
{
    TRY(request_query_int(request, "limit", 1, LIMIT_PAGE_MAX, &window->limit, note));
    return request_query_int(request, "offset", 0, INT32_MAX, &window->offset, note);
}

/* Of other types there is nothing here: an empty list, as NGSI-LD has it. */
void exchange_ngsi_list_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct ngsi_writer writer = {.form = NGSI_NORMALIZED};
    struct window window = {.limit = LIMIT_PAGE_DEFAULT};
    const char *type = request_query(request, "type");
    enum err err = read_form(request, &writer, &note);
    if (err == ERR_NONE)
        err = read_window(request, &window, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    text_init(&writer.out, ANSWER_BYTES_MAX);
    text_add_char(&writer.out, '[');
    if (type == NULL || strcmp(type, TYPE) == 0) {
        SCOPED_EVENT_VENUES venues = event_venues_of(app, request_param(request, "event"));
        for (size_t i = 0; i < venues.count; i++)
            add_venue(&writer, app, venues.views[i], &window);
    }
    text_add_char(&writer.out, ']');
    char count[24];
    (void)snprintf(count, sizeof count, "%lld", (long long)window.seen);
    reply_header(request, "NGSILD-Results-Count", count);
    reply_entities(request, &writer);
}

/* The zone's id in "urn:ngsi-ld:CrowdFlowObserved:<event>:<zone>"; NULL when it is another's. */
static const char *zone_id_of(const char *entity, const char *event)
{
    size_t len = strlen(event);
    if (strncmp(entity, URN, strlen(URN)) != 0)
        return NULL;
    entity += strlen(URN);
    return strncmp(entity, event, len) == 0 && entity[len] == ':' ? entity + len + 1 : NULL;
}

static enum err write_entity(const struct request *request, const struct app *app,
                             struct ngsi_writer *writer, struct err_note *note)
{
    const char *event = request_param(request, "event");
    const char *entity = request_param(request, "entity");
    const char *id = zone_id_of(entity, event);
    SCOPED_EVENT_VENUES venues = event_venues_of(app, event);
    for (size_t i = 0; i < venues.count && id != NULL; i++) {
        const struct zone *zone = places_zone_of(venues.views[i], id);
        struct crowd_picture *picture =
            zone == NULL ? NULL : crowd_picture(app->crowd, event, venues.views[i]->id);
        if (picture == NULL)
            continue;
        add_entity(writer, venues.views[i], zone, picture);
        shared_unref(&picture->shared);
        return ERR_NONE;
    }
    return err_set(note, ERR_NOT_FOUND, "entity",
                   "there is no entity %.150s; they are called " URN "%s:<zone>", entity, event);
}

void exchange_ngsi_entity_get(struct request *request, void *context)
{
    struct err_note note = {0};
    struct ngsi_writer writer = {.form = NGSI_NORMALIZED};
    enum err err = read_form(request, &writer, &note);
    text_init(&writer.out, ANSWER_BYTES_MAX);
    if (err == ERR_NONE)
        err = write_entity(request, context, &writer, &note);
    if (err == ERR_NONE) {
        reply_entities(request, &writer);
        return;
    }
    text_fini(&writer.out);
    reply_problem(request, err, &note);
}
