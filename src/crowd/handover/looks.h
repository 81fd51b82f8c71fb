// SPDX-License-Identifier: Apache-2.0
/* crowd/handover/looks.h — how people look, as vectors that cameras send with new tracks, and what alike means
 * at this site. In memory only and for LOOKS_KEEP_MS: a vector singles out a person.
 *
 * How alike strangers are is learned here from pairs of people who are there at the same time, and how alike
 * one person is to itself from people whom two cameras see at once; no threshold could tell them apart at a
 * site that nobody has measured. Before LOOKS_PAIRS_MIN pairs of strangers were seen, vectors say nothing. */
#pragma once
#include "base/base.h"

#define LOOKS_DIMS      128
#define LOOKS_KEEP_MS   220000 /* after it was taken, up to APPEARANCE_WAIT_MS after it came */
#define LOOKS_AHEAD_MS  1000 /* of the clock: it was put back since, and how long ago is not known */
#define LOOKS_MAX       4096 /* of a venue; the newest stay */
#define LOOKS_PAIRS_MIN 20.0
/* Weight of the opinion that one person is as far from a stranger as from a perfect likeness, pairs. */
#define LOOKS_SELF_WEIGHT 10.0
#define LOOKS_MEMORY      2000.0 /* pairs */
#define LOOKS_SPREAD_MIN  0.05   /* of a cosine */
/* However clear, a likeness says no more than that (log odds): vectors are wrong one time in three at a new
 * site. */
#define LOOKS_LIMIT 5.0

struct look { /* the mean of a person's vectors; count 0 = none */
    float v[LOOKS_DIMS];
    double square; /* of its length */
    uint32_t count;
    int64_t at_ms; /* of the oldest */
};

static inline bool looks_is_over(int64_t at_ms, int64_t now_ms)
{
    return now_ms - at_ms > LOOKS_KEEP_MS || at_ms - now_ms > LOOKS_AHEAD_MS;
}

struct looks;
struct looks *looks_create(void);
void looks_destroy(struct looks *looks); /* NULL is fine */

/* The vector of a camera's own track, taken at `at_ms` by the clock. */
void looks_put(struct looks *looks, uint32_t device, int64_t source_track,
               const int8_t v[LOOKS_DIMS], int64_t at_ms);
/* Forgets what is too old. Call as the clock goes on, also when nothing comes. */
void looks_forget(struct looks *looks, int64_t now_ms);
size_t looks_count(const struct looks *looks);
/* Adds the track's vector to the person's, when there is one; two cameras' vectors of one person teach. */
void looks_gather(struct looks *looks, uint32_t device, int64_t source_track,
                  struct look *inout_look);
/* Two who are there at the same time. */
void looks_learn_strangers(struct looks *looks, const struct look *a, const struct look *b);
double look_cosine(const struct look *a, const struct look *b);
/* What was learned, prepared for as many pairs as there are. */
struct looks_scale {
    bool is_known;
    double apart, spread, alike, own, log_spread, log_own;
};
struct looks_scale looks_scale(const struct looks *looks);
/* Log of how much likelier the likeness is for one person than for two; 0 where that is not known. */
double looks_odds(const struct looks_scale *scale, const struct look *a, const struct look *b);
