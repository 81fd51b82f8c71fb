// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "notify/notify.h"
#include "notify/retry.h"

TEST(pauses_double_and_stop_growing)
{
    static const int64_t UP_TO_MS[] = {1000,  2000,   4000,   8000,   16000, 32000,
                                       64000, 128000, 256000, 300000, 300000};
    for (size_t i = 0; i < COUNT_OF(UP_TO_MS); i++) {
        CHECK_INT(retry_pause_ms((int64_t)i + 1, 0), UP_TO_MS[i] / 2);
        CHECK_INT(retry_pause_ms((int64_t)i + 1, 0.9999999), UP_TO_MS[i] - 1);
    }
    CHECK_INT(retry_pause_ms(INT64_MAX, 0), 150000);
}

TEST(only_a_final_refusal_or_a_day_ends_the_tries)
{
    CHECK_INT(retry_decide(ERR_BUSY, 0, 24 * 3600 * 1000 - 1), RETRY_LATER);
    CHECK_INT(retry_decide(ERR_IO, 0, 0), RETRY_LATER);
    CHECK_INT(retry_decide(ERR_BUSY, 0, 24 * 3600 * 1000), RETRY_NEVER);
    CHECK_INT(retry_decide(ERR_INVALID, 0, 0), RETRY_NEVER);
}
