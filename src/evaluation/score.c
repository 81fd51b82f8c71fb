// SPDX-License-Identifier: Apache-2.0
#include "evaluation/evaluation_internal.h"

#include <math.h>

void evaluation_sequence_fini(struct evaluation_sequence *sequence)
{
    mem_free(sequence->truths);
    mem_free(sequence->tracks);
    *sequence = (struct evaluation_sequence){0};
}

static uint64_t present(const uint32_t *frames, size_t count)
{
    uint64_t ids = 0;
    for (size_t i = 0; i < count; i++)
        ids += frames[i] > 0;
    return ids;
}

static void count_score(const struct comparison *comparison, struct evaluation_scores *out)
{
    out->frames = comparison->moment_count;
    out->people = present(comparison->person_frames, comparison->person_id_count);
    out->tracks = present(comparison->track_frames, comparison->track_id_count);
    for (size_t i = 0; i < comparison->moment_count; i++) {
        const struct moment *moment = &comparison->moments[i];
        out->count_errors += moment->people > moment->tracks ? moment->people - moment->tracks
                                                             : moment->tracks - moment->people;
    }
}

/* Floor points are detected at a distance of their own, and with no regard to who is who. */
static enum err detection_score(const struct evaluation_sequence *sequence, double threshold_m,
                                struct clear_scores *out, struct err_note *note)
{
    SCOPED_COMPARISON comparison = {0};
    TRY(comparison_make(sequence, threshold_m, &comparison, note));
    clear_score(&comparison, CLEAR_FRAME_BY_FRAME, out);
    out->switches = 0;
    /* From 1 - d / (2 t) to 1 - d / t. */
    out->likeness_sum = 2 * out->likeness_sum - (double)out->matched;
    return ERR_NONE;
}

enum err evaluation_score(const struct evaluation_sequence *sequence,
                          struct evaluation_thresholds thresholds,
                          struct evaluation_scores *out_scores, struct err_note *note)
{
    assert(thresholds.detection_m > 0 && thresholds.identity_m > 0);
    struct evaluation_scores scores = {0};
    SCOPED_COMPARISON comparison = {0};
    TRY(comparison_make(sequence, thresholds.identity_m, &comparison, note));
    count_score(&comparison, &scores);
    clear_score(&comparison, CLEAR_KEEPS_PAIRS, &scores.tracking);
    identity_score(&comparison, &scores);
    hota_score(&comparison, &scores.hota);
    scores.detection = scores.tracking;
    if (sequence->kind == EVALUATION_FLOOR)
        TRY(detection_score(sequence, thresholds.detection_m, &scores.detection, note));
    *out_scores = scores;
    return ERR_NONE;
}

static void add_clear(struct clear_scores *sum, const struct clear_scores *scores)
{
    sum->matched += scores->matched;
    sum->missed += scores->missed;
    sum->invented += scores->invented;
    sum->switches += scores->switches;
    sum->likeness_sum += scores->likeness_sum;
}

void evaluation_add(struct evaluation_scores *sum, const struct evaluation_scores *scores)
{
    sum->frames += scores->frames;
    sum->people += scores->people;
    sum->tracks += scores->tracks;
    sum->count_errors += scores->count_errors;
    add_clear(&sum->detection, &scores->detection);
    add_clear(&sum->tracking, &scores->tracking);
    sum->identity_matched += scores->identity_matched;
    sum->identity_missed += scores->identity_missed;
    sum->identity_invented += scores->identity_invented;
    for (size_t a = 0; a < EVALUATION_ALPHAS; a++) {
        sum->hota.matched[a] += scores->hota.matched[a];
        sum->hota.missed[a] += scores->hota.missed[a];
        sum->hota.invented[a] += scores->hota.invented[a];
        sum->hota.association_sum[a] += scores->hota.association_sum[a];
    }
}

/* 0 where there is nothing to divide by, as TrackEval. */
static double share(double part, double whole)
{
    return part / fmax(1, whole);
}

static void hota_figures(const struct hota_scores *scores, struct evaluation_figures *figures)
{
    for (size_t a = 0; a < EVALUATION_ALPHAS; a++) {
        double matched = (double)scores->matched[a];
        double deta =
            share(matched, matched + (double)scores->missed[a] + (double)scores->invented[a]);
        double assa = share(scores->association_sum[a], matched);
        figures->deta += deta / EVALUATION_ALPHAS;
        figures->assa += assa / EVALUATION_ALPHAS;
        figures->hota += sqrt(deta * assa) / EVALUATION_ALPHAS;
    }
}

struct evaluation_figures evaluation_figures(const struct evaluation_scores *scores)
{
    const struct clear_scores *seen = &scores->detection;
    const struct clear_scores *kept = &scores->tracking;
    double truths = (double)seen->matched + (double)seen->missed;
    double matched = (double)scores->identity_matched;
    double missed = (double)scores->identity_missed;
    double invented = (double)scores->identity_invented;
    struct evaluation_figures figures = {
        .moda = share((double)seen->matched - (double)seen->invented, truths),
        .modp = share(seen->likeness_sum, (double)seen->matched),
        .recall = share((double)seen->matched, truths),
        .precision = share((double)seen->matched, (double)seen->matched + (double)seen->invented),
        .count_error = share((double)scores->count_errors, (double)scores->frames),
        .mota =
            share((double)kept->matched - (double)kept->invented - (double)kept->switches, truths),
        .idf1 = share(matched, matched + 0.5 * missed + 0.5 * invented),
        .idp = share(matched, matched + invented),
        .idr = share(matched, matched + missed)};
    hota_figures(&scores->hota, &figures);
    return figures;
}
