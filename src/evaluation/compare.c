// SPDX-License-Identifier: Apache-2.0
/* From items to a comparison: frame by frame the tracks on distractors go, then whoever is similar
 * becomes a likeness. The pairs of ids that occur get numbers, so that sums over a whole sequence
 * cost what there is and not people times tracks. */
#include "base/assignment.h"
#include "evaluation/evaluation_internal.h"

/* The items of one frame. */
struct scene {
    const struct evaluation_item *truths, *tracks;
    size_t truth_count, track_count;
};

struct comparing {
    const struct evaluation_sequence *sequence;
    double threshold_m;
    struct comparison *comparison;
    struct assignment *assignment;
    struct assignment_pair *pairs; /* of one frame, truths with tracks */
    size_t pair_size;
    uint32_t *columns;
    bool *is_removed; /* [track of the frame] */
    struct err_note *note;
};

void comparison_fini(struct comparison *comparison)
{
    mem_free(comparison->moments);
    mem_free(comparison->people);
    mem_free(comparison->tracks);
    mem_free(comparison->likenesses);
    mem_free(comparison->links);
    mem_free(comparison->person_frames);
    mem_free(comparison->track_frames);
    *comparison = (struct comparison){0};
}

static double similarity(const struct comparing *comparing, const struct evaluation_item *truth,
                         const struct evaluation_item *track)
{
    if (comparing->sequence->kind == EVALUATION_BOXES)
        return similarity_of_boxes(truth, track);
    return similarity_on_floor(truth, track, comparing->threshold_m);
}

static void add_pair(struct comparing *comparing, size_t count, struct assignment_pair pair)
{
    if (count == comparing->pair_size) {
        comparing->pair_size = MAX((size_t)256, count * 2);
        comparing->pairs =
            mem_resize(comparing->pairs, comparing->pair_size * sizeof *comparing->pairs);
    }
    comparing->pairs[count] = pair;
}

static bool has_distractor(const struct scene *scene)
{
    for (size_t i = 0; i < scene->truth_count; i++) {
        if (scene->truths[i].role == EVALUATION_DISTRACTOR)
            return true;
    }
    return false;
}

/* All of the truth takes part in this matching: who stands before a reflection keeps his track. */
static void remove_distracted(struct comparing *comparing, const struct scene *scene)
{
    memset(comparing->is_removed, 0, scene->track_count * sizeof *comparing->is_removed);
    if (!has_distractor(scene))
        return;
    size_t count = 0;
    for (uint32_t row = 0; row < scene->truth_count; row++) {
        for (uint32_t column = 0; column < scene->track_count; column++) {
            double gain = similarity(comparing, &scene->truths[row], &scene->tracks[column]);
            if (gain >= SIMILARITY_MATCH - SIMILARITY_ROUNDING)
                add_pair(comparing, count++, (struct assignment_pair){row, column, gain});
        }
    }
    (void)assignment_solve(comparing->assignment, scene->truth_count, scene->track_count,
                           comparing->pairs, count, comparing->columns); /* only the pairs matter */
    for (size_t row = 0; row < scene->truth_count; row++) {
        uint32_t column = comparing->columns[row];
        if (column != ASSIGNMENT_ALONE && scene->truths[row].role == EVALUATION_DISTRACTOR)
            comparing->is_removed[column] = true;
    }
}

static enum err add_likeness(struct comparing *comparing, struct likeness likeness)
{
    struct comparison *comparison = comparing->comparison;
    if (comparison->likeness_count == LIMIT_EVALUATION_LIKENESSES)
        return err_set(comparing->note, ERR_TOO_LARGE, "",
                       "more than %d times a person and a track come near each other; split the "
                       "sequence",
                       LIMIT_EVALUATION_LIKENESSES);
    if (comparison->likeness_count == comparison->likeness_size) {
        comparison->likeness_size *= 2;
        comparison->likenesses = mem_resize(
            comparison->likenesses, comparison->likeness_size * sizeof *comparison->likenesses);
    }
    comparison->likenesses[comparison->likeness_count++] = likeness;
    return ERR_NONE;
}

static enum err compare_people(struct comparing *comparing, const struct scene *scene,
                               struct moment *moment)
{
    struct comparison *comparison = comparing->comparison;
    for (size_t i = 0; i < scene->truth_count; i++) {
        if (scene->truths[i].role != EVALUATION_PERSON)
            continue;
        uint32_t row = moment->people++;
        comparison->people[comparison->people_size++] = scene->truths[i].id;
        comparison->person_frames[scene->truths[i].id]++;
        uint32_t column = 0;
        for (size_t j = 0; j < scene->track_count; j++) {
            if (comparing->is_removed[j])
                continue;
            double alike = similarity(comparing, &scene->truths[i], &scene->tracks[j]);
            if (alike > 0)
                TRY(add_likeness(comparing, (struct likeness){row, column, 0, alike}));
            column++;
        }
    }
    return ERR_NONE;
}

static enum err compare_scene(struct comparing *comparing, const struct scene *scene,
                              struct moment *moment)
{
    struct comparison *comparison = comparing->comparison;
    if (scene->truth_count > LIMIT_FRAME_PERSONS || scene->track_count > LIMIT_FRAME_PERSONS)
        return err_set(comparing->note, ERR_TOO_LARGE, "", "more than %d stand in one frame",
                       LIMIT_FRAME_PERSONS);
    *moment = (struct moment){.person_first = comparison->people_size,
                              .track_first = comparison->tracks_size,
                              .likeness_first = comparison->likeness_count};
    remove_distracted(comparing, scene);
    for (size_t i = 0; i < scene->track_count; i++) {
        if (comparing->is_removed[i])
            continue;
        moment->tracks++;
        comparison->tracks[comparison->tracks_size++] = scene->tracks[i].id;
        comparison->track_frames[scene->tracks[i].id]++;
    }
    TRY(compare_people(comparing, scene, moment));
    moment->likenesses = (uint32_t)(comparison->likeness_count - moment->likeness_first);
    return ERR_NONE;
}

static size_t end_of_frame(const struct evaluation_item *items, size_t count, size_t first,
                           size_t frame)
{
    while (first < count && items[first].frame == frame)
        first++;
    return first;
}

static enum err compare_frames(struct comparing *comparing)
{
    const struct evaluation_sequence *sequence = comparing->sequence;
    size_t truth = 0;
    size_t track = 0;
    for (size_t frame = 0; frame < sequence->frame_count; frame++) {
        size_t truth_end = end_of_frame(sequence->truths, sequence->truth_count, truth, frame);
        size_t track_end = end_of_frame(sequence->tracks, sequence->track_count, track, frame);
        struct scene scene = {.truths = truth_end == truth ? NULL : sequence->truths + truth,
                              .tracks = track_end == track ? NULL : sequence->tracks + track,
                              .truth_count = truth_end - truth,
                              .track_count = track_end - track};
        TRY(compare_scene(comparing, &scene, &comparing->comparison->moments[frame]));
        truth = truth_end;
        track = track_end;
    }
    assert(truth == sequence->truth_count && track == sequence->track_count);
    return ERR_NONE;
}

static struct link link_of(const struct comparison *comparison, const struct moment *moment,
                           const struct likeness *likeness)
{
    return (struct link){comparison->people[moment->person_first + likeness->row],
                         comparison->tracks[moment->track_first + likeness->column]};
}

/* The pair of ids of each likeness. */
static struct link *links_of(const struct comparison *comparison)
{
    struct link *links = mem_new_array(comparison->likeness_count + 1, sizeof *links);
    for (size_t i = 0; i < comparison->moment_count; i++) {
        const struct moment *moment = &comparison->moments[i];
        for (size_t j = moment->likeness_first; j < moment->likeness_first + moment->likenesses;
             j++)
            links[j] = link_of(comparison, moment, &comparison->likenesses[j]);
    }
    return links;
}

/* The likenesses person by person: out_order[] holds their indices. */
static void order_by_person(const struct comparison *comparison, const struct link *links,
                            uint32_t *out_order)
{
    size_t *next = mem_new_array(comparison->person_id_count + 1, sizeof *next);
    for (size_t i = 0; i < comparison->likeness_count; i++)
        next[links[i].person + 1]++;
    for (size_t i = 0; i < comparison->person_id_count; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < comparison->likeness_count; i++)
        out_order[next[links[i].person]++] = (uint32_t)i;
    mem_free(next);
}

/* Numbers the pairs of ids that occur, and tells every likeness the number of its own. */
static void number_links(struct comparison *comparison)
{
    size_t count = comparison->likeness_count;
    struct link *links = links_of(comparison);
    uint32_t *order = mem_new_array(count + 1, sizeof *order);
    /* [track]: its pair with the person in hand, as number + 1; older numbers belong to others. */
    size_t *numbers = mem_new_array(comparison->track_id_count + 1, sizeof *numbers);
    order_by_person(comparison, links, order);
    comparison->links = mem_new_array(count + 1, sizeof *comparison->links);
    size_t first = 0; /* number of the person's first pair */
    for (size_t i = 0; i < count; i++) {
        const struct link *link = &links[order[i]];
        if (i > 0 && link->person != links[order[i - 1]].person)
            first = comparison->link_count;
        if (numbers[link->track] <= first) {
            comparison->links[comparison->link_count++] = *link;
            numbers[link->track] = comparison->link_count;
        }
        comparison->likenesses[order[i]].link = (uint32_t)(numbers[link->track] - 1);
    }
    comparison->links =
        mem_resize(comparison->links, (comparison->link_count + 1) * sizeof *comparison->links);
    mem_free(links);
    mem_free(order);
    mem_free(numbers);
}

static size_t id_count(const struct evaluation_item *items, size_t count)
{
    size_t ids = 0;
    for (size_t i = 0; i < count; i++)
        ids = MAX(ids, (size_t)items[i].id + 1);
    return ids;
}

enum err comparison_make(const struct evaluation_sequence *sequence, double threshold_m,
                         struct comparison *out, struct err_note *note)
{
    struct comparison comparison = {
        .moment_count = sequence->frame_count,
        .person_id_count = id_count(sequence->truths, sequence->truth_count),
        .track_id_count = id_count(sequence->tracks, sequence->track_count)};
    if (comparison.track_id_count > 0 &&
        comparison.person_id_count > LIMIT_EVALUATION_ID_PAIRS / comparison.track_id_count)
        return err_set(note, ERR_TOO_LARGE, "",
                       "%zu people and %zu tracks are too many to match; split the sequence",
                       comparison.person_id_count, comparison.track_id_count);
    comparison.moments = mem_new_array(sequence->frame_count + 1, sizeof *comparison.moments);
    comparison.likeness_size = 1024;
    comparison.likenesses = mem_new_array(comparison.likeness_size, sizeof *comparison.likenesses);
    comparison.people = mem_new_array(sequence->truth_count + 1, sizeof *comparison.people);
    comparison.tracks = mem_new_array(sequence->track_count + 1, sizeof *comparison.tracks);
    comparison.person_frames =
        mem_new_array(comparison.person_id_count + 1, sizeof *comparison.person_frames);
    comparison.track_frames =
        mem_new_array(comparison.track_id_count + 1, sizeof *comparison.track_frames);
    SCOPED(assignment) assignment = assignment_create();
    struct comparing comparing = {sequence, threshold_m, &comparison, assignment, NULL,
                                  0,        NULL,        NULL,        note};
    comparing.columns = mem_new_array(LIMIT_FRAME_PERSONS, sizeof *comparing.columns);
    comparing.is_removed = mem_new_array(LIMIT_FRAME_PERSONS, sizeof *comparing.is_removed);
    enum err err = compare_frames(&comparing);
    mem_free(comparing.pairs);
    mem_free(comparing.columns);
    mem_free(comparing.is_removed);
    if (err != ERR_NONE) {
        comparison_fini(&comparison);
        return err;
    }
    number_links(&comparison);
    *out = comparison;
    return ERR_NONE;
}
