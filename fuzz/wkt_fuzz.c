// SPDX-License-Identifier: Apache-2.0
/* Well-known text of a walkable area. What is taken is an array of polygons of rings of pairs of finite
 * numbers; what is refused names a line and a column. */
#include "venues/venues_import.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_ring(const json_t *ring)
{
    size_t i;
    json_t *corner;
    assert(json_is_array(ring));
    json_array_foreach(ring, i, corner)
    {
        assert(json_array_size(corner) == 2);
        assert(isfinite(json_number_value(json_array_get(corner, 0))));
        assert(isfinite(json_number_value(json_array_get(corner, 1))));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    SCOPED_JSON *polygons = NULL;
    struct err_note note = {.place = ""};
    size_t passed_over, i, j;
    json_t *polygon, *ring;
    enum err err = wkt_read((const char *)bytes, len, &polygons, &passed_over, &note);
    if (err != ERR_NONE) {
        assert(polygons == NULL && strncmp(note.place, "body", 4) == 0);
        return 0;
    }
    json_array_foreach(polygons, i, polygon)
    {
        json_array_foreach(polygon, j, ring) check_ring(ring);
    }
    return 0;
}
