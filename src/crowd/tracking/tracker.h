// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/tracker.h — one person, once: what many cameras see of one floor becomes people with a
 * place, a velocity and an identity. Pure: frames and their times in, people out; no clock, no store.
 *
 *   boxes ── calibration, noise of the camera ──> sightings (place and spread)
 *   people known so far ── motion ──> where they should be
 *   a step: all frames of one moment together. Camera by camera, each sighting goes to the person who
 *   explains it best, given what the other cameras say of that person (one sighting a camera and person);
 *   several rounds, then whole groups of sightings against whole persons, until nothing changes.
 *   Who explains a sighting worse than chance leaves it to somebody new.
 *
 * Each person has odds of existing: they rise when cameras that look there see somebody and fall when
 * they do not; a camera's looks count fully only TRACK_LOOK_MS apart, since what hides a person now hides
 * it a moment later. Who is likely enough is told: at once as people of now, and TRACKER_LAG_MS later as
 * settled fixes, smoothed, with those who became certain only afterwards and without those who turned
 * out to have left.
 *
 * A device that looks alone and numbers people by itself is not followed but relayed (relay.h), until it
 * tells of somebody without a number or a place.
 *
 * The association is iterated conditional assignment; its likelihoods are those of multi-sensor
 * joint association (Bar-Shalom, Willett, Tian 2011, chapters 6 and 9). No constant is tuned to a data
 * set: what differs between venues is learned (camera_model.h, floor.h). */
#pragma once
#include "crowd/tracking/camera_model.h"

#define TRACKER_LAG_MS 2000
/* Frames this far apart are one step: a walker moves 7 cm. */
#define TRACKER_STEP_MS 50
/* People of one venue; who comes beyond is not followed, and counted in tracker_stats. */
#define TRACKER_PEOPLE_MAX 20000

struct tracker_frame {
    uint32_t device; /* index in the scope */
    const struct box *boxes;
    const int64_t *source_tracks; /* the camera's own numbers, -1 = none; NULL = none at all */
    bool is_in_metres;            /* places on the floor, not boxes */
    size_t box_count;
};

struct tracker_person {
    uint64_t id;        /* of this tracker; never used again */
    double x, y;        /* metres */
    double vx, vy;      /* m/s */
    double deviation_m; /* the larger of the position's two */
};

struct tracker_fix { /* a person at the time of a step, settled */
    int64_t at_ms;
    struct tracker_person person;
};

struct tracker_stats {
    uint64_t sightings;
    uint64_t unplaced;    /* boxes without a place on the floor */
    uint64_t turned_away; /* beyond TRACKER_PEOPLE_MAX */
    size_t people;        /* followed now, certain or not */
};

struct tracker;
/* What one tracker looks after: some devices of a venue, and the floor that they see. */
struct tracker_scope {
    struct venue_view *view; /* a reference is taken */
    const uint32_t *devices; /* indexes in the view; borrowed for the call */
    size_t device_count;
    struct point low, high;
    uint64_t *next_id; /* numbers people; borrowed */
    uint64_t id_step;  /* between two numbers, so that trackers do not share any; 0 = 1 */
};
struct tracker *tracker_create(const struct tracker_scope *scope);
void tracker_destroy(struct tracker *tracker); /* NULL is fine */
DEFINE_SCOPED(tracker)

/* One moment: at most one frame of each device, later than the step before. Borrows the frames. */
void tracker_step(struct tracker *tracker, int64_t at_ms, const struct tracker_frame *frames,
                  size_t frame_count);

/* Who is there now. Borrowed until the next step. */
const struct tracker_person *tracker_people(const struct tracker *tracker, size_t *out_count);

/* Everybody at every step up to and including `until_ms` that was not told before, by time and id.
 * Call with the time of the last step minus TRACKER_LAG_MS, or INT64_MAX to end. The caller frees
 * (mem_free); NULL when there is nothing. */
struct tracker_fix *tracker_settle(struct tracker *tracker, int64_t until_ms, size_t *out_count);

/* Which person the box of the last step was taken for; 0 = for nobody certain, or relayed. */
uint64_t tracker_person_of(const struct tracker *tracker, size_t frame, size_t box);

/* What has happened since the last call, into an empty list that the caller ends (news.h). */
struct news_list;
void tracker_take_news(struct tracker *tracker, struct news_list *out_list);
/* From now on, and in what is not settled yet, the person goes by that number. False when it is gone. */
bool tracker_rename(struct tracker *tracker, uint64_t own_id, uint64_t told);
/* The person goes on elsewhere: whoever is seen here from now on is somebody else. */
void tracker_hand_over(struct tracker *tracker, uint64_t own_id);
struct tracker_stats tracker_stats(const struct tracker *tracker);
