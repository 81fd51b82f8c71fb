// SPDX-License-Identifier: Apache-2.0
/* muster evaluate — tracks against ground truth, a row for each sequence. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/files.h"
#include "evaluation/positions.h"

#include <inttypes.h>

struct evaluate_options {
    const char *truth;  /* paths, one a line */
    const char *tracks; /* as many */
    int format;         /* 0 = guess */
    double threshold_m, detection_threshold_m;
    double frames_per_s, metres_per_unit;
    const char *start, *frames;
    int64_t gap_ms;
    bool is_json;
};

static const char *const FORMAT_NAMES[] = {"guess",      "mot",     "mot20", "wildtrack",
                                           "trajectory", "columns", NULL};

#define AT(member) SETTING_AT(struct evaluate_options, member)
static const struct setting OPTIONS[] = {
    {.name = "truth",
     .kind = SETTING_WORDS,
     AT(truth),
     .argument = "FILE...",
     .doc = "Ground truth: a file for each sequence, for WILDTRACK a folder."},
    {.name = "tracks",
     .kind = SETTING_WORDS,
     AT(tracks),
     .argument = "FILE...",
     .doc = "The tracks of these sequences, in the same order."},
    {.name = "format",
     .kind = SETTING_ENUM,
     AT(format),
     .argument = "FORMAT",
     .fallback = "guess",
     .names = FORMAT_NAMES,
     .doc = "What the truth is; tracks are recognised."},
    {.name = "threshold",
     .kind = SETTING_REAL,
     AT(threshold_m),
     .argument = "M",
     .fallback = "1",
     .min = 0.001,
     .max = 1000,
     .doc = "Metres within which a track may be a person, for MOTA, IDF1 and HOTA."},
    {.name = "detection-threshold",
     .kind = SETTING_REAL,
     AT(detection_threshold_m),
     .argument = "M",
     .fallback = "0.5",
     .min = 0.001,
     .max = 1000,
     .doc = "The same for MODA and MODP."},
    {.name = "start",
     .kind = SETTING_TEXT,
     AT(start),
     .argument = "TIME",
     .doc = "When the truth's first frame was (RFC 3339), for tracks with times of day."},
    {.name = "frames-per-s",
     .kind = SETTING_REAL,
     AT(frames_per_s),
     .argument = "N",
     .fallback = "0",
     .min = 0,
     .max = 1000,
     .doc = "The truth's frame numbers in a second; 0: what the file says, else 30 for MOT, 10 for "
            "WILDTRACK, 16 for trajectories."},
    {.name = "metres-per-unit",
     .kind = SETTING_REAL,
     AT(metres_per_unit),
     .argument = "N",
     .fallback = "0",
     .min = 0,
     .max = 1000,
     .doc = "Unit of trajectories, 0.01 for centimetres; 0: what the file says, else metres."},
    {.name = "frames",
     .kind = SETTING_TEXT,
     AT(frames),
     .argument = "FIRST-LAST",
     .doc = "Judge these frame numbers of the truth; by default its first to its last."},
    {.name = "gap",
     .kind = SETTING_DURATION,
     AT(gap_ms),
     .argument = "TIME",
     .fallback = "0",
     .min = 0,
     .max = 3600000,
     .doc = "Between two times of a track that are no further apart it is taken to walk straight; "
            "0: one and a half of the usual step of these tracks."},
    {.name = "json",
     .kind = SETTING_SWITCH,
     AT(is_json),
     .doc = "A JSON object a line instead of the table."},
};

enum { SEQUENCES_MAX = LIMIT_SETTING_BYTES, NAME_SIZE = 64 };

struct evaluating {
    const struct evaluate_options *options;
    struct positions_alignment alignment;
    struct err_note *note;
};

/* --- reading --- */

struct side {
    struct positions *positions;
    struct positions_options options;
    int format; /* 0 = guess */
    struct err_note *note;
};

static enum err read_bytes(void *context, const char *path, const char *bytes, size_t len)
{
    const struct side *side = context;
    enum positions_format format = (enum positions_format)(side->format - 1);
    if (len == 0 && side->options.side == POSITIONS_OF_TRACKS)
        return ERR_NONE; /* a tracker that found nobody */
    if (side->format == 0 && !positions_guess(bytes, len, &format))
        return err_set(side->note, ERR_INVALID, path,
                       "is none of the formats that evaluate reads (compressed files must be "
                       "unpacked first); name the truth's by --format");
    return positions_read(side->positions, format, &side->options, path, bytes, len, side->note);
}

static enum err score_pair(const struct evaluating *evaluating, struct positions *truth,
                           struct positions *tracks, struct evaluation_scores *out)
{
    const struct evaluate_options *options = evaluating->options;
    struct side side = {
        truth, {POSITIONS_OF_TRUTH, options->metres_per_unit}, options->format, evaluating->note};
    enum err err =
        files_read(evaluating->alignment.truth_name, read_bytes, &side, evaluating->note);
    if (err == ERR_NOT_FOUND)
        return err_set(evaluating->note, err, evaluating->alignment.truth_name,
                       "cannot be read, and without ground truth %.100s cannot be judged; name the "
                       "file by --truth",
                       evaluating->alignment.tracks_name);
    TRY(err);
    side =
        (struct side){tracks, {POSITIONS_OF_TRACKS, options->metres_per_unit}, 0, evaluating->note};
    TRY(files_read(evaluating->alignment.tracks_name, read_bytes, &side, evaluating->note));
    struct evaluation_sequence sequence;
    struct positions_report report;
    TRY(positions_join(truth, tracks, &evaluating->alignment, &sequence, &report,
                       evaluating->note));
    if (report.outside > 0)
        (void)fprintf(stderr, "muster: %s: %zu positions lie outside the judged frames\n",
                      evaluating->alignment.tracks_name, report.outside);
    struct evaluation_thresholds thresholds = {.detection_m = options->detection_threshold_m,
                                               .identity_m = options->threshold_m};
    err = evaluation_score(&sequence, thresholds, out, evaluating->note);
    evaluation_sequence_fini(&sequence);
    if (err != ERR_NONE)
        err_note_within(evaluating->note, evaluating->alignment.tracks_name);
    return err;
}

/* --- writing --- */

static void name_of(const char *path, char out[NAME_SIZE])
{
    const char *slash = strrchr(path, '/');
    (void)snprintf(out, NAME_SIZE, "%s", slash == NULL ? path : slash + 1);
    char *dot = strrchr(out, '.');
    if (dot != NULL && dot != out)
        *dot = '\0';
}

static void write_heading(void)
{
    (void)printf("%-32s %7s %6s %6s %7s %7s %7s %7s %7s %7s %7s %7s %7s %7s %6s\n", "sequence",
                 "frames", "people", "tracks", "MODA", "MODP", "count", "MOTA", "IDF1", "HOTA",
                 "DetA", "AssA", "false", "missed", "switch");
}

static void write_row(const char *name, const struct evaluation_scores *scores)
{
    struct evaluation_figures figures = evaluation_figures(scores);
    const struct clear_scores *kept = &scores->tracking;
    (void)printf("%-32s %7" PRIu64 " %6" PRIu64 " %6" PRIu64
                 " %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f %7" PRIu64 " %7" PRIu64
                 " %6" PRIu64 "\n",
                 name, scores->frames, scores->people, scores->tracks, 100 * figures.moda,
                 100 * figures.modp, figures.count_error, 100 * figures.mota, 100 * figures.idf1,
                 100 * figures.hota, 100 * figures.deta, 100 * figures.assa, kept->invented,
                 kept->missed, kept->switches);
}

static void add_real(struct text *text, const char *name, double number)
{
    text_addf(text, ",\"%s\":", name);
    text_add_real(text, number);
}

static void add_count(struct text *text, const char *name, uint64_t count)
{
    text_addf(text, ",\"%s\":%" PRIu64, name, count);
}

static void write_json(const char *name, const struct evaluation_scores *scores)
{
    struct evaluation_figures figures = evaluation_figures(scores);
    SCOPED_TEXT line = {0};
    text_init(&line, 4096);
    text_add(&line, "{\"sequence\":");
    text_add_json(&line, name, strlen(name));
    add_count(&line, "frames", scores->frames);
    add_count(&line, "people", scores->people);
    add_count(&line, "tracks", scores->tracks);
    add_real(&line, "moda", figures.moda);
    add_real(&line, "modp", figures.modp);
    add_real(&line, "recall", figures.recall);
    add_real(&line, "precision", figures.precision);
    add_real(&line, "count_error", figures.count_error);
    add_real(&line, "mota", figures.mota);
    add_real(&line, "idf1", figures.idf1);
    add_real(&line, "idp", figures.idp);
    add_real(&line, "idr", figures.idr);
    add_real(&line, "hota", figures.hota);
    add_real(&line, "deta", figures.deta);
    add_real(&line, "assa", figures.assa);
    add_count(&line, "matched", scores->tracking.matched);
    add_count(&line, "false", scores->tracking.invented);
    add_count(&line, "missed", scores->tracking.missed);
    add_count(&line, "switches", scores->tracking.switches);
    text_add(&line, "}");
    assert(!line.overflowed);
    (void)printf("%s\n", line.bytes);
}

static void write_scores(const struct evaluate_options *options, const char *name,
                         const struct evaluation_scores *scores)
{
    (options->is_json ? write_json : write_row)(name, scores);
}

/* --- the lists --- */

/* Cuts the list into its words; returns how many. */
static size_t split(char *list, char **words)
{
    size_t count = 0;
    for (char *word = list; word != NULL && count < SEQUENCES_MAX;) {
        char *end = strchr(word, '\n');
        words[count++] = word;
        if (end != NULL)
            *end++ = '\0';
        word = end;
    }
    return count;
}

static enum err score_all(struct evaluating *evaluating, char *const *truths, char *const *tracks,
                          size_t count)
{
    struct evaluation_scores sum = {0};
    for (size_t i = 0; i < count; i++) {
        struct positions truth = {0};
        struct positions found = {0};
        struct evaluation_scores scores;
        char name[NAME_SIZE];
        evaluating->alignment.truth_name = truths[i];
        evaluating->alignment.tracks_name = tracks[i];
        enum err err = score_pair(evaluating, &truth, &found, &scores);
        positions_fini(&truth);
        positions_fini(&found);
        TRY(err);
        name_of(tracks[i], name);
        if (i == 0 && !evaluating->options->is_json)
            write_heading();
        write_scores(evaluating->options, name, &scores);
        evaluation_add(&sum, &scores);
    }
    if (count > 1)
        write_scores(evaluating->options, "all", &sum);
    return ERR_NONE;
}

static enum err parse_range(const char *text, struct positions_alignment *alignment,
                            struct err_note *note)
{
    char *end = NULL;
    char *last_end = NULL;
    alignment->first = strtoll(text, &end, 10);
    if (end != text && *end == '-')
        alignment->last = strtoll(end + 1, &last_end, 10);
    if (last_end == NULL || last_end == end + 1 || *last_end != '\0' || alignment->first < 0 ||
        alignment->last < alignment->first || alignment->last > INT32_MAX)
        return err_set(note, ERR_INVALID, "--frames", "must be two frame numbers, such as 1-600");
    alignment->has_range = true;
    return ERR_NONE;
}

static enum err align(const struct evaluate_options *options, struct positions_alignment *out,
                      struct err_note *note)
{
    *out = (struct positions_alignment){.frames_per_s = options->frames_per_s,
                                        .gap_ms = options->gap_ms};
    if (options->start != NULL &&
        !clock_parse(options->start, strlen(options->start), &out->start_ms))
        return err_set(note, ERR_INVALID, "--start", "must be a time like 2026-06-20T21:14:03Z");
    out->has_start = options->start != NULL;
    return options->frames == NULL ? ERR_NONE : parse_range(options->frames, out, note);
}

static enum command_result evaluate(const struct command_call *call)
{
    const struct evaluate_options *options = call->options;
    struct err_note note = {0};
    struct evaluating evaluating = {.options = options, .note = &note};
    if (options->truth == NULL || options->tracks == NULL) {
        (void)err_set(&note, ERR_INVALID, options->truth == NULL ? "--truth" : "--tracks",
                      "name the files: muster evaluate --truth FILE... --tracks FILE...");
        return command_fail(COMMAND_MISUSED, &note);
    }
    if (align(options, &evaluating.alignment, &note) != ERR_NONE)
        return command_fail(COMMAND_MISUSED, &note);
    SCOPED_MEM char *truth_list = mem_text(options->truth);
    SCOPED_MEM char *track_list = mem_text(options->tracks);
    SCOPED_MEM char **truths = mem_new_array(SEQUENCES_MAX, sizeof *truths);
    SCOPED_MEM char **tracks = mem_new_array(SEQUENCES_MAX, sizeof *tracks);
    size_t truth_count = split(truth_list, truths);
    size_t track_count = split(track_list, tracks);
    if (truth_count != track_count) {
        (void)err_set(&note, ERR_INVALID, "--tracks",
                      "names %zu files and --truth %zu: each sequence needs its ground truth and "
                      "its tracks",
                      track_count, truth_count);
        return command_fail(COMMAND_MISUSED, &note);
    }
    return score_all(&evaluating, truths, tracks, truth_count) == ERR_NONE
               ? COMMAND_DONE
               : command_fail(COMMAND_FAILED, &note);
}

const struct command command_evaluate = {
    .name = "evaluate",
    .summary = "compares tracks with ground truth",
    .manual =
        "Reads what really was (--truth) and what a tracker made of it (--tracks), and prints for "
        "each sequence MODA and MODP (who was seen), the mean error of the count in a frame, MOTA, "
        "IDF1 and HOTA with DetA and AssA (who stayed who), all but the count in percent, and how "
        "many positions were false or missed and how often a person changed his track.\n"
        "\n"
        "Truth may be MOTChallenge CSV (mot, mot20), a folder of WILDTRACK's annotations, "
        "trajectories (id frame x y) or CSV with a header (columns: frame,id,x,y). Tracks may be "
        "any of these, or CSV with a header that names at, id, x and y: times of day need --start, "
        "and are brought to the truth's frames.\n"
        "\n"
        "The figures are those of TrackEval, for floor positions those of WILDTRACK: see "
        "docs/how-to-measure-accuracy.md.",
    .options = OPTIONS,
    .option_count = COUNT_OF(OPTIONS),
    .options_size = sizeof(struct evaluate_options),
    .run = evaluate,
};
