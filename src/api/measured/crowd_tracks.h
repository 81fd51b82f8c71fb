// SPDX-License-Identifier: Apache-2.0
/* api/crowd_tracks.h — the handler of GET .../tracks; its table is in crowd_routes.c. */
#pragma once

struct request;

void crowd_tracks_get(struct request *request, void *context);
