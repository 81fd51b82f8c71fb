// SPDX-License-Identifier: Apache-2.0
/* Every reader of tracks and truth on any bytes, and what it makes of them against a small truth. The
 * first byte picks the format and the side. What is refused names a place and a remedy; what is taken
 * gives frames and ids within their counts, and figures within their bounds. */
#include "evaluation/positions.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char TRUTH[] = "# framerate: 2\n1 0 0 0\n1 1 1 1\n2 3 2 2\n";
static const char BOXES[] = "0,1,0,0,9,9\n3,1,1,1,9,9\n";

/* An id may have come to no judged frame, so that only the number of positions bounds it. */
static void check_items(const struct evaluation_item *items, size_t count, size_t frame_count,
                        size_t id_max)
{
    for (size_t i = 0; i < count; i++) {
        assert(items[i].frame < frame_count && items[i].id < id_max);
        assert(isfinite(items[i].x) && isfinite(items[i].y) && items[i].w >= 0 && items[i].h >= 0);
        assert(i == 0 || items[i - 1].frame < items[i].frame ||
               (items[i - 1].frame == items[i].frame && items[i - 1].id < items[i].id));
    }
}

static void check_figures(const struct evaluation_sequence *sequence)
{
    struct evaluation_scores scores;
    struct err_note note = {0};
    if (evaluation_score(sequence, EVALUATION_THRESHOLDS, &scores, &note) != ERR_NONE)
        return;
    struct evaluation_figures figures = evaluation_figures(&scores);
    assert(figures.moda <= 1 && figures.mota <= 1);
    assert(figures.idf1 >= 0 && figures.idf1 <= 1);
    assert(figures.hota >= 0 && figures.hota <= 1 + 1e-9);
    assert(figures.modp >= -1e-9 && figures.modp <= 1 + 1e-9);
}

static void join(struct positions *truth, struct positions *tracks)
{
    struct positions_alignment alignment = {
        .truth_name = "truth", .tracks_name = "tracks", .has_start = true, .gap_ms = 2000};
    struct evaluation_sequence sequence;
    struct positions_report report;
    struct err_note note = {0};
    /* Millions of frames cost memory, which is not what is looked for here. */
    if (truth->has_frames && truth->last / 100000 > truth->first / 100000 + 1)
        return;
    if (positions_join(truth, tracks, &alignment, &sequence, &report, &note) != ERR_NONE) {
        assert(note.place[0] != '\0' && note.detail[0] != '\0');
        return;
    }
    check_items(sequence.truths, sequence.truth_count, sequence.frame_count, truth->count);
    check_items(sequence.tracks, sequence.track_count, sequence.frame_count, tracks->count);
    check_figures(&sequence);
    evaluation_sequence_fini(&sequence);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    enum positions_format format = (enum positions_format)((bytes[0] & 0x7f) % POSITIONS_FORMATS);
    struct positions_options options = {.side = bytes[0] & 0x80 ? POSITIONS_OF_TRUTH
                                                                : POSITIONS_OF_TRACKS};
    struct positions read = {0};
    struct positions other = {0};
    struct err_note note = {0};
    enum err err =
        positions_read(&read, format, &options, "5.json", (const char *)bytes + 1, len - 1, &note);
    assert(err == ERR_NONE || (note.place[0] != '\0' && note.detail[0] != '\0'));
    if (err == ERR_NONE) {
        bool is_floor = read.kind == EVALUATION_FLOOR;
        const char *text = is_floor ? TRUTH : BOXES;
        struct positions_options others = {
            .side = options.side == POSITIONS_OF_TRUTH ? POSITIONS_OF_TRACKS : POSITIONS_OF_TRUTH};
        err = positions_read(&other, is_floor ? POSITIONS_TRAJECTORY : POSITIONS_MOT, &others,
                             "other", text, strlen(text), &note);
        assert(err == ERR_NONE);
        if (options.side == POSITIONS_OF_TRUTH)
            join(&read, &other);
        else
            join(&other, &read);
    }
    positions_fini(&read);
    positions_fini(&other);
    return 0;
}
