// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/identities.h"

#include "base/random.h"
#include "base/test.h"

TEST(identities_come_back_as_they_were_in_any_order)
{
    static const uint64_t EXTREMES[] = {0, UINT64_MAX, 1, 1ULL << 63, (1ULL << 63) - 1, 7, 7, 0};
    uint8_t packed[COUNT_OF(EXTREMES) * IDENTITY_BYTES_MAX];
    uint64_t back[COUNT_OF(EXTREMES)];
    CHECK(identities_pack(EXTREMES, COUNT_OF(EXTREMES), packed) <= sizeof packed);
    identities_unpack(packed, COUNT_OF(EXTREMES), back);
    CHECK(memcmp(back, EXTREMES, sizeof back) == 0);

    struct random_sequence random = {.state = 11};
    uint64_t many[500], again[500];
    uint8_t bytes[COUNT_OF(many) * IDENTITY_BYTES_MAX];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = random_below(&random, 1000) << random_below(&random, 55);
    CHECK(identities_pack(many, COUNT_OF(many), bytes) <= sizeof bytes);
    identities_unpack(bytes, COUNT_OF(many), again);
    CHECK(memcmp(many, again, sizeof many) == 0);
}

TEST(tracks_that_a_tracker_numbers_cost_a_byte_each)
{
    uint64_t tracks[50];
    uint8_t packed[COUNT_OF(tracks) * IDENTITY_BYTES_MAX];
    for (size_t i = 0; i < COUNT_OF(tracks); i++)
        tracks[i] = 100000 + 3 * i;
    CHECK(identities_pack(tracks, COUNT_OF(tracks), packed) <= COUNT_OF(tracks) + 2);
}
