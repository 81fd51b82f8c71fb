// SPDX-License-Identifier: Apache-2.0
#include "crowd/handover/handover.h"

#include "base/assignment.h"
#include "crowd/handover/odds.h"

#include <math.h>

#define LONG_AGO      (INT64_MIN / 4)
#define STRANGERS_MAX 16 /* with whom somebody new is compared */
#define MEMORY_S      600.0

struct handover {
    struct looks *looks;
    struct handover_known *lost; /* by when they were told */
    size_t lost_count;
    struct handover_known *new; /* not yet decided */
    size_t new_count;
    struct handover_known *here; /* a few who began last, and are there: strangers to each other */
    size_t here_count, here_next;
    struct handover_rate rate;
    struct assignment *assignment;
};

struct handover *handover_create(void)
{
    struct handover *handover = mem_new(sizeof *handover);
    handover->looks = looks_create();
    handover->assignment = assignment_create();
    handover->lost = mem_new_array(HANDOVER_PEOPLE_MAX, sizeof *handover->lost);
    handover->new = mem_new_array(HANDOVER_NEW_MAX, sizeof *handover->new);
    handover->here = mem_new_array(STRANGERS_MAX, sizeof *handover->here);
    return handover;
}

void handover_destroy(struct handover *handover)
{
    if (handover == NULL)
        return;
    looks_destroy(handover->looks);
    assignment_destroy(handover->assignment);
    mem_free(handover->lost);
    mem_free(handover->new);
    mem_free(handover->here);
    mem_free(handover);
}

void handover_look(struct handover *handover, uint32_t device, int64_t source_track,
                   const int8_t v[LOOKS_DIMS], int64_t at_ms)
{
    looks_put(handover->looks, device, source_track, v, at_ms);
}

size_t handover_looks(const struct handover *handover)
{
    return looks_count(handover->looks);
}

size_t handover_waiting(const struct handover *handover)
{
    return handover->lost_count + handover->new_count;
}

/* --- who is where --- */

static size_t find(const struct handover_known *all, size_t count, uint32_t group, uint64_t id)
{
    size_t place = 0;
    while (place < count && (all[place].person.group != group || all[place].person.id != id))
        place++;
    return place;
}

static void drop(struct handover_known *all, size_t *inout_count, size_t place)
{
    (*inout_count)--;
    memmove(&all[place], &all[place + 1], (*inout_count - place) * sizeof *all);
    all[*inout_count].look = (struct look){.count = 0}; /* no copy stays behind */
}

static void forget_looks(struct handover_known *all, size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].look.count > 0 && looks_is_over(all[i].look.at_ms, now_ms))
            all[i].look = (struct look){.count = 0};
    }
}

static struct handover_known *push(struct handover_known *all, size_t *inout_count, size_t max,
                                   const struct handover_person *person)
{
    if (*inout_count == max)
        drop(all, inout_count, 0);
    struct handover_known *known = &all[(*inout_count)++];
    *known = (struct handover_known){.person = *person};
    return known;
}

static void gather_look(struct handover *handover, struct handover_known *known)
{
    known->look = (struct look){.count = 0};
    for (uint32_t i = 0; i < known->person.eye_count; i++)
        looks_gather(handover->looks, known->person.eyes[i].device,
                     known->person.eyes[i].source_track, &known->look);
}

/* Whoever is there while somebody begins is somebody else. */
static void learn_strangers(struct handover *handover, const struct handover_known *new)
{
    if (new->look.count == 0)
        return;
    for (size_t i = 0; i < handover->here_count; i++) {
        const struct handover_known *other = &handover->here[i];
        if (!other->is_gone)
            looks_learn_strangers(handover->looks, &other->look, &new->look);
    }
    handover->here[handover->here_next] = *new;
    handover->here_next = (handover->here_next + 1) % STRANGERS_MAX;
    handover->here_count = MIN(handover->here_count + 1, (size_t)STRANGERS_MAX);
}

static void leave(struct handover *handover, const struct handover_person *person)
{
    size_t place = find(handover->here, handover->here_count, person->group, person->id);
    if (place < handover->here_count)
        handover->here[place].is_gone = true;
}

void handover_began(struct handover *handover, const struct handover_person *person)
{
    struct handover_known *new =
        push(handover->new, &handover->new_count, HANDOVER_NEW_MAX, person);
    gather_look(handover, new);
    learn_strangers(handover, new);
    handover->rate.begun += 1;
}

void handover_missed(struct handover *handover, const struct handover_person *person)
{
    if (find(handover->lost, handover->lost_count, person->group, person->id) <
        handover->lost_count)
        return;
    gather_look(handover, push(handover->lost, &handover->lost_count, HANDOVER_PEOPLE_MAX, person));
    leave(handover, person);
}

void handover_back(struct handover *handover, uint32_t group, uint64_t id)
{
    size_t place = find(handover->lost, handover->lost_count, group, id);
    if (place < handover->lost_count)
        drop(handover->lost, &handover->lost_count, place);
    place = find(handover->here, handover->here_count, group, id);
    if (place < handover->here_count)
        handover->here[place].is_gone = false;
}

void handover_lost(struct handover *handover, const struct handover_person *person)
{
    handover_missed(handover, person);
    size_t place = find(handover->lost, handover->lost_count, person->group, person->id);
    handover->lost[place].is_given_up = true;
}

void handover_forget_looks(struct handover *handover, int64_t now_ms)
{
    looks_forget(handover->looks, now_ms);
    forget_looks(handover->lost, handover->lost_count, now_ms);
    forget_looks(handover->new, handover->new_count, now_ms);
    forget_looks(handover->here, handover->here_count, now_ms);
}

static void forget_lost(struct handover *handover, int64_t newest_ms)
{
    size_t place = 0;
    while (place < handover->lost_count) {
        if (newest_ms - handover->lost[place].person.at_ms > HANDOVER_KEEP_MS)
            drop(handover->lost, &handover->lost_count, place);
        else
            place++;
    }
}

static void watch(struct handover_rate *rate, int64_t now_ms)
{
    if (now_ms == LONG_AGO)
        return; /* nobody has begun */
    if (rate->at_ms != 0 && now_ms > rate->at_ms)
        rate->watched_s += fmin((double)(now_ms - rate->at_ms) / 1000, 10);
    rate->at_ms = MAX(rate->at_ms, now_ms);
    if (rate->watched_s > MEMORY_S) {
        rate->watched_s /= 2;
        rate->begun /= 2;
        rate->joined /= 2;
    }
}

/* --- the decision --- */

struct deciding {
    struct assignment_pair *pairs;
    size_t count;
    double *new_sums, *lost_sums; /* odds of all that somebody may be */
    struct looks_scale looks;
};

static void pair_all(const struct handover *handover, struct deciding *deciding)
{
    for (uint32_t n = 0; n < handover->new_count; n++) {
        for (uint32_t l = 0; l < handover->lost_count; l++) {
            double odds = handover_odds(&handover->lost[l], &handover->new[n], &deciding->looks,
                                        &handover->rate);
            if (!(odds > -INFINITY))
                continue;
            double times = exp(odds);
            deciding->new_sums[n] += times;
            deciding->lost_sums[l] += times;
            if (odds > 0 && deciding->count < HANDOVER_PAIRS_MAX)
                deciding->pairs[deciding->count++] = (struct assignment_pair){n, l, odds};
        }
    }
}

/* Likelier than everything else that both may be. */
static bool is_sure(const struct handover *handover, const struct deciding *deciding, uint32_t n,
                    uint32_t l)
{
    const struct handover_known *lost = &handover->lost[l], *new = &handover->new[n];
    double odds = exp(handover_odds(lost, new, &deciding->looks, &handover->rate));
    bool is_blind = looks_odds(&deciding->looks, &lost->look, &new->look) == 0;
    double share = odds / (1 + fmax(deciding->new_sums[n], deciding->lost_sums[l]));
    return share >= (is_blind ? HANDOVER_SURE_BLIND : HANDOVER_SURE);
}

static bool is_due(const struct handover_known *new, const int64_t *group_times)
{
    return group_times[new->person.group] >= new->person.at_ms + HANDOVER_WAIT_MS;
}

static void join(struct handover *handover, uint32_t n, uint32_t l, struct handover_join *out)
{
    const struct handover_person *lost = &handover->lost[l].person, *new = &handover->new[n].person;
    *out = (struct handover_join){.lost_group = lost->group,
                                  .group = new->group,
                                  .lost_id = lost->id,
                                  .id = new->id,
                                  .was = new->told,
                                  .told = lost->told};
    handover->lost[l].is_joined = true;
    handover->rate.joined += 1;
}

static size_t settle(struct handover *handover, const struct deciding *deciding,
                     const int64_t *group_times, struct handover_join *out, size_t size)
{
    SCOPED_MEM uint32_t *columns = mem_new_array(handover->new_count + 1, sizeof *columns);
    size_t joins = 0, kept = 0, lost = 0;
    (void)assignment_solve(handover->assignment, handover->new_count, handover->lost_count,
                           deciding->pairs, deciding->count, columns);
    size_t new_count = handover->new_count, lost_count = handover->lost_count;
    for (uint32_t n = 0; n < new_count; n++) {
        bool is_kept = !is_due(&handover->new[n], group_times) || joins == size;
        if (!is_kept && columns[n] != ASSIGNMENT_ALONE &&
            is_sure(handover, deciding, n, columns[n]))
            join(handover, n, columns[n], &out[joins++]);
        if (is_kept)
            handover->new[kept++] = handover->new[n];
    }
    for (size_t l = 0; l < lost_count; l++) {
        if (!handover->lost[l].is_joined)
            handover->lost[lost++] = handover->lost[l];
    }
    handover->new_count = kept;
    handover->lost_count = lost;
    for (; kept < new_count; kept++)
        handover->new[kept].look = (struct look){.count = 0}; /* no copy stays behind */
    for (; lost < lost_count; lost++)
        handover->lost[lost].look = (struct look){.count = 0};
    return joins;
}

size_t handover_decide(struct handover *handover, const struct handover_time *times,
                       struct handover_join *out, size_t size)
{
    const int64_t *group_times = times->groups;
    int64_t newest_ms = LONG_AGO;
    for (size_t g = 0; g < times->count; g++)
        newest_ms = MAX(newest_ms, group_times[g]);
    forget_lost(handover, newest_ms);
    watch(&handover->rate, newest_ms);
    bool is_anybody_due = false;
    for (size_t n = 0; n < handover->new_count; n++)
        is_anybody_due |= is_due(&handover->new[n], group_times);
    if (!is_anybody_due)
        return 0;
    SCOPED_MEM struct assignment_pair *pairs = mem_new_array(HANDOVER_PAIRS_MAX, sizeof *pairs);
    SCOPED_MEM double *sums =
        mem_new_array(handover->new_count + handover->lost_count + 1, sizeof *sums);
    struct deciding deciding = {.looks = looks_scale(handover->looks),
                                .pairs = pairs,
                                .new_sums = sums,
                                .lost_sums = sums + handover->new_count};
    pair_all(handover, &deciding);
    return settle(handover, &deciding, group_times, out, size);
}
