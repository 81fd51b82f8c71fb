// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "bench/promise.h"

static const struct promise_run GOOD = {.due = 20000, .answered = 19990, .answer_p99_ms = 99.5};

static bool is_held(struct promise_run run)
{
    struct err_note note = {0};
    bool is = promise_is_held(&run, "native", &note);
    CHECK(is == (note.detail[0] == '\0'));
    return is;
}

TEST(a_run_without_loss_and_in_time_holds_the_promise)
{
    CHECK(is_held(GOOD));
}

TEST(one_refusal_one_loss_or_a_slow_hundredth_breaks_it)
{
    struct promise_run refused = GOOD, broken = GOOD, lost = GOOD, twice = GOOD, late = GOOD,
                       uncounted = GOOD, behind = GOOD;
    refused.refused = 1;
    broken.broken = 1;
    lost.lost = 1;
    twice.lost = -1;
    uncounted.uncounted = 1;
    late.answer_p99_ms = 100.5;
    behind.answered = 19000;
    CHECK(!is_held(refused));
    CHECK(!is_held(broken));
    CHECK(!is_held(lost));
    CHECK(!is_held(twice));
    CHECK(!is_held(uncounted));
    CHECK(!is_held(late));
    CHECK(!is_held(behind));
}
