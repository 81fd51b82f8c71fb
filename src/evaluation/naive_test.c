// SPDX-License-Identifier: Apache-2.0
/* The figures a second time, from the formulas alone, on small random sequences: every way of matching is
 * tried, everything is a full matrix, nothing is shared with the real ones. */
#include "base/random.h"
#include "base/test.h"
#include "evaluation/evaluation.h"

#include <math.h>

enum { FRAMES = 6, IDS = 4, ROUNDS = 2000 };
#define NOT_THERE (-1)
#define ROUNDING  1e-9

/* A person's or track's place in each frame, as x and y on the floor. */
struct world {
    bool is_there[2][IDS][FRAMES];
    double x[2][IDS][FRAMES], y[2][IDS][FRAMES];
};
enum { PERSON, TRACK };

static struct world make_world(struct random_sequence *chance)
{
    struct world world = {0};
    for (int i = 0; i < IDS; i++) {
        double x = random_uniform(chance) * 3;
        double y = random_uniform(chance) * 2;
        for (int f = 0; f < FRAMES; f++) {
            x += random_uniform(chance) - 0.5;
            int as = random_uniform(chance) < 0.15 ? (int)random_below(chance, IDS) : i;
            world.is_there[PERSON][i][f] = random_uniform(chance) < 0.8;
            world.x[PERSON][i][f] = x;
            world.y[PERSON][i][f] = y;
            if (random_uniform(chance) < 0.25 || world.is_there[TRACK][as][f])
                continue;
            world.is_there[TRACK][as][f] = true;
            world.x[TRACK][as][f] = x + (random_uniform(chance) - 0.5);
            world.y[TRACK][as][f] = y + (random_uniform(chance) - 0.5);
        }
    }
    return world;
}

static double alike(const struct world *world, int person, int track, int frame, double threshold)
{
    if (!world->is_there[PERSON][person][frame] || !world->is_there[TRACK][track][frame])
        return 0;
    double dx = world->x[PERSON][person][frame] - world->x[TRACK][track][frame];
    double dy = world->y[PERSON][person][frame] - world->y[TRACK][track][frame];
    return fmax(0, 1 - sqrt(dx * dx + dy * dy) / (2 * threshold));
}

/* Tries every matching; gains of 0 are no match. */
struct search {
    double (*gains)[IDS];
    int match[IDS], best[IDS];
    bool is_taken[IDS];
    double best_sum;
};

static void try_from(struct search *search, int person, double sum)
{
    if (person == IDS) {
        if (sum > search->best_sum) {
            search->best_sum = sum;
            memcpy(search->best, search->match, sizeof search->best);
        }
        return;
    }
    search->match[person] = NOT_THERE;
    try_from(search, person + 1, sum);
    for (int track = 0; track < IDS; track++) {
        if (search->is_taken[track] || search->gains[person][track] <= 0)
            continue;
        search->is_taken[track] = true;
        search->match[person] = track;
        try_from(search, person + 1, sum + search->gains[person][track]);
        search->is_taken[track] = false;
    }
    search->match[person] = NOT_THERE;
}

static double best_matching(double gains[IDS][IDS], int match[IDS])
{
    struct search search = {.gains = gains, .best_sum = -1};
    try_from(&search, 0, 0);
    memcpy(match, search.best, sizeof search.best);
    return search.best_sum;
}

static int count_there(const struct world *world, int side, int frame)
{
    int count = 0;
    for (int i = 0; i < IDS; i++)
        count += world->is_there[side][i][frame];
    return count;
}

static int count_frames(const struct world *world, int side, int id)
{
    int count = 0;
    for (int f = 0; f < FRAMES; f++)
        count += world->is_there[side][id][f];
    return count;
}

struct naive {
    double moda, modp, mota, idf1, hota, deta, assa, count_error;
};

static void naive_tracking(const struct world *world, struct naive *out)
{
    int last[IDS] = {NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE};
    int before[IDS] = {NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE};
    int people = 0, wrong = 0, errors = 0;
    for (int f = 0; f < FRAMES; f++) {
        double gains[IDS][IDS];
        int match[IDS];
        int there = count_there(world, PERSON, f);
        int tracks = count_there(world, TRACK, f);
        people += there;
        errors += abs(there - tracks);
        wrong += there + tracks;
        if (there == 0 || tracks == 0)
            continue;
        for (int i = 0; i < IDS; i++) {
            for (int j = 0; j < IDS; j++) {
                double similarity = alike(world, i, j, f, 1);
                gains[i][j] = similarity < 0.5 ? 0 : similarity + (before[i] == j ? 1000 : 0);
            }
        }
        (void)best_matching(gains, match);
        for (int i = 0; i < IDS; i++) {
            before[i] = match[i];
            if (match[i] == NOT_THERE)
                continue;
            wrong -= 2;
            wrong += last[i] != NOT_THERE && last[i] != match[i];
            last[i] = match[i];
        }
    }
    out->mota = 1 - (double)wrong / MAX(people, 1);
    out->count_error = (double)errors / FRAMES;
}

static void naive_detection(const struct world *world, struct naive *out)
{
    int people = 0, wrong = 0, matched = 0;
    double near = 0;
    for (int f = 0; f < FRAMES; f++) {
        double gains[IDS][IDS];
        int match[IDS];
        people += count_there(world, PERSON, f);
        wrong += count_there(world, PERSON, f) + count_there(world, TRACK, f);
        for (int i = 0; i < IDS; i++) {
            for (int j = 0; j < IDS; j++) {
                double similarity = alike(world, i, j, f, 0.5);
                gains[i][j] = similarity < 0.5 ? 0 : 100 + similarity;
            }
        }
        (void)best_matching(gains, match);
        for (int i = 0; i < IDS; i++) {
            if (match[i] == NOT_THERE)
                continue;
            matched++;
            wrong -= 2;
            near += 1 - 2 * (1 - alike(world, i, match[i], f, 0.5));
        }
    }
    out->moda = 1 - (double)wrong / MAX(people, 1);
    out->modp = near / MAX(matched, 1);
}

static void naive_identity(const struct world *world, struct naive *out)
{
    double gains[IDS][IDS] = {0};
    int match[IDS];
    int all = 0;
    for (int i = 0; i < IDS; i++) {
        all += count_frames(world, PERSON, i) + count_frames(world, TRACK, i);
        for (int j = 0; j < IDS; j++) {
            for (int f = 0; f < FRAMES; f++)
                gains[i][j] += alike(world, i, j, f, 1) >= 0.5;
        }
    }
    out->idf1 = 2 * best_matching(gains, match) / MAX(all, 1);
}

static void naive_alignment(const struct world *world, double together[IDS][IDS])
{
    memset(together, 0, IDS * sizeof together[0]);
    for (int f = 0; f < FRAMES; f++) {
        for (int i = 0; i < IDS; i++) {
            for (int j = 0; j < IDS; j++) {
                double similarity = alike(world, i, j, f, 1);
                double all = -similarity;
                for (int k = 0; k < IDS; k++)
                    all += alike(world, i, k, f, 1) + alike(world, k, j, f, 1);
                together[i][j] += all > 1e-12 ? similarity / all : 0;
            }
        }
    }
    for (int i = 0; i < IDS; i++) {
        for (int j = 0; j < IDS; j++)
            together[i][j] /= fmax(1e-12, count_frames(world, PERSON, i) +
                                              count_frames(world, TRACK, j) - together[i][j]);
    }
}

static void naive_hota_at(const struct world *world, int matches[FRAMES][IDS], double alpha,
                          struct naive *out)
{
    double counts[IDS][IDS] = {0};
    double matched = 0, all = 0, association = 0;
    for (int f = 0; f < FRAMES; f++) {
        all += count_there(world, PERSON, f) + count_there(world, TRACK, f);
        for (int i = 0; i < IDS; i++) {
            int j = matches[f][i];
            if (j == NOT_THERE || alike(world, i, j, f, 1) < alpha)
                continue;
            matched++;
            counts[i][j]++;
        }
    }
    for (int i = 0; i < IDS; i++) {
        for (int j = 0; j < IDS; j++)
            association += counts[i][j] * counts[i][j] /
                           fmax(1, count_frames(world, PERSON, i) + count_frames(world, TRACK, j) -
                                       counts[i][j]);
    }
    double deta = matched / fmax(1, all - matched);
    double assa = association / fmax(1, matched);
    out->deta += deta / 19;
    out->assa += assa / 19;
    out->hota += sqrt(deta * assa) / 19;
}

static void naive_hota(const struct world *world, struct naive *out)
{
    double together[IDS][IDS];
    int matches[FRAMES][IDS];
    naive_alignment(world, together);
    for (int f = 0; f < FRAMES; f++) {
        double gains[IDS][IDS];
        for (int i = 0; i < IDS; i++) {
            for (int j = 0; j < IDS; j++)
                gains[i][j] = together[i][j] * alike(world, i, j, f, 1);
        }
        (void)best_matching(gains, matches[f]);
    }
    for (int a = 1; a <= 19; a++)
        naive_hota_at(world, matches, 0.05 * a, out);
}

static size_t items_of(const struct world *world, int side, struct evaluation_item *out)
{
    size_t count = 0;
    for (uint32_t f = 0; f < FRAMES; f++) {
        for (uint32_t i = 0; i < IDS; i++) {
            if (world->is_there[side][i][f])
                out[count++] = (struct evaluation_item){
                    .frame = f, .id = i, .x = world->x[side][i][f], .y = world->y[side][i][f]};
        }
    }
    return count;
}

static struct evaluation_figures real(const struct world *world)
{
    struct evaluation_item truths[FRAMES * IDS], tracks[FRAMES * IDS];
    struct evaluation_sequence sequence = {
        .kind = EVALUATION_FLOOR, .frame_count = FRAMES, .truths = truths, .tracks = tracks};
    sequence.truth_count = items_of(world, PERSON, truths);
    sequence.track_count = items_of(world, TRACK, tracks);
    struct evaluation_scores scores;
    struct err_note note = {0};
    CHECK(evaluation_score(&sequence, EVALUATION_THRESHOLDS, &scores, &note) == ERR_NONE);
    return evaluation_figures(&scores);
}

TEST(every_figure_equals_the_one_by_trying_all_matchings)
{
    struct random_sequence chance = {.state = 7};
    int imperfect = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct world world = make_world(&chance);
        struct naive naive = {0};
        naive_tracking(&world, &naive);
        naive_detection(&world, &naive);
        naive_identity(&world, &naive);
        naive_hota(&world, &naive);
        struct evaluation_figures figures = real(&world);
        CHECK_NEAR(figures.mota, naive.mota, ROUNDING);
        CHECK_NEAR(figures.moda, naive.moda, ROUNDING);
        CHECK_NEAR(figures.modp, naive.modp, ROUNDING);
        CHECK_NEAR(figures.idf1, naive.idf1, ROUNDING);
        CHECK_NEAR(figures.hota, naive.hota, ROUNDING);
        CHECK_NEAR(figures.deta, naive.deta, ROUNDING);
        CHECK_NEAR(figures.assa, naive.assa, ROUNDING);
        CHECK_NEAR(figures.count_error, naive.count_error, ROUNDING);
        imperfect += figures.mota < 0.9 && figures.mota > 0.1;
    }
    CHECK(imperfect > ROUNDS / 4); /* the worlds are neither easy nor hopeless */
}
