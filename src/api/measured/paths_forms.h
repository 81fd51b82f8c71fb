// SPDX-License-Identifier: Apache-2.0
/* api/paths_forms.h — heat maps, dwell times and trips as text: JSON, CSV, and heat as GeoJSON. */
#pragma once
#include "base/text.h"
#include "crowd/paths.h"

void paths_heat_json(struct text *out, const struct paths_heat *heat);
void paths_heat_csv(struct text *out, const struct paths_heat *heat);
/* The venue is on earth. */
void paths_heat_geojson(struct text *out, const struct paths_heat *heat,
                        const struct venue_view *view);
void paths_dwell_json(struct text *out, const struct paths_dwell *dwell);
void paths_dwell_csv(struct text *out, const struct paths_dwell *dwell);
void paths_trips_json(struct text *out, const struct paths_trips *trips);
void paths_trips_csv(struct text *out, const struct paths_trips *trips);
