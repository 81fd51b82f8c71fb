// SPDX-License-Identifier: Apache-2.0
/* api/crowd_lines.h — the handler of GET .../lines/{line}/crossings; its table is in crowd_routes.c. */
#pragma once

struct request;

void crowd_lines_get(struct request *request, void *context);
extern const char *const crowd_lines_query[];
