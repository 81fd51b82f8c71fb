// SPDX-License-Identifier: Apache-2.0
/* HOTA. First, how well each person and each track go together over the whole sequence: of their
 * appearances, the share in which they are near each other, weighted by how near, against all others
 * that are near. Then every frame is matched so that this, times the similarity, is largest. From those
 * matches each threshold takes what is similar enough, and of each match counts how much of its
 * person and its track the two have in common. */
#include "base/assignment.h"
#include "evaluation/evaluation_internal.h"

struct hota {
    const struct comparison *comparison;
    double *together; /* [link]: first the weighted appearances, then their share */
    uint32_t *counts; /* [threshold][link]: matches */
    struct assignment *assignment;
    struct assignment_pair *pairs;
    size_t pair_size;
    double *row_sums, *column_sums; /* of the frame's similarities */
    uint32_t *columns;
    struct hota_scores *scores;
};

static double alpha(size_t index)
{
    return 0.05 + (double)index * 0.05;
}

static void weigh_moment(const struct hota *hota, const struct moment *moment)
{
    const struct likeness *likenesses = hota->comparison->likenesses + moment->likeness_first;
    memset(hota->row_sums, 0, moment->people * sizeof *hota->row_sums);
    memset(hota->column_sums, 0, moment->tracks * sizeof *hota->column_sums);
    for (size_t i = 0; i < moment->likenesses; i++) {
        hota->row_sums[likenesses[i].row] += likenesses[i].similarity;
        hota->column_sums[likenesses[i].column] += likenesses[i].similarity;
    }
    for (size_t i = 0; i < moment->likenesses; i++) {
        const struct likeness *likeness = &likenesses[i];
        double all = hota->row_sums[likeness->row] + hota->column_sums[likeness->column] -
                     likeness->similarity;
        if (all > SIMILARITY_ROUNDING)
            hota->together[likeness->link] += likeness->similarity / all;
    }
}

static void align(const struct hota *hota)
{
    const struct comparison *comparison = hota->comparison;
    for (size_t i = 0; i < comparison->moment_count; i++)
        weigh_moment(hota, &comparison->moments[i]);
    for (size_t i = 0; i < comparison->link_count; i++) {
        const struct link *link = &comparison->links[i];
        double all = (double)comparison->person_frames[link->person] +
                     (double)comparison->track_frames[link->track] - hota->together[i];
        hota->together[i] /= all;
    }
}

static void reserve_pairs(struct hota *hota, size_t count)
{
    if (count <= hota->pair_size)
        return;
    hota->pair_size = count * 2;
    hota->pairs = mem_resize(hota->pairs, hota->pair_size * sizeof *hota->pairs);
}

static void match_moment(struct hota *hota, const struct moment *moment)
{
    const struct comparison *comparison = hota->comparison;
    const struct likeness *likenesses = comparison->likenesses + moment->likeness_first;
    reserve_pairs(hota, moment->likenesses);
    for (size_t i = 0; i < moment->likenesses; i++)
        hota->pairs[i] =
            (struct assignment_pair){likenesses[i].row, likenesses[i].column,
                                     hota->together[likenesses[i].link] * likenesses[i].similarity};
    (void)assignment_solve(hota->assignment, moment->people, moment->tracks, hota->pairs,
                           moment->likenesses, hota->columns); /* only the pairs matter */
    uint64_t matched[EVALUATION_ALPHAS] = {0};
    for (size_t i = 0; i < moment->likenesses; i++) {
        const struct likeness *likeness = &likenesses[i];
        if (hota->columns[likeness->row] != likeness->column)
            continue;
        for (size_t a = 0; a < EVALUATION_ALPHAS; a++) {
            if (likeness->similarity < alpha(a) - SIMILARITY_ROUNDING)
                break;
            matched[a]++;
            hota->counts[a * comparison->link_count + likeness->link]++;
        }
    }
    for (size_t a = 0; a < EVALUATION_ALPHAS; a++) {
        hota->scores->matched[a] += matched[a];
        hota->scores->missed[a] += moment->people - matched[a];
        hota->scores->invented[a] += moment->tracks - matched[a];
    }
}

static void sum_associations(const struct hota *hota)
{
    const struct comparison *comparison = hota->comparison;
    for (size_t a = 0; a < EVALUATION_ALPHAS; a++) {
        const uint32_t *counts = hota->counts + a * comparison->link_count;
        for (size_t i = 0; i < comparison->link_count; i++) {
            const struct link *link = &comparison->links[i];
            double count = counts[i];
            double all = (double)comparison->person_frames[link->person] +
                         (double)comparison->track_frames[link->track] - count;
            hota->scores->association_sum[a] += count * count / all;
        }
    }
}

void hota_score(const struct comparison *comparison, struct hota_scores *out)
{
    SCOPED(assignment) assignment = assignment_create();
    struct hota_scores scores = {0};
    size_t links = comparison->link_count + 1;
    struct hota hota = {.comparison = comparison,
                        .together = mem_new_array(links, sizeof *hota.together),
                        .counts = mem_new_array(links * EVALUATION_ALPHAS, sizeof *hota.counts),
                        .assignment = assignment,
                        .row_sums = mem_new_array(LIMIT_FRAME_PERSONS, sizeof *hota.row_sums),
                        .column_sums = mem_new_array(LIMIT_FRAME_PERSONS, sizeof *hota.column_sums),
                        .columns = mem_new_array(LIMIT_FRAME_PERSONS, sizeof *hota.columns),
                        .scores = &scores};
    align(&hota);
    for (size_t i = 0; i < comparison->moment_count; i++)
        match_moment(&hota, &comparison->moments[i]);
    sum_associations(&hota);
    mem_free(hota.together);
    mem_free(hota.counts);
    mem_free(hota.pairs);
    mem_free(hota.row_sums);
    mem_free(hota.column_sums);
    mem_free(hota.columns);
    *out = scores;
}
