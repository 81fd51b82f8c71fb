// SPDX-License-Identifier: Apache-2.0
/* Sequences of which the figures follow by hand. */
#include "base/test.h"
#include "evaluation/evaluation.h"

#include <math.h>

#define EXACT 1e-9

struct item {
    uint32_t frame, id;
    double x;
};

/* Boxes of 10 by 10 at x; on the floor, points (x, 0). */
static struct evaluation_item *items_of(const struct item *items, size_t count)
{
    struct evaluation_item *out = mem_new_array(count + 1, sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct evaluation_item){
            .frame = items[i].frame, .id = items[i].id, .x = items[i].x, .w = 10, .h = 10};
    return out;
}

static struct evaluation_scores score(enum evaluation_kind kind, size_t frames,
                                      const struct item *truths, size_t truth_count,
                                      const struct item *tracks, size_t track_count)
{
    struct evaluation_sequence sequence = {.kind = kind,
                                           .frame_count = frames,
                                           .truths = items_of(truths, truth_count),
                                           .tracks = items_of(tracks, track_count),
                                           .truth_count = truth_count,
                                           .track_count = track_count};
    struct evaluation_scores scores;
    struct err_note note = {0};
    CHECK(evaluation_score(&sequence, EVALUATION_THRESHOLDS, &scores, &note) == ERR_NONE);
    evaluation_sequence_fini(&sequence);
    return scores;
}
#define SCORE(kind, frames, truths, tracks)                                                        \
    score(kind, frames, truths, COUNT_OF(truths), tracks, COUNT_OF(tracks))

/* One person in four frames; two in frames 1 and 2. */
static const struct item WALK[] = {{0, 0, 0}, {1, 0, 1},  {1, 1, 50},
                                   {2, 0, 2}, {2, 1, 50}, {3, 0, 3}};

TEST(tracks_that_are_the_truth_have_full_marks)
{
    struct evaluation_scores scores = SCORE(EVALUATION_BOXES, 4, WALK, WALK);
    struct evaluation_figures figures = evaluation_figures(&scores);
    CHECK_INT(scores.frames, 4);
    CHECK_INT(scores.people, 2);
    CHECK_INT(scores.tracks, 2);
    CHECK_INT(scores.tracking.matched, 6);
    CHECK_NEAR(figures.moda, 1, EXACT);
    CHECK_NEAR(figures.modp, 1, EXACT);
    CHECK_NEAR(figures.mota, 1, EXACT);
    CHECK_NEAR(figures.idf1, 1, EXACT);
    CHECK_NEAR(figures.hota, 1, EXACT);
    CHECK_NEAR(figures.count_error, 0, EXACT);
}

TEST(a_track_that_breaks_in_two_is_a_switch)
{
    /* Person 0 is track 0 for one frame and track 2 for three. */
    static const struct item TRACKS[] = {{0, 0, 0},  {1, 1, 50}, {1, 2, 1},
                                         {2, 1, 50}, {2, 2, 2},  {3, 2, 3}};
    struct evaluation_scores scores = SCORE(EVALUATION_BOXES, 4, WALK, TRACKS);
    struct evaluation_figures figures = evaluation_figures(&scores);
    CHECK_INT(scores.tracking.switches, 1);
    CHECK_INT(scores.tracking.missed, 0);
    CHECK_NEAR(figures.moda, 1, EXACT);
    CHECK_NEAR(figures.mota, 5.0 / 6, EXACT);
    CHECK_INT(scores.identity_matched, 5);
    CHECK_NEAR(figures.idf1, 5.0 / 6, EXACT);
    CHECK_NEAR(figures.deta, 1, EXACT);
    /* Of person 0's matches one has 1/4 in common with its track, three have 3/4; person 1's two all. */
    CHECK_NEAR(figures.assa, (1 * 0.25 + 3 * 0.75 + 2 * 1) / 6, EXACT);
    CHECK_NEAR(figures.hota, sqrt(4.5 / 6), EXACT);
}

TEST(two_people_who_change_their_tracks_are_two_switches)
{
    static const struct item TRUTHS[] = {{0, 0, 0}, {0, 1, 50}, {1, 0, 0}, {1, 1, 50}};
    static const struct item TRACKS[] = {{0, 0, 0}, {0, 1, 50}, {1, 0, 50}, {1, 1, 0}};
    struct evaluation_scores scores = SCORE(EVALUATION_BOXES, 2, TRUTHS, TRACKS);
    struct evaluation_figures figures = evaluation_figures(&scores);
    CHECK_INT(scores.tracking.switches, 2);
    CHECK_NEAR(figures.mota, 0.5, EXACT);
    CHECK_NEAR(figures.idf1, 0.5, EXACT);
    CHECK_NEAR(figures.assa, 1.0 / 3, EXACT);
}

TEST(who_was_matched_before_keeps_his_track_though_another_is_nearer)
{
    static const struct item TRUTHS[] = {{0, 0, 0}, {1, 0, 0}};
    /* In frame 1 track 0 overlaps by 7/13, track 1 fully. */
    static const struct item TRACKS[] = {{0, 0, 0}, {1, 0, 3}, {1, 1, 0}};
    struct evaluation_scores scores = SCORE(EVALUATION_BOXES, 2, TRUTHS, TRACKS);
    CHECK_INT(scores.tracking.switches, 0);
    CHECK_INT(scores.tracking.invented, 1);
    CHECK_NEAR(scores.tracking.likeness_sum, 1 + 7.0 / 13, EXACT);
}

TEST(a_switch_is_one_however_long_the_person_was_lost)
{
    static const struct item TRUTHS[] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}};
    static const struct item TRACKS[] = {{0, 0, 0}, {3, 1, 0}};
    struct evaluation_scores scores = SCORE(EVALUATION_BOXES, 4, TRUTHS, TRACKS);
    CHECK_INT(scores.tracking.switches, 1);
    CHECK_INT(scores.tracking.missed, 2);
    CHECK_NEAR(evaluation_figures(&scores).mota, 0.25, EXACT);
}

TEST(boxes_match_from_half_an_overlap_up)
{
    static const struct item TRUTHS[] = {{0, 0, 0}};
    /* 10 wide, shifted by 10/3: the overlap is 1/2 but for rounding; a little more is less. */
    static const struct item HALF[] = {{0, 0, 10.0 / 3}};
    static const struct item LESS[] = {{0, 0, 3.334}};
    struct evaluation_scores scores = SCORE(EVALUATION_BOXES, 1, TRUTHS, HALF);
    CHECK_INT(scores.tracking.matched, 1);
    scores = SCORE(EVALUATION_BOXES, 1, TRUTHS, LESS);
    CHECK_INT(scores.tracking.matched, 0);
    CHECK_INT(scores.identity_matched, 0);
    /* HOTA's thresholds 0.05 to 0.45 still take it. */
    CHECK_NEAR(evaluation_figures(&scores).deta, 9.0 / 19, EXACT);
}

TEST(where_no_track_is_all_is_missed)
{
    struct evaluation_scores scores = score(EVALUATION_BOXES, 4, WALK, COUNT_OF(WALK), NULL, 0);
    struct evaluation_figures figures = evaluation_figures(&scores);
    CHECK_INT(scores.tracking.missed, 6);
    CHECK_INT(scores.identity_missed, 6);
    CHECK_NEAR(figures.mota, 0, EXACT);
    CHECK_NEAR(figures.hota, 0, EXACT);
    CHECK_NEAR(figures.idf1, 0, EXACT);
    CHECK_NEAR(figures.count_error, 1.5, EXACT);
}

TEST(tracks_far_from_everybody_are_all_false)
{
    static const struct item TRUTHS[] = {{0, 0, 0}, {1, 0, 0}};
    static const struct item TRACKS[] = {{0, 0, 100}, {0, 1, 200}, {1, 0, 100}, {1, 1, 200}};
    struct evaluation_scores scores = SCORE(EVALUATION_BOXES, 2, TRUTHS, TRACKS);
    struct evaluation_figures figures = evaluation_figures(&scores);
    CHECK_INT(scores.tracking.invented, 4);
    CHECK_INT(scores.tracking.missed, 2);
    CHECK_NEAR(figures.moda, -2, EXACT);
    CHECK_NEAR(figures.mota, -2, EXACT);
    CHECK_NEAR(figures.count_error, 1, EXACT);
}

TEST(a_sequence_of_nothing_has_figures_of_zero)
{
    struct evaluation_scores scores = score(EVALUATION_FLOOR, 3, NULL, 0, NULL, 0);
    struct evaluation_figures figures = evaluation_figures(&scores);
    CHECK_INT(scores.frames, 3);
    CHECK_NEAR(figures.moda, 0, EXACT);
    CHECK_NEAR(figures.hota, 0, EXACT);
}

TEST(on_the_floor_detection_is_stricter_than_identity)
{
    static const struct item TRUTHS[] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}};
    /* 0.2 m, on the 0.5 m, on the metre, beyond it. */
    static const struct item TRACKS[] = {{0, 0, 0.2}, {1, 0, 0.5}, {2, 0, 1}, {3, 0, 1.01}};
    struct evaluation_scores scores = SCORE(EVALUATION_FLOOR, 4, TRUTHS, TRACKS);
    struct evaluation_figures figures = evaluation_figures(&scores);
    CHECK_INT(scores.detection.matched, 2);
    CHECK_NEAR(figures.moda, 0, EXACT);
    CHECK_NEAR(figures.modp, (0.6 + 0) / 2, EXACT);
    CHECK_INT(scores.tracking.matched, 3);
    CHECK_NEAR(figures.mota, 0.5, EXACT);
    CHECK_NEAR(figures.idf1, 0.75, EXACT);
    /* Similarities 0.9, 0.75, 0.5 and 0.495: thresholds up to 0.9, 0.75, 0.5 and 0.45 take them. */
    double deta = (9 * 4.0 / 4 + 1 * 3.0 / 5 + 5 * 2.0 / 6 + 3 * 1.0 / 7) / 19;
    CHECK_NEAR(figures.deta, deta, EXACT);
}

TEST(detection_on_the_floor_matches_as_many_as_possible_and_forgets_who_was_who)
{
    /* Track 0 stands between two people, nearer to the one who had it before; track 1 reaches only that
     * one. Kept pairs leave person 1 alone; frame by frame both are seen. */
    static const struct item TRUTHS[] = {{0, 0, 0}, {1, 0, 0}, {1, 1, 0.6}};
    static const struct item TRACKS[] = {{0, 0, 0}, {1, 0, 0.2}, {1, 1, -0.4}};
    struct evaluation_scores scores = SCORE(EVALUATION_FLOOR, 2, TRUTHS, TRACKS);
    CHECK_INT(scores.detection.matched, 3);
    CHECK_INT(scores.detection.switches, 0);
}

/* One frame: a person, something beside him, and a reflection far away. */
static struct evaluation_scores score_roles(enum evaluation_role role, double track_x)
{
    struct evaluation_item truths[] = {
        {.x = 0, .w = 10, .h = 10, .role = EVALUATION_PERSON},
        {.x = 4, .w = 10, .h = 10, .id = 1, .role = role},
        {.x = 900, .w = 10, .h = 10, .id = 2, .role = EVALUATION_DISTRACTOR}};
    struct evaluation_item tracks[] = {{.x = track_x, .w = 10, .h = 10}};
    struct evaluation_sequence sequence = {.kind = EVALUATION_BOXES,
                                           .frame_count = 1,
                                           .truths = truths,
                                           .tracks = tracks,
                                           .truth_count = 3,
                                           .track_count = 1};
    struct evaluation_scores scores;
    struct err_note note = {0};
    CHECK(evaluation_score(&sequence, EVALUATION_THRESHOLDS, &scores, &note) == ERR_NONE);
    return scores;
}

TEST(a_track_on_a_distractor_is_neither_right_nor_wrong)
{
    struct evaluation_scores scores = score_roles(EVALUATION_DISTRACTOR, 3);
    CHECK_INT(scores.tracking.matched, 0);
    CHECK_INT(scores.tracking.missed, 1);
    CHECK_INT(scores.tracking.invented, 0);
    CHECK_INT(scores.tracks, 0);
    CHECK_INT(scores.people, 1);
}

TEST(a_track_that_fits_a_person_best_stays_beside_a_distractor)
{
    struct evaluation_scores scores = score_roles(EVALUATION_DISTRACTOR, 1);
    CHECK_INT(scores.tracking.matched, 1);
}

TEST(a_track_on_what_is_ignored_may_still_be_a_person)
{
    struct evaluation_scores scores = score_roles(EVALUATION_IGNORED, 3);
    CHECK_INT(scores.tracking.matched, 1);
    CHECK_INT(scores.people, 1);
}

TEST(scores_of_sequences_add_up)
{
    static const struct item FAR[] = {{0, 0, 500}, {1, 0, 500}};
    struct evaluation_scores good = SCORE(EVALUATION_BOXES, 4, WALK, WALK);
    struct evaluation_scores bad = SCORE(EVALUATION_BOXES, 4, WALK, FAR);
    struct evaluation_scores sum = {0};
    evaluation_add(&sum, &good);
    evaluation_add(&sum, &bad);
    struct evaluation_figures figures = evaluation_figures(&sum);
    CHECK_INT(sum.frames, 8);
    CHECK_NEAR(figures.moda, (6.0 - 2) / 12, EXACT);
    CHECK_NEAR(figures.idf1, 6 / (6 + 0.5 * 6 + 0.5 * 2), EXACT);
    CHECK_NEAR(figures.deta, 6.0 / 14, EXACT);
    CHECK_NEAR(figures.assa, 1, EXACT);
}

TEST(a_crowd_beyond_the_limit_is_refused)
{
    struct evaluation_sequence sequence = {
        .kind = EVALUATION_FLOOR, .frame_count = 1, .truth_count = LIMIT_FRAME_PERSONS + 1};
    sequence.truths = mem_new_array(sequence.truth_count, sizeof *sequence.truths);
    for (uint32_t i = 0; i < sequence.truth_count; i++)
        sequence.truths[i].id = i;
    struct evaluation_scores scores;
    struct err_note note = {0};
    CHECK(evaluation_score(&sequence, EVALUATION_THRESHOLDS, &scores, &note) == ERR_TOO_LARGE);
    CHECK(strstr(note.detail, "5000") != NULL);
    evaluation_sequence_fini(&sequence);
}
