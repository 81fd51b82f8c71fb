// SPDX-License-Identifier: Apache-2.0
/* What Muster counts, in the forms that others read: files for maps and spreadsheets, and the shapes of
 * NGSI-LD and SensorThings. All reading only. */
#include "api/api.h"
#include "api/exchange/exchange.h"

static const char *const TRACKS_QUERY[] = {
    "from: RFC 3339 time, inclusive; a minute before `to` when absent",
    "to: RFC 3339 time, exclusive; now when absent", "cursor: where the page before ended",
    "limit: places per page, 1 to 500000; a moment is never cut", NULL};
static const char *const NGSI_LIST_QUERY[] = {
    "type: CrowdFlowObserved; of others there is nothing",
    "options: normalized (default), keyValues or simplified", "limit: entities, 1 to 1000",
    "offset: entities to leave out", NULL};
static const char *const NGSI_QUERY[] = {"options: normalized (default), keyValues or simplified",
                                         NULL};
static const char *const SENSORTHINGS_QUERY[] = {
    "$top: entities of a page, 1 to 1000",
    "$skip: entities to leave out",
    "$count: true: how many there are in all; not of Observations",
    "$orderby: phenomenonTime asc or desc, of Observations",
    "$filter: of Observations: phenomenonTime gt, ge, lt, le or eq a time; several with and",
    "$expand: refused; follow the links",
    "$select: refused",
    "$resultFormat: refused",
    NULL};

#define VENUE        "/api/v1/events/{event}/venues/{venue}/"
#define NGSI         "/api/v1/events/{event}/ngsi-ld/v1/entities"
#define SENSORTHINGS "/api/v1/events/{event}/sensorthings/v1.1"
#define READ(p, r, h, t, s)                                                                        \
    .method = "GET", .path = (p), .roles = (r), .thread = ROUTE_WORKER, .handle = (h), .tag = (t), \
    .summary = (s)

const struct route exchange_routes[] = {
    {READ(VENUE "crowd.geojson", ROLES_STAFF | ROLE_READER, exchange_crowd_geojson_get, "Crowd",
          "The zones with their counts now, as a GeoJSON FeatureCollection.")},
    {READ(VENUE "crowd.csv", ROLES_STAFF | ROLE_READER, exchange_crowd_csv_get, "Crowd",
          "The zones with their counts now, a line each.")},
    {READ(VENUE "tracks.geojson", ROLES_STAFF, exchange_tracks_geojson_get, "Crowd",
          "Where people were, as GeoJSON: a line for each, with the times of its places."),
     .query = TRACKS_QUERY},
    {READ(NGSI, ROLES_STAFF | ROLE_READER, exchange_ngsi_list_get, "Exchange",
          "The zones of an event as NGSI-LD entities of type CrowdFlowObserved."),
     .query = NGSI_LIST_QUERY},
    {READ(NGSI "/{entity}", ROLES_STAFF | ROLE_READER, exchange_ngsi_entity_get, "Exchange",
          "One zone as an NGSI-LD entity."),
     .query = NGSI_QUERY},
    {READ(SENSORTHINGS, ROLES_WATCH | ROLE_READER, exchange_sensorthings_root_get, "Exchange",
          "OGC SensorThings 1.1, reading: the entity sets.")},
    {READ(SENSORTHINGS "/{path*}", ROLES_WATCH | ROLE_READER, exchange_sensorthings_get, "Exchange",
          "OGC SensorThings 1.1, reading: Things('id'), Datastreams('id')/Observations ..."),
     .query = SENSORTHINGS_QUERY},
};
const size_t exchange_route_count = COUNT_OF(exchange_routes);
