// SPDX-License-Identifier: Apache-2.0
#include "crowd/state.h"

#include "base/test.h"
#include "crowd/builders.h"

#include <math.h>

static const struct zone_box BOXES[] = {{"street", 0, 0, 40, 10}, {"yard", 50, 0, 60, 10}};
static const char *const CAMERAS[] = {"cam-1", "cam-2", NULL};
static const int64_t T = 1000000;
enum { WALKERS = 12 };

static struct venue_state *new_state(void)
{
    struct venue_view *view = build_view(BOXES, COUNT_OF(BOXES), CAMERAS);
    struct venue_state *state = venue_state_create(view, 0, 2000);
    shared_unref(&view->shared);
    venue_state_cover(state, "cam-1", "street");
    venue_state_cover(state, "cam-2", "yard");
    return state;
}

/* Twelve people in two rows walk along the street, ten frames a second. */
static void walk(struct venue_state *state, int64_t from_ms, int64_t until_ms, double speed_m_s)
{
    for (int64_t at_ms = from_ms; at_ms < until_ms; at_ms += 100) {
        struct point people[WALKERS];
        for (int i = 0; i < WALKERS; i++)
            people[i] = (struct point){5 + 1.5 * (i / 2) + speed_m_s * (double)(at_ms - T) / 1000,
                                       4 + 1.5 * (i % 2)};
        (void)build_take(state, build_batch("cam-1", (int64_t[]){at_ms, 0}, people, WALKERS),
                         at_ms + 5, 1);
        (void)venue_state_advance(state, at_ms + 40);
    }
}

static struct crowd_flow flow_in(const struct venue_state *state, size_t zone, int64_t now_ms)
{
    struct crowd_picture *picture = venue_state_picture(state, now_ms, NULL);
    struct crowd_flow flow = picture->zones[zone].flow;
    shared_unref(&picture->shared);
    return flow;
}

TEST(how_people_walk_is_known_once_they_are_followed)
{
    SCOPED(venue_state) crowd = new_state();
    walk(crowd, T, T + 1000, 1.2);
    CHECK(!flow_in(crowd, 0, T + 1000).is_known);
    walk(crowd, T + 1000, T + 6000, 1.2);
    struct crowd_flow flow = flow_in(crowd, 0, T + 6000);
    CHECK(flow.is_known);
    CHECK_NEAR(flow.speed_m_s, 1.2, 0.1);
    CHECK_NEAR(flow.voronoi_m2, WALKERS / 400.0, 0.01);
    CHECK_NEAR(flow.flow_per_m_s, 1.2 * WALKERS / 400.0, 0.03);
    CHECK_INT(flow.walking, SERVICE_A);
    CHECK(!flow_in(crowd, 1, T + 6000).is_known); /* nobody looks into the yard */
}

TEST(a_second_of_history_has_the_measures_of_zones_that_are_known)
{
    SCOPED(venue_state) crowd = new_state();
    walk(crowd, T, T + 6000, 1.2);
    struct settled_second second;
    int64_t last_s = 0;
    size_t known = 0;
    while (settled_take(&crowd->settled, &second)) {
        CHECK(second.s > last_s);
        CHECK(second.lines == NULL);
        last_s = second.s;
        known += !isnan(second.zones[SETTLED_SPEED]);
        CHECK(isnan(second.zones[SETTLED_MEASURES + SETTLED_SPEED]));
        settled_second_fini(&second);
    }
    CHECK_INT(last_s,
              T / 1000 + 2); /* of six seconds, the tracker lags two and settles whole ones */
    CHECK_INT(known, 3);
}
