// SPDX-License-Identifier: Apache-2.0
/* evaluation/evaluation.h — how well tracks fit the truth: what was seen, missed and invented, how
 * exactly, and whether each person stayed one track. Pure: items in, scores out.
 *
 *   MODA, MODP     CLEAR: Kasturi et al., PAMI 31(2), 2009. MODA = 1 - (misses + false) / truths; MODP
 *                  = mean likeness of the matched: the overlap (intersection over union) of boxes; 1 -
 *                  distance / threshold of floor points, as WILDTRACK (Chavdarova et al., CVPR 2018).
 *   MOTA           CLEAR-MOT: Bernardin and Stiefelhagen, JIVP 2008. 1 - (misses + false + switches) /
 *                  truths; a match of the frame before is kept while it is near enough.
 *   IDF1, IDP, IDR Ristani et al., ECCV workshops 2016: each person and each track belongs to at most
 *                  one of the other for the whole sequence, so that most appearances fit.
 *   HOTA           Luiten et al., IJCV 129, 2021: sqrt(DetA * AssA), the mean over 19 thresholds of
 *                  similarity, 0.05 to 0.95.
 *   count error    mean of |people - tracks| over the frames.
 *
 * Conventions are TrackEval's, the reference of MOTChallenge: boxes match from a similarity of 0.5 up;
 * floor points have the similarity max(0, 1 - d / (2 threshold)), so that 0.5 is the threshold; boxes
 * that fit a distractor best (a rider, a reflection) are taken out of the tracks first. MODA of floor
 * points is WILDTRACK's: each frame by itself, as many matches as possible, then the nearest. */
#pragma once
#include "base/base.h"

enum { EVALUATION_ALPHAS = 19 };

enum evaluation_kind { EVALUATION_BOXES, EVALUATION_FLOOR };
enum evaluation_role {
    EVALUATION_PERSON,
    EVALUATION_DISTRACTOR, /* in truth: a track on it is neither right nor wrong */
    EVALUATION_IGNORED,    /* in truth: takes a place in that matching, counts nowhere */
};

struct evaluation_item {
    uint32_t frame; /* below frame_count */
    uint32_t id;    /* small numbers: 0 to the number of ids */
    enum evaluation_role role;
    double x, y, w,
        h; /* box: left, top, width, height; floor: x, y in metres. Finite, |x| <= 1e9 */
};

/* An id stands at most once in a frame. */
struct evaluation_sequence {
    enum evaluation_kind kind;
    size_t frame_count;
    struct evaluation_item *truths, *tracks; /* owned, by frame */
    size_t truth_count, track_count;
};
void evaluation_sequence_fini(struct evaluation_sequence *sequence);

/* Of floor points, in metres; boxes match from an overlap of 0.5 up. */
struct evaluation_thresholds {
    double detection_m; /* MODA, MODP */
    double identity_m;  /* MOTA, IDF1, HOTA */
};
#define EVALUATION_THRESHOLDS ((struct evaluation_thresholds){.detection_m = 0.5, .identity_m = 1})

struct clear_scores {
    uint64_t matched, missed, invented;
    uint64_t switches;
    double likeness_sum; /* of the matched */
};

struct hota_scores { /* of each threshold, 0.05 to 0.95 */
    uint64_t matched[EVALUATION_ALPHAS];
    uint64_t missed[EVALUATION_ALPHAS];
    uint64_t invented[EVALUATION_ALPHAS];
    double association_sum[EVALUATION_ALPHAS]; /* over the matched */
};

/* Sums, so that the scores of many sequences are their sum. */
struct evaluation_scores {
    uint64_t frames, people, tracks; /* ids */
    uint64_t count_errors;           /* |people - tracks| of each frame */
    struct clear_scores detection, tracking;
    uint64_t identity_matched, identity_missed, identity_invented;
    struct hota_scores hota;
};

/* Fractions, but for the count error, which is people; MODA and MOTA may be below zero. */
struct evaluation_figures {
    double moda, modp, recall, precision;
    double count_error;
    double mota;
    double idf1, idp, idr;
    double hota, deta, assa;
};

/* ERR_TOO_LARGE past the limits of base/limits.h. */
MUST_USE enum err evaluation_score(const struct evaluation_sequence *sequence,
                                   struct evaluation_thresholds thresholds,
                                   struct evaluation_scores *out_scores, struct err_note *note);
void evaluation_add(struct evaluation_scores *sum, const struct evaluation_scores *scores);
struct evaluation_figures evaluation_figures(const struct evaluation_scores *scores);
