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

static const struct promise_crowd FOLLOWED = {
    .due = 20000, .answered = 19990, .p50_ms = 60, .p99_ms = 99, .moda_lost = 0.001};

static bool is_crowd_held(struct promise_crowd run)
{
    struct err_note note = {0};
    bool is = promise_crowd_is_held(&run, "crowd", &note);
    CHECK(is == (note.detail[0] == '\0'));
    return is;
}

TEST(a_live_count_that_comes_late_breaks_it)
{
    struct promise_run run = GOOD;
    run.live_p99_ms = 99.5;
    CHECK(is_held(run));
    run.live_p99_ms = 100.5;
    CHECK(!is_held(run));
}

TEST(people_followed_late_not_at_all_or_worse_break_theirs)
{
    struct promise_crowd dropped = FOLLOWED, middle = FOLLOWED, slow = FOLLOWED, worse = FOLLOWED,
                         mixed = FOLLOWED, behind = FOLLOWED, refused = FOLLOWED, broken = FOLLOWED;
    dropped.dropped = 1;
    middle.p50_ms = 64;
    slow.p99_ms = 101;
    worse.moda_lost = 0.01;
    mixed.idf1_lost = 0.01;
    behind.answered = 19000;
    refused.refused = 1;
    broken.broken = 1;
    CHECK(is_crowd_held(FOLLOWED));
    CHECK(!is_crowd_held(dropped));
    CHECK(!is_crowd_held(middle));
    CHECK(!is_crowd_held(slow));
    CHECK(!is_crowd_held(worse));
    CHECK(!is_crowd_held(mixed));
    CHECK(!is_crowd_held(behind));
    CHECK(!is_crowd_held(refused));
    CHECK(!is_crowd_held(broken));
}
