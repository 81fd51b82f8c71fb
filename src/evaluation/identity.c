// SPDX-License-Identifier: Apache-2.0
/* Identity: for the whole sequence each person gets at most one track and each track one person, so that
 * the frames in which they match are as many as possible. What is left over is missed or invented. */
#include "base/assignment.h"
#include "evaluation/evaluation_internal.h"

#include <math.h>

static uint64_t frames_of(const uint32_t *frames, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += frames[i];
    return sum;
}

void identity_score(const struct comparison *comparison, struct evaluation_scores *out)
{
    size_t link_count = comparison->link_count;
    struct assignment_pair *pairs = mem_new_array(link_count + 1, sizeof *pairs);
    for (size_t i = 0; i < link_count; i++)
        pairs[i] =
            (struct assignment_pair){comparison->links[i].person, comparison->links[i].track, 0};
    for (size_t i = 0; i < comparison->likeness_count; i++) {
        if (comparison->likenesses[i].similarity >= SIMILARITY_MATCH)
            pairs[comparison->likenesses[i].link].gain += 1;
    }
    SCOPED(assignment) assignment = assignment_create();
    uint32_t *tracks = mem_new_array(comparison->person_id_count + 1, sizeof *tracks);
    double matched = assignment_solve(assignment, comparison->person_id_count,
                                      comparison->track_id_count, pairs, link_count, tracks);
    mem_free(tracks);
    mem_free(pairs);
    out->identity_matched = (uint64_t)llround(matched);
    out->identity_missed =
        frames_of(comparison->person_frames, comparison->person_id_count) - out->identity_matched;
    out->identity_invented =
        frames_of(comparison->track_frames, comparison->track_id_count) - out->identity_matched;
}
