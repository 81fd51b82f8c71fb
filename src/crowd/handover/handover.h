// SPDX-License-Identifier: Apache-2.0
/* crowd/handover/handover.h — one person over floors that no camera sees: somebody whom one group of cameras
 * has lost and somebody who begins elsewhere, or there again later, may be the same.
 *
 * Time and distance first: nobody is joined who would have had to run (HANDOVER_SPEED_MAX). Then odds, against
 * a newcomer, whose rate is learned where and how often people begin:
 *   - of the way: who walks on as before arrives about there and then, with about that velocity; or anywhere
 *     where people begin, within about a minute;
 *   - of looks (looks.h), when both sent vectors.
 * All who are lost and all who begin are assigned together. Joined is only who is likelier than everything
 * else together, the newcomer included: HANDOVER_SURE with vectors, HANDOVER_SURE_BLIND without, when only
 * somebody who comes straight on within seconds is. All others are new. Decided HANDOVER_WAIT_MS after a
 * beginning, before its places are settled. Pure; times of events in ms. */
#pragma once
#include "crowd/handover/looks.h"

#define HANDOVER_SPEED_MAX  2.5 /* m/s; people walk at 1.3 (Weidmann 1993), deviation 0.26 */
#define HANDOVER_KEEP_MS    300000
#define HANDOVER_WAIT_MS    1700
#define HANDOVER_SURE       0.67 /* a wrong join spoils two people's ways, a missed one one's */
#define HANDOVER_SURE_BLIND 0.95
/* Of the lost, and of those who have begun and are not decided; the oldest make room, and are new. All pairs
 * of both are weighed whenever somebody is due, beside the venue's live seconds: under 20 ms where all are within
 * reach and sent vectors, 3 ms with twenty who begin a second (handover_bench). */
#define HANDOVER_PEOPLE_MAX 1024
#define HANDOVER_NEW_MAX    128
/* So many who are lost come again; and after so long on the average, unless they come straight on. */
#define HANDOVER_RETURNS  0.5
#define HANDOVER_RETURN_S 60.0
#define HANDOVER_EYES_MAX 8

struct handover_eye { /* a camera that saw the person, and its own number for it */
    uint32_t device;
    int64_t source_track;
};

struct handover_person {
    uint32_t group;
    uint64_t id;   /* the group's own */
    uint64_t told; /* the number that it goes by */
    int64_t at_ms; /* seen first, or last */
    double x, y, vx, vy, deviation_m;
    double arrivals; /* people who begin there, per m² and second */
    struct handover_eye eyes[HANDOVER_EYES_MAX];
    uint32_t eye_count;
};

struct handover_join {
    uint32_t lost_group, group;
    uint64_t lost_id, id; /* the one who was lost goes on as this one */
    uint64_t was;         /* by which the new one went until now */
    uint64_t told;        /* by which it goes from now on */
};

struct handover;
struct handover *handover_create(void);
void handover_destroy(struct handover *handover); /* NULL is fine */

/* A camera's vector for a track of its own, taken at `at_ms` by the clock. */
void handover_look(struct handover *handover, uint32_t device, int64_t source_track,
                   const int8_t v[LOOKS_DIMS], int64_t at_ms);
/* Looks end by the clock, whatever time it is in the stream, which may lag or stand still. */
void handover_forget_looks(struct handover *handover, int64_t now_ms);
/* Somebody is certain since, and was seen first then. */
void handover_began(struct handover *handover, const struct handover_person *person);
/* Somebody is not seen; its group still looks for it, ... */
void handover_missed(struct handover *handover, const struct handover_person *person);
/* ... sees it again, ... */
void handover_back(struct handover *handover, uint32_t group, uint64_t id);
/* ... or has given it up. */
void handover_lost(struct handover *handover, const struct handover_person *person);
struct handover_time { /* of events: the newest step of each group */
    const int64_t *groups;
    size_t count;
};
/* Time goes on. Writes at most `size` joins, in which everybody stands once a side; call again while it is
 * full. */
size_t handover_decide(struct handover *handover, const struct handover_time *times,
                       struct handover_join *out, size_t size);
/* For tests and figures. */
size_t handover_looks(const struct handover *handover);
size_t handover_waiting(const struct handover *handover);
