// SPDX-License-Identifier: Apache-2.0
/* evaluation/evaluation_internal.h — a sequence as the figures need it: who is there in each frame, and
 * which of them are similar at all. */
#pragma once
#include "evaluation/evaluation.h"

#define SIMILARITY_MATCH 0.5
/* As TrackEval compares with a threshold, so that what lies on it matches in spite of rounding. */
#define SIMILARITY_ROUNDING 2.220446049250313e-16

/* A person and a track that come near each other in a frame. */
struct likeness {
    uint32_t row, column; /* of the frame's people and tracks */
    uint32_t link;        /* of the two ids, in `links` */
    double similarity;    /* above 0, at most 1 */
};

struct link { /* two ids that come near each other at least once */
    uint32_t person, track;
};

/* One frame's share of the arrays. */
struct moment {
    size_t person_first, track_first, likeness_first;
    uint32_t people, tracks, likenesses;
};

struct comparison {
    struct moment *moments;
    size_t moment_count;
    uint32_t *people, *tracks; /* ids, by frame */
    size_t people_size, tracks_size;
    struct likeness *likenesses;
    size_t likeness_count, likeness_size;
    struct link *links; /* by person */
    size_t link_count;
    uint32_t *person_frames, *track_frames; /* [id]: in how many frames it is there */
    size_t person_id_count, track_id_count;
};

/* `threshold_m` is the distance with the similarity 0.5; boxes ignore it. */
enum err comparison_make(const struct evaluation_sequence *sequence, double threshold_m,
                         struct comparison *out, struct err_note *note);
void comparison_fini(struct comparison *comparison);
static inline void comparison_fini_scoped(struct comparison *comparison)
{
    comparison_fini(comparison);
}
#define SCOPED_COMPARISON __attribute__((cleanup(comparison_fini_scoped))) struct comparison

double similarity_of_boxes(const struct evaluation_item *a, const struct evaluation_item *b);
double similarity_on_floor(const struct evaluation_item *a, const struct evaluation_item *b,
                           double threshold_m);

enum clear_matching {
    CLEAR_KEEPS_PAIRS,    /* those of the frame before first, then the most similar */
    CLEAR_FRAME_BY_FRAME, /* as many as possible, then the most similar */
};
void clear_score(const struct comparison *comparison, enum clear_matching matching,
                 struct clear_scores *out);
void identity_score(const struct comparison *comparison, struct evaluation_scores *out);
void hota_score(const struct comparison *comparison, struct hota_scores *out);
