// SPDX-License-Identifier: Apache-2.0
/* api/exchange/sta_entities.h — what Muster knows, as entities of SensorThings. Ids are texts:
 *
 *   Thing, Location          a venue                            'park'
 *   Datastream               a series that Muster derives       'zone.stage-a:people'
 *   FeatureOfInterest        a zone, or a whole venue           'zone.stage-a', 'venue.park'
 *   Sensor                   how people are counted             'tracks'
 *   ObservedProperty         what is measured                   'people'
 *   Observation              one value of a series              'zone.stage-a:people@1781990043000' */
#pragma once
#include "api/exchange/places.h"
#include "api/exchange/sta_address.h"

struct sta_measure {  /* of zones and venues alike */
    const char *name; /* of the series, behind the colon */
    const char *title;
    const char *description;
    const char *unit;
    const char *symbol; /* UCUM */
    bool is_count;
    bool is_of_venues; /* of the whole venue too */
};
extern const struct sta_measure sta_measures[];
extern const size_t sta_measure_count;

/* An entity; of what it is decides which members mean something. */
struct sta_item {
    const struct venue_view *view;
    const struct zone *zone; /* NULL = the whole venue */
    const struct sta_measure *measure;
    int64_t at_ms;
    double value;
};

/* The series of a Datastream; STA_ID_SIZE bytes. */
void sta_series_name(const struct sta_item *item, char out[STA_ID_SIZE]);
/* The id of the entity of this kind that the item is, or belongs to. */
void sta_id(enum sta_kind kind, const struct sta_item *item, char out[STA_ID_SIZE]);
/* `base`: "https://host/.../v1.1". */
void sta_add_entity(struct text *out, const char *base, enum sta_kind kind,
                    const struct sta_item *item);
