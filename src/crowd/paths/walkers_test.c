// SPDX-License-Identifier: Apache-2.0
#include "crowd/paths/walkers.h"

#include "base/random.h"
#include "base/test.h"
#include "crowd/paths/dwell.h"
#include "crowd/paths/heat.h"
#include "crowd/paths/trips.h"

#include <math.h>

#define HEARD_MAX 4096

struct heard {
    struct visit visits[HEARD_MAX];
    struct journey journeys[HEARD_MAX];
    size_t visit_count, journey_count;
    int64_t stay_ms;
};

static void hear_stay(void *context, const struct stay *stay)
{
    ((struct heard *)context)->stay_ms += stay->until_ms - stay->from_ms;
}

static void hear_visit(void *context, const struct visit *visit)
{
    struct heard *heard = context;
    assert(heard->visit_count < HEARD_MAX);
    heard->visits[heard->visit_count++] = *visit;
}

static void hear_journey(void *context, const struct journey *journey)
{
    struct heard *heard = context;
    assert(heard->journey_count < HEARD_MAX);
    heard->journeys[heard->journey_count++] = *journey;
}

static struct walkers *listen(struct heard *heard)
{
    struct walkers *walkers = NULL;
    struct walkers_listener listener = {heard, hear_stay, hear_visit, hear_journey};
    memset(heard, 0, sizeof *heard);
    CHECK_INT(walkers_create(&WALKERS_DEFAULTS, &listener, &walkers), ERR_NONE);
    return walkers;
}

/* A letter a second: the zone where the person is, '.' for none, ' ' for not seen. */
static void walk(struct walkers *walkers, uint64_t id, const char *seconds)
{
    for (int64_t s = 0; seconds[s] != '\0'; s++) {
        struct tracker_fix fix = {.at_ms = 1000 * s, .person = {.id = id}};
        uint16_t zone = (uint16_t)(seconds[s] - 'a');
        if (seconds[s] != ' ')
            walkers_add(walkers, &fix, &zone, seconds[s] == '.' ? 0 : 1);
    }
}

static struct heard heard; /* large */

TEST(a_visit_lasts_from_the_first_to_the_last_second_inside)
{
    SCOPED(walkers) walkers = listen(&heard);
    walk(walkers, 7, "..aaaaaaaaaa......");
    CHECK_INT(heard.visit_count, 1);
    struct visit visit = heard.visits[0];
    CHECK(visit.id == 7 && visit.zone == 0 && !visit.is_censored);
    CHECK_INT(visit.from_ms, 2000);
    CHECK_INT(visit.until_ms, 11000);
}

TEST(bouncing_at_the_border_neither_ends_a_visit_nor_makes_one)
{
    SCOPED(walkers) walkers = listen(&heard);
    walk(walkers, 1, "aaaaaaa..a..aaaaaa.aaa.......");
    CHECK_INT(heard.visit_count, 1);
    CHECK_INT(heard.visits[0].until_ms, 21000);
    walk(walkers, 2, "..b......bb.....b........");
    CHECK_INT(heard.visit_count, 1);
    walkers_end(walkers);
    CHECK_INT(heard.visit_count, 1);
    CHECK_INT(heard.journey_count, 1);
}

TEST(who_is_not_seen_for_a_while_and_then_inside_again_has_stayed)
{
    SCOPED(walkers) walkers = listen(&heard);
    walk(walkers, 1, "aaaaaaa          aaaaaa......");
    CHECK_INT(heard.visit_count, 1);
    CHECK_INT(heard.visits[0].from_ms, 0);
    CHECK_INT(heard.visits[0].until_ms, 22000);
    CHECK_INT(heard.stay_ms, 6000 + 11000);
}

TEST(who_is_seen_outside_after_a_while_has_left)
{
    SCOPED(walkers) walkers = listen(&heard);
    walk(walkers, 1, "aaaaaaa          ......");
    CHECK_INT(heard.visit_count, 1);
    CHECK_INT(heard.visits[0].until_ms, 6000);
    CHECK(!heard.visits[0].is_censored);
}

TEST(visits_without_a_seen_end_are_censored)
{
    SCOPED(walkers) walkers = listen(&heard);
    walk(walkers, 1, "aaaaaaaaaa");
    walk(walkers, 2, "bbbbbbbbb..");
    CHECK_INT(heard.visit_count, 0);
    struct heard *open = mem_new(sizeof *open);
    walkers_each_open(walkers, hear_visit, open);
    CHECK_INT(open->visit_count, 2);
    CHECK(open->visits[0].is_censored && open->visits[1].is_censored);
    mem_free(open);
    walkers_advance(walkers, 9000 + 29999);
    CHECK_INT(walkers_count(walkers), 2);
    walkers_advance(walkers, 10000 + 30000);
    CHECK_INT(walkers_count(walkers), 0);
    CHECK_INT(heard.visit_count, 2);
    CHECK(heard.visits[0].is_censored != heard.visits[1].is_censored);
    CHECK_INT(heard.visits[heard.visits[0].zone == 0 ? 0 : 1].is_censored, true);
}

TEST(a_journey_is_the_zones_visited_in_their_order)
{
    SCOPED(walkers) walkers = listen(&heard);
    walk(walkers, 1, "aaaaaabbbbbbb.....bbbbbb......c...bbaaaaaaaa.....");
    walkers_end(walkers);
    CHECK_INT(heard.journey_count, 1);
    struct journey journey = heard.journeys[0];
    CHECK_INT(journey.zone_count, 3);
    CHECK(journey.zones[0] == 0 && journey.zones[1] == 1 && journey.zones[2] == 0);
    CHECK(journey.destination == 0 && !journey.is_cut);
    walk(walkers, 2, "aaaaaabbbbbbccccccddddddeeeeeeffffffgggggghhhhhhiiiiiijjjjjj");
    walkers_end(walkers);
    journey = heard.journeys[1];
    CHECK_INT(journey.zone_count, WALKER_PATH_ZONES);
    CHECK(journey.is_cut && journey.destination == 9);
}

TEST(settings_that_let_people_go_before_they_can_bounce_are_refused)
{
    struct walkers *none = NULL;
    struct walkers_settings settings = {.bounce_ms = 5000, .gone_ms = 5000};
    struct walkers_listener listener = {0};
    CHECK_INT(walkers_create(&settings, &listener, &none), ERR_INVALID);
}

TEST(more_people_than_the_limit_are_passed_over_and_counted)
{
    SCOPED(walkers) walkers = listen(&heard);
    for (uint64_t id = 1; id <= WALKERS_MAX + 10; id++)
        walkers_add(walkers, &(struct tracker_fix){.at_ms = 0, .person = {.id = id}}, NULL, 0);
    CHECK_INT(walkers_count(walkers), WALKERS_MAX);
    CHECK_INT(walkers_turned_away(walkers), 10);
    walkers_advance(walkers, 30000);
    CHECK_INT(walkers_count(walkers), 0);
}

/* Visits of one person the slow way, from the whole row of seconds; no gaps. */
static size_t naive_visits(const char *row, size_t len, struct visit *out)
{
    size_t count = 0;
    for (size_t from = 0; from < len; from++) {
        if (row[from] == '.')
            continue;
        char zone = row[from];
        size_t last = from, outside = 0;
        for (size_t at = from + 1; at < len && outside < 5; at++) {
            outside = row[at] == zone ? 0 : outside + 1;
            if (row[at] == zone)
                last = at;
            if (outside == 5)
                break;
        }
        bool was_told = false; /* or belongs to an earlier visit of the zone */
        for (size_t back = 1; back <= 5 && back <= from; back++)
            was_told |= row[from - back] == zone;
        if (!was_told && last - from >= 5)
            out[count++] = (struct visit){.from_ms = (int64_t)from * 1000,
                                          .until_ms = (int64_t)last * 1000,
                                          .zone = (uint16_t)(zone - 'a'),
                                          .is_censored = last == len - 1};
    }
    return count;
}

TEST(visits_agree_with_those_found_the_slow_way)
{
    struct random_sequence random = {.state = 9};
    for (int round = 0; round < 400; round++) {
        SCOPED(walkers) walkers = listen(&heard);
        char row[121] = {0};
        char now = '.';
        for (size_t i = 0; i < sizeof row - 1; i++) {
            if (random_below(&random, 4) == 0)
                now = ".abc"[random_below(&random, 4)];
            row[i] = now;
        }
        walk(walkers, 1 + (uint64_t)round, row);
        walkers_end(walkers);
        struct visit naive[128];
        size_t count = naive_visits(row, sizeof row - 1, naive);
        CHECK_INT(heard.visit_count, count);
        for (size_t i = 0; i < count; i++) {
            size_t k = 0;
            while (k < count && (heard.visits[k].from_ms != naive[i].from_ms ||
                                 heard.visits[k].zone != naive[i].zone))
                k++;
            CHECK(k < count);
            CHECK_INT(heard.visits[k].until_ms, naive[i].until_ms);
            CHECK_INT(heard.visits[k].is_censored, naive[i].is_censored);
        }
    }
}

/* --- real people: walkers before ETH Zurich, at 2.5 frames a second --- */

struct street {
    struct heat *heat;
    struct dwell dwell[2];
    struct trips *trips;
};

static void street_stay(void *context, const struct stay *stay)
{
    heat_add(((struct street *)context)->heat, stay);
}

static void street_visit(void *context, const struct visit *visit)
{
    dwell_add(&((struct street *)context)->dwell[visit->zone], visit);
}

static void street_journey(void *context, const struct journey *journey)
{
    trips_add(((struct street *)context)->trips, journey);
}

TEST(walkers_of_a_street_give_heat_dwell_and_journeys_that_fit_together)
{
    char command[512], line[512];
    (void)snprintf(command, sizeof command, "xzcat '%s'",
                   test_data("trajectories/eth-ucy/ETH_seq_eth_obsmat.txt.xz"));
    FILE *rows = popen(command, "r");
    CHECK(rows != NULL);
    struct heat_grid grid;
    CHECK_INT(heat_grid_choose((struct point){-10, -5}, (struct point){20, 16}, 0.5, &grid),
              ERR_NONE);
    struct street street = {.heat = heat_create(&grid, 0, INT64_MAX / 2), .trips = trips_create()};
    struct walkers_settings settings = {.bounce_ms = 1000, .gone_ms = 5000};
    struct walkers_listener listener = {&street, street_stay, street_visit, street_journey};
    SCOPED(walkers) walkers = NULL;
    CHECK_INT(walkers_create(&settings, &listener, &walkers), ERR_NONE);
    static int64_t first_ms[1000], last_ms[1000];
    while (fgets(line, sizeof line, rows) != NULL) {
        double frame, id, x, height, y;
        CHECK_INT(sscanf(line, "%lf %lf %lf %lf %lf", &frame, &id, &x, &height, &y), 5);
        struct tracker_fix fix = {.at_ms = (int64_t)llround(frame / 6 * 400),
                                  .person = {.id = (uint64_t)id, .x = x, .y = y}};
        uint16_t zone = x < 0 ? 0 : 1; /* west and east half */
        walkers_advance(walkers, fix.at_ms);
        walkers_add(walkers, &fix, &zone, 1);
        if (last_ms[(size_t)id] == 0)
            first_ms[(size_t)id] = fix.at_ms;
        last_ms[(size_t)id] = fix.at_ms;
    }
    CHECK_INT(pclose(rows), 0);
    walkers_end(walkers);
    uint64_t seen_ms = 0, heat_ms = street.heat->outside_ms;
    for (size_t i = 0; i < COUNT_OF(first_ms); i++)
        seen_ms += (uint64_t)(last_ms[i] - first_ms[i]);
    for (size_t i = 0; i < (size_t)grid.columns * grid.rows; i++)
        heat_ms += street.heat->person_ms[i];
    struct trip_pair pairs[4];
    struct trips_told told = trips_tell_pairs(street.trips, 5, pairs, 4);
    struct dwell_summary west = dwell_summarise(&street.dwell[0]);
    struct dwell_summary east = dwell_summarise(&street.dwell[1]);
    print_message("# 360 walkers: %.0f person-seconds; %llu journeys between halves told, %lld "
                  "withheld; west "
                  "%llu visits left, %llu censored, median %.1f s\n",
                  (double)heat_ms / 1000, (unsigned long long)told.people, (long long)told.withheld,
                  (unsigned long long)west.finished, (unsigned long long)west.censored,
                  west.median_s);
    CHECK_INT(heat_ms, seen_ms);
    CHECK(told.people + (uint64_t)told.withheld <= 360 && told.people > 300);
    CHECK(west.finished > 20 && east.finished > 20);
    heat_destroy(street.heat);
    trips_destroy(street.trips);
}
