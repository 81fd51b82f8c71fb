// SPDX-License-Identifier: Apache-2.0
#include "api/exchange/sta_entities.h"

#include "base/clock.h"

#include <stdio.h>

#define OBSERVATION_TYPES "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
#define GEOJSON_TYPE      "application/geo+json"

const struct sta_measure sta_measures[] = {
    {"people", "People", "How many people are there.", "persons", "{person}", true, true},
    {"density", "Density", "People per square metre.", "persons per square metre", "{person}/m2",
     false, false},
    {"density_voronoi", "Density by Voronoi cells", "People per square metre of walkable floor.",
     "persons per square metre", "{person}/m2", false, false},
    {"speed", "Speed", "Mean speed of the people.", "metres per second", "m/s", false, false},
    {"specific_flow", "Specific flow", "Density times speed, whatever its direction.",
     "persons per metre and second", "{person}/(m.s)", false, false},
};
const size_t sta_measure_count = COUNT_OF(sta_measures);

/* --- ids --- */

static void subject_name(const struct sta_item *item, char out[STA_ID_SIZE])
{
    if (item->zone != NULL)
        (void)snprintf(out, STA_ID_SIZE, "zone.%s", item->zone->id);
    else
        (void)snprintf(out, STA_ID_SIZE, "venue.%s", item->view->id);
}

void sta_series_name(const struct sta_item *item, char out[STA_ID_SIZE])
{
    char subject[STA_ID_SIZE];
    subject_name(item, subject);
    int len = snprintf(out, STA_ID_SIZE, "%s:%s", subject, item->measure->name);
    assert(len > 0 && len < STA_ID_SIZE);
}

void sta_id(enum sta_kind kind, const struct sta_item *item, char out[STA_ID_SIZE])
{
    char series[STA_ID_SIZE];
    if (kind == STA_THINGS || kind == STA_LOCATIONS) {
        (void)text_copy(out, STA_ID_SIZE, item->view->id);
    } else if (kind == STA_SENSORS) {
        (void)text_copy(out, STA_ID_SIZE, CROWD_METHOD);
    } else if (kind == STA_PROPERTIES) {
        (void)text_copy(out, STA_ID_SIZE, item->measure->name);
    } else if (kind == STA_FEATURES) {
        subject_name(item, out);
    } else if (kind == STA_DATASTREAMS) {
        sta_series_name(item, out);
    } else {
        sta_series_name(item, series);
        int len = snprintf(out, STA_ID_SIZE, "%s@%lld", series, (long long)item->at_ms);
        assert(len > 0 && len < STA_ID_SIZE);
    }
}

/* --- members --- */

static const char *title_of(const struct sta_item *item)
{
    return item->zone != NULL ? item->zone->name : item->view->name;
}

static void add_named(struct text *out, const char *name, const char *description)
{
    text_add_char(out, ',');
    places_add_text(out, "name", name);
    text_add_char(out, ',');
    places_add_text(out, "description", description);
}

static void add_link(struct text *out, const char *self, const char *name)
{
    text_addf(out, ",\"%s@iot.navigationLink\":\"%s/%s\"", name, self, name);
}

static void add_thing(struct text *out, const char *self, const struct sta_item *item)
{
    const struct venue_view *view = item->view;
    add_named(out, view->name, "A venue whose people Muster counts.");
    text_addf(out, ",\"properties\":{\"event\":\"%s\",\"zones\":%zu}", view->event,
              view->zone_count);
    add_link(out, self, "Datastreams");
    add_link(out, self, "Locations");
}

static void add_location(struct text *out, const char *self, const struct sta_item *item)
{
    add_named(out, item->view->name, "The origin of the venue's floor.");
    text_add(out, ",\"encodingType\":\"" GEOJSON_TYPE "\",\"location\":{\"type\":\"Point\","
                  "\"coordinates\":");
    places_add_position(out, item->view, (struct point){0, 0});
    text_add_char(out, '}');
    add_link(out, self, "Things");
}

static void add_datastream(struct text *out, const char *self, const struct sta_item *item)
{
    const struct sta_measure *measure = item->measure;
    char name[2 * LIMIT_NAME_LEN];
    (void)snprintf(name, sizeof name, "%s: %s", title_of(item), measure->title);
    add_named(out, name, measure->description);
    text_addf(out, ",\"observationType\":\"" OBSERVATION_TYPES "%s\"",
              measure->is_count ? "OM_CountObservation" : "OM_Measurement");
    text_addf(out,
              ",\"unitOfMeasurement\":{\"name\":\"%s\",\"symbol\":\"%s\","
              "\"definition\":\"https://ucum.org/ucum\"}",
              measure->unit, measure->symbol);
    if (item->zone != NULL && item->view->is_on_earth) {
        text_add(out, ",\"observedArea\":");
        places_add_polygon(out, item->view, item->zone);
    }
    add_link(out, self, "Thing");
    add_link(out, self, "Sensor");
    add_link(out, self, "ObservedProperty");
    add_link(out, self, "Observations");
}

static void add_sensor(struct text *out, const char *self)
{
    add_named(out, CROWD_METHOD, "Cameras whose detections are merged into people, each once.");
    text_add(out, ",\"encodingType\":\"text/plain\",");
    places_add_text(out, "metadata", CROWD_UNCERTAINTY);
    add_link(out, self, "Datastreams");
}

static void add_property(struct text *out, const char *self, const struct sta_item *item)
{
    add_named(out, item->measure->title, item->measure->description);
    text_addf(out, ",\"definition\":\"urn:muster:measure:%s\"", item->measure->name);
    add_link(out, self, "Datastreams");
}

static void add_observation(struct text *out, const char *self, const struct sta_item *item)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(item->at_ms, at);
    text_addf(out, ",\"phenomenonTime\":\"%s\",\"resultTime\":\"%s\",\"result\":", at, at);
    text_add_real(out, item->value);
    add_link(out, self, "Datastream");
    add_link(out, self, "FeatureOfInterest");
}

static void add_feature(struct text *out, const struct sta_item *item)
{
    add_named(out, title_of(item), item->zone != NULL ? "A zone of a venue." : "A venue.");
    text_add(out, ",\"encodingType\":\"" GEOJSON_TYPE "\",\"feature\":");
    if (!item->view->is_on_earth) {
        text_add(out, "null");
    } else if (item->zone != NULL) {
        places_add_polygon(out, item->view, item->zone);
    } else {
        text_add(out, "{\"type\":\"Point\",\"coordinates\":");
        places_add_position(out, item->view, (struct point){0, 0});
        text_add_char(out, '}');
    }
}

void sta_add_entity(struct text *out, const char *base, enum sta_kind kind,
                    const struct sta_item *item)
{
    char id[STA_ID_SIZE];
    char self[1024];
    sta_id(kind, item, id);
    int len = snprintf(self, sizeof self, "%s/%s('%s')", base, sta_set_names[kind], id);
    assert(len > 0 && (size_t)len < sizeof self);
    text_addf(out, "{\"@iot.id\":\"%s\",\"@iot.selfLink\":\"%s\"", id, self);
    if (kind == STA_THINGS)
        add_thing(out, self, item);
    else if (kind == STA_LOCATIONS)
        add_location(out, self, item);
    else if (kind == STA_DATASTREAMS)
        add_datastream(out, self, item);
    else if (kind == STA_SENSORS)
        add_sensor(out, self);
    else if (kind == STA_PROPERTIES)
        add_property(out, self, item);
    else if (kind == STA_OBSERVATIONS)
        add_observation(out, self, item);
    else
        add_feature(out, item);
    text_add_char(out, '}');
}
