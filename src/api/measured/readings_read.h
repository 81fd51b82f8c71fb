// SPDX-License-Identifier: Apache-2.0
/* api/readings_read.h — the handlers of readings' GET routes; their table is in readings_routes.c. */
#pragma once
#include "base/base.h"

struct request;

void readings_series_get(struct request *request, void *context);
void readings_list_get(struct request *request, void *context);
void readings_detections_get(struct request *request, void *context);
void readings_count_get(struct request *request, void *context);
