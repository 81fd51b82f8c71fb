// SPDX-License-Identifier: Apache-2.0
/* Compiled time zones (events/zone_clock.h): whatever the bytes are, an offset is one of a clock on earth. */
#include "events/zone_clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct zone_clock clock;
    if (zone_clock_parse(data, size, &clock) != ERR_NONE)
        return 0;
    static const int64_t TIMES_MS[] = {INT64_MIN / 2, -86400000, 0, 1792886400000, 4102444800000};
    for (size_t i = 0; i < COUNT_OF(TIMES_MS); i++)
        assert(llabs(zone_clock_offset_ms(&clock, TIMES_MS[i])) <= 27 * 3600000LL);
    return 0;
}
