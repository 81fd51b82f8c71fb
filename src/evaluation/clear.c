// SPDX-License-Identifier: Apache-2.0
/* CLEAR: matched, missed, invented and switched, counted frame by frame. A switch is a person who is
 * matched with another track than the last time that he was matched, however long ago; kept is only
 * what was matched in the frame before. Frames in which nobody stands, or no track, interrupt nothing. */
#include "base/assignment.h"
#include "evaluation/evaluation_internal.h"

/* Outweighs what similarities can gain elsewhere; TrackEval's weight. */
#define BONUS  1000.0
#define NOBODY UINT32_MAX

struct clearing {
    const struct comparison *comparison;
    enum clear_matching matching;
    struct assignment *assignment;
    struct assignment_pair *pairs;
    size_t pair_size;
    uint32_t *columns;
    uint32_t *last;   /* [person]: the track of his last match */
    uint32_t *before; /* [person]: of the frame before */
    struct clear_scores *scores;
};

static void count_match(struct clearing *clearing, uint32_t person, uint32_t track)
{
    clearing->scores->matched++;
    if (clearing->last[person] != NOBODY && clearing->last[person] != track)
        clearing->scores->switches++;
    clearing->last[person] = track;
}

/* The gains of those pairs that may match; returns how many. */
static size_t gather(struct clearing *clearing, const struct moment *moment)
{
    const struct comparison *comparison = clearing->comparison;
    if (moment->likenesses > clearing->pair_size) {
        clearing->pair_size = (size_t)moment->likenesses * 2;
        clearing->pairs =
            mem_resize(clearing->pairs, clearing->pair_size * sizeof *clearing->pairs);
    }
    size_t count = 0;
    for (size_t i = 0; i < moment->likenesses; i++) {
        const struct likeness *likeness = &comparison->likenesses[moment->likeness_first + i];
        if (likeness->similarity < SIMILARITY_MATCH - SIMILARITY_ROUNDING)
            continue;
        const struct link *link = &comparison->links[likeness->link];
        bool is_preferred = clearing->matching == CLEAR_FRAME_BY_FRAME ||
                            clearing->before[link->person] == link->track;
        clearing->pairs[count++] = (struct assignment_pair){
            likeness->row, likeness->column, likeness->similarity + (is_preferred ? BONUS : 0)};
    }
    return count;
}

static void sum_likeness(struct clearing *clearing, size_t pair_count)
{
    for (size_t i = 0; i < pair_count; i++) {
        const struct assignment_pair *pair = &clearing->pairs[i];
        if (clearing->columns[pair->row] == pair->column)
            clearing->scores->likeness_sum += pair->gain >= BONUS ? pair->gain - BONUS : pair->gain;
    }
}

static void match_moment(struct clearing *clearing, const struct moment *moment)
{
    const struct comparison *comparison = clearing->comparison;
    size_t pair_count = gather(clearing, moment);
    (void)assignment_solve(clearing->assignment, moment->people, moment->tracks, clearing->pairs,
                           pair_count, clearing->columns); /* only the pairs matter */
    sum_likeness(clearing, pair_count);
    memset(clearing->before, 0xff, comparison->person_id_count * sizeof *clearing->before);
    uint64_t matched_before = clearing->scores->matched;
    for (uint32_t row = 0; row < moment->people; row++) {
        uint32_t column = clearing->columns[row];
        if (column == ASSIGNMENT_ALONE)
            continue;
        uint32_t person = comparison->people[moment->person_first + row];
        uint32_t track = comparison->tracks[moment->track_first + column];
        count_match(clearing, person, track);
        clearing->before[person] = track;
    }
    uint64_t matched = clearing->scores->matched - matched_before;
    clearing->scores->missed += moment->people - matched;
    clearing->scores->invented += moment->tracks - matched;
}

void clear_score(const struct comparison *comparison, enum clear_matching matching,
                 struct clear_scores *out)
{
    SCOPED(assignment) assignment = assignment_create();
    size_t people = comparison->person_id_count;
    struct clear_scores scores = {0};
    struct clearing clearing = {.comparison = comparison,
                                .matching = matching,
                                .assignment = assignment,
                                .columns = mem_new_array(LIMIT_FRAME_PERSONS, sizeof(uint32_t)),
                                .last = mem_new_array(people + 1, sizeof(uint32_t)),
                                .before = mem_new_array(people + 1, sizeof(uint32_t)),
                                .scores = &scores};
    memset(clearing.last, 0xff, people * sizeof *clearing.last);
    memset(clearing.before, 0xff, people * sizeof *clearing.before);
    for (size_t i = 0; i < comparison->moment_count; i++) {
        const struct moment *moment = &comparison->moments[i];
        if (moment->people > 0 && moment->tracks > 0) {
            match_moment(&clearing, moment);
        } else {
            scores.missed += moment->people;
            scores.invented += moment->tracks;
        }
    }
    mem_free(clearing.pairs);
    mem_free(clearing.columns);
    mem_free(clearing.last);
    mem_free(clearing.before);
    *out = scores;
}
