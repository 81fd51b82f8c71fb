// SPDX-License-Identifier: Apache-2.0
/* crowd/paths/trips.h — from which zone to which people went, and by which way, over a period that its keeper
 * chooses (an hour, say): a matrix of first and last zones, and the most popular sequences of zones.
 *
 * Both are bounded. The matrix holds TRIPS_PAIRS_MAX pairs; journeys of further ones are counted together. Ways
 * are kept by the space-saving algorithm (Metwally, Agrawal, El Abbadi 2005): when all TRIPS_WAYS_MAX places
 * are taken, a new way takes that of the least popular, with its count as the possible error; so every way
 * that more than 1 / TRIPS_WAYS_MAX of all journeys take is there. Counts are told without their
 * possible error: at least so many took it.
 *
 * Nobody is told alone: what fewer than k people did is withheld (k-anonymity; Sweeney 2002), and where those
 * withheld would be fewer than k in all, the least of the others is withheld with them: so the rest of a
 * known total tells nothing either. Periods that lie over one another would tell by their difference; the keeper offers whole periods.
 * Each journey is one tracked person; zones are numbers of the keeper's. */
#pragma once
#include "crowd/paths/stays.h"

#define TRIPS_PAIRS_MAX   16384
#define TRIPS_WAYS_MAX    1024
#define TRIPS_ANONYMITY   5 /* k, where nothing else is chosen */
#define TRIPS_CONTENT_MAX (4 * 1024 * 1024)

struct trip_pair {
    uint16_t origin, destination;
    uint64_t people;
};

struct trip_way {
    uint16_t zones[WALKER_PATH_ZONES];
    uint16_t zone_count;
    bool is_cut;     /* it went on */
    uint64_t people; /* when told: at least so many */
    uint64_t error;  /* of which so many may have gone another way; 0 when told */
};

struct trips;
struct trips *trips_create(void);
void trips_destroy(struct trips *trips); /* NULL is fine */
DEFINE_SCOPED(trips)

void trips_add(struct trips *trips, const struct journey *journey);
void trips_sum(struct trips *trips, const struct trips *part);

struct trips_told {
    size_t count;     /* written */
    uint64_t people;  /* their sum */
    int64_t withheld; /* people of what was not told; -1 = fewer than k are known at all */
};
/* The pairs of `anonymity` people or more, most first, at most `size`. */
struct trips_told trips_tell_pairs(const struct trips *trips, uint32_t anonymity,
                                   struct trip_pair *out_pairs, size_t size);
/* The ways likewise: those of which that many are certain. */
struct trips_told trips_tell_ways(const struct trips *trips, uint32_t anonymity,
                                  struct trip_way *out_ways, size_t size);

/* What may be told, and how many others there were: it tells what `trips` told, and nobody can tell more. The
 * caller owns it. */
struct trips *trips_forget_few(const struct trips *trips, uint32_t anonymity);

/* What several parts, hours say, tell together: the sum of what each tells by itself. So the difference of two
 * answers about periods that lie over one another tells nothing that one of them would not. */
struct trips_report {
    struct trips *pairs, *ways;             /* to be told with anonymity 0: all in them may be */
    uint64_t pairs_withheld, ways_withheld; /* people */
    size_t part_count, parts_withheld;      /* in which fewer than k went anywhere */
};
void trips_report_init(struct trips_report *report);
void trips_report_fini(struct trips_report *report);
void trips_report_add(struct trips_report *report, const struct trips *part, uint32_t anonymity);

/* ERR_NO_MEMORY; the caller frees. */
MUST_USE enum err trips_pack(const struct trips *trips, void **out_bytes, size_t *out_len);
/* ERR_CORRUPT, ERR_NO_MEMORY. The caller owns *out_trips. */
MUST_USE enum err trips_unpack(const void *bytes, size_t len, struct trips **out_trips);
