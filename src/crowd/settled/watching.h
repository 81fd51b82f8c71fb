// SPDX-License-Identifier: Apache-2.0
/* crowd/settled/watching.h — which device watches which line of a venue: the one that shows its middle. One
 * whose picture is not known watches a line whose middle lies in a zone that it covers, or that joins
 * such a zone; and one that lies in none and joins none, always. */
#pragma once
#include "venues/venues.h"

struct watching {
    const struct venue_view *view; /* borrowed */
    size_t words;                  /* (line_count + 63) / 64 */
    uint64_t *shown;               /* [device_count * words]; of devices whose picture is known */
    uint64_t *near;                /* [line_count * zone words]: zones that it lies in or joins */
};

void watching_init(struct watching *watching, const struct venue_view *view);
void watching_fini(struct watching *watching);
/* Adds the lines that the device watches. `covers`: its zones, (zone_count + 63) / 64 words. */
void watching_add(const struct watching *watching, uint32_t device, const uint64_t *covers,
                  uint64_t *inout_lines);
