// SPDX-License-Identifier: Apache-2.0
/* crowd/paths/walkers.h — from settled fixes of people to what they did: stays (for the heat map), visits of
 * zones (for dwell times) and journeys from zone to zone. Pure: fixes in, calls out.
 *
 *   stay     the time between two fixes of one person, at the place in the middle; none over a gap of
 *            WALKER_STAY_MS or more
 *   visit    from the first fix inside a zone to the last. Who is outside for less than `bounce_ms` has not
 *            left, nor who is unseen and then inside again; who was inside for less was not there at all
 *   journey  the zones visited, in the order in which they were entered, without immediate repeats; told
 *            when nothing was seen of the person for `gone_ms`
 *
 * A visit is *censored* when its end was not seen: the person is still inside, or was lost there. Then it
 * lasted at least as long as told. Identities are the tracker's own: they begin anew with each process, so
 * this state is not for keeping; walkers_end() tells what is open as censored. */
#pragma once
#include "crowd/paths/stays.h"
#include "crowd/tracking/tracker.h"

#define WALKERS_MAX        TRACKER_PEOPLE_MAX /* more are passed over, and counted */
#define WALKER_STAY_MS     2000
#define WALKER_VISITS_OPEN 8 /* zones that lie over one another; more are passed over */

/* Who is told; NULL = not wanted. What is pointed at is borrowed for the call. */
struct walkers_listener {
    void *context;
    void (*stay)(void *context, const struct stay *stay);
    void (*visit)(void *context, const struct visit *visit);
    void (*journey)(void *context, const struct journey *journey);
};

struct walkers_settings {
    uint32_t bounce_ms;
    uint32_t gone_ms; /* longer than bounce_ms */
};
/* 5 s, and 30 s: what the tracker loses, it names anew long before. */
extern const struct walkers_settings WALKERS_DEFAULTS;

struct walkers;
/* ERR_INVALID unless bounce_ms < gone_ms. The listener is copied, its context borrowed for good. */
MUST_USE enum err walkers_create(const struct walkers_settings *settings,
                                 const struct walkers_listener *listener,
                                 struct walkers **out_walkers);
void walkers_destroy(struct walkers *walkers); /* NULL is fine; tells nothing */
DEFINE_SCOPED(walkers)

/* A fix, with the zones that hold its place. Each person's fixes by time; an earlier one is passed over. */
void walkers_add(struct walkers *walkers, const struct tracker_fix *fix, const uint16_t *zones,
                 size_t zone_count);
/* Fixes until `now_ms` are told: lets go of who is gone. To be called about every second. */
void walkers_advance(struct walkers *walkers, int64_t now_ms);
/* Lets go of everybody, now. */
void walkers_end(struct walkers *walkers);
/* Tells the visits that are open, as censored at the person's latest fix; they stay open. */
void walkers_each_open(const struct walkers *walkers,
                       void (*visit)(void *context, const struct visit *visit), void *context);
/* The earliest first fix of all who are there; INT64_MAX when nobody is. With fixes from then on the same
 * state is built again. */
int64_t walkers_oldest_ms(const struct walkers *walkers);
size_t walkers_count(const struct walkers *walkers);
uint64_t walkers_turned_away(const struct walkers *walkers); /* fixes beyond WALKERS_MAX */
