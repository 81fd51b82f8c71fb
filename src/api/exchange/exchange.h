// SPDX-License-Identifier: Apache-2.0
/* api/exchange/exchange.h — the handlers of exchange_routes.c. */
#pragma once
#include "net/http.h"

void exchange_crowd_geojson_get(struct request *request, void *context);
void exchange_crowd_csv_get(struct request *request, void *context);
void exchange_tracks_geojson_get(struct request *request, void *context);
void exchange_ngsi_list_get(struct request *request, void *context);
void exchange_ngsi_entity_get(struct request *request, void *context);
void exchange_sensorthings_root_get(struct request *request, void *context);
void exchange_sensorthings_get(struct request *request, void *context);
