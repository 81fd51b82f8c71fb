// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "base/test.h"
#include "net/http/callers/throttle.h"

#define S 1000000

static const struct route_rate TEN_A_MINUTE = {.limit = 10, .period_s = 60, .burst = 3};

TEST(burst_passes_at_once_and_then_one_every_interval)
{
    int64_t arrival_us = 0;
    int64_t now_us = 1000 * (int64_t)S;
    for (int left = 2; left >= 0; left--) {
        struct throttle_answer answer = gcra_decide(&TEN_A_MINUTE, &arrival_us, now_us);
        CHECK(answer.is_allowed);
        CHECK_INT(answer.remaining, left);
    }
    struct throttle_answer refused = gcra_decide(&TEN_A_MINUTE, &arrival_us, now_us);
    CHECK(!refused.is_allowed);
    CHECK_INT(refused.retry_us, 6 * S);
    CHECK_INT(refused.reset_us, 18 * S);
    /* A refusal costs nothing: one microsecond before the interval it is still 6 s after the burst. */
    CHECK(!gcra_decide(&TEN_A_MINUTE, &arrival_us, now_us + 6 * S - 1).is_allowed);
    CHECK(gcra_decide(&TEN_A_MINUTE, &arrival_us, now_us + 6 * S).is_allowed);
    CHECK(!gcra_decide(&TEN_A_MINUTE, &arrival_us, now_us + 12 * S - 1).is_allowed);
}

TEST(over_an_hour_exactly_the_rate_passes)
{
    static const struct route_rate RATE = {.limit = 7, .period_s = 3, .burst = 20};
    int64_t arrival_us = 0;
    int allowed = 0;
    for (int64_t now_us = 1; now_us <= 3600 * (int64_t)S; now_us += 1000)
        allowed += gcra_decide(&RATE, &arrival_us, now_us).is_allowed;
    /* 7 in 3 s for 3600 s, and the burst of 20 at the start. */
    CHECK(allowed >= 8400 + 19 && allowed <= 8400 + 20);
}

TEST(idle_time_never_gives_more_than_the_burst)
{
    int64_t arrival_us = 0;
    int allowed = 0;
    (void)gcra_decide(&TEN_A_MINUTE, &arrival_us, 1);
    for (int i = 0; i < 10; i++)
        allowed += gcra_decide(&TEN_A_MINUTE, &arrival_us, 86400 * (int64_t)S).is_allowed;
    CHECK_INT(allowed, 3);
}

TEST(keys_and_routes_count_apart)
{
    static const struct route_rate ONE = {.limit = 1, .period_s = 60, .burst = 1};
    static const int ROUTE_A, ROUTE_B;
    SCOPED(throttle) throttle = throttle_create(1024);
    CHECK(throttle_take(throttle, &ONE, &ROUTE_A, "ann", S).is_allowed);
    CHECK(!throttle_take(throttle, &ONE, &ROUTE_A, "ann", S).is_allowed);
    CHECK(throttle_take(throttle, &ONE, &ROUTE_A, "bob", S).is_allowed);
    CHECK(throttle_take(throttle, &ONE, &ROUTE_B, "ann", S).is_allowed);
}

/* More keys than there is memory for: who is being refused must not be forgotten for passers-by whose
 * allowance is nearly whole. */
TEST(flood_of_other_keys_does_not_set_a_blocked_one_free)
{
    static const struct route_rate SLOW = {.limit = 1, .period_s = 3600, .burst = 1};
    static const struct route_rate QUICK = {.limit = 1000, .period_s = 1, .burst = 1};
    static const int ROUTE;
    SCOPED(throttle) throttle = throttle_create(512);
    CHECK(throttle_take(throttle, &SLOW, &ROUTE, "attacker", S).is_allowed);
    for (int i = 0; i < 20000; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "visitor-%d", i);
        CHECK(throttle_take(throttle, &QUICK, &ROUTE, key, S).is_allowed);
    }
    CHECK(!throttle_take(throttle, &SLOW, &ROUTE, "attacker", 2 * S).is_allowed);
}
