// SPDX-License-Identifier: Apache-2.0
/* evaluation/positions.h — truth and tracks from files, and both brought to the frames of the truth.
 *
 *   mot         MOTChallenge CSV: frame,id,left,top,width,height,score,class,... Boxes. In truth a row
 *               counts when column 7 is not 0 and its class is 1 (or none is given, as in MOT15);
 *               classes 2, 7, 8 and 12 are distractors, with mot20 also 6. In tracks a class above 1
 *               is refused.
 *   wildtrack   a folder of WILDTRACK's annotations, one JSON file a frame, named by its number in
 *               tenths of a second. Floor positions in metres, from the number of the grid cell.
 *   trajectory  "id frame x y ..." by white space, # comments. Floor positions in metres.
 *   columns     CSV with a header that names, in any order and among others, id, x and y, and either
 *               frame or at: RFC 3339 or ms. With w and h these are boxes, else floor positions in metres.
 *
 * The frames that are judged are those of the truth: from its first to its last, by the greatest
 * step that reaches all of them; nobody is there in one that the file does not name. */
#pragma once
#include "evaluation/evaluation.h"

enum positions_format {
    POSITIONS_MOT,
    POSITIONS_MOT20,
    POSITIONS_WILDTRACK,
    POSITIONS_TRAJECTORY,
    POSITIONS_COLUMNS,
    POSITIONS_FORMATS
};
extern const char *const positions_format_names[POSITIONS_FORMATS + 1]; /* "mot" ..., NULL */

enum positions_side { POSITIONS_OF_TRUTH, POSITIONS_OF_TRACKS };

struct position {
    int64_t at; /* frame number, or ms where the file tells times */
    int64_t id;
    double x, y, w, h;
    enum evaluation_role role;
    uint32_t line;
};

/* What one side's files say. Zeroed before the first; may be freed at any time. */
struct positions {
    enum evaluation_kind kind;
    bool has_times;      /* at is ms */
    double frames_per_s; /* as the file tells, else of its format; 0 = unknown (columns) */
    struct position *items;
    size_t count, size;
    bool has_frames; /* of the frame numbers that were named, also by rows that do not count: */
    int64_t first, last, step;
};

struct positions_options {
    enum positions_side side;
    double metres_per_unit; /* of trajectories; 0 = what the file says, else 1 */
};

/* Adds one file. `name` stands in the notes ("name:line:column") and tells WILDTRACK's frame. After an
 * error the positions can only be freed: ERR_MALFORMED, ERR_INVALID, ERR_TOO_LARGE. */
MUST_USE enum err positions_read(struct positions *positions, enum positions_format format,
                                 const struct positions_options *options, const char *name,
                                 const char *bytes, size_t len, struct err_note *note);
/* What the file looks like; false when it is none of them. */
bool positions_guess(const char *bytes, size_t len, enum positions_format *out_format);
void positions_fini(struct positions *positions);

/* How tracks come to the truth's frames. */
struct positions_alignment {
    const char *truth_name, *tracks_name; /* for the notes */
    double frames_per_s; /* frame numbers of the truth in a second; 0 = as its format */
    bool has_start;
    int64_t start_ms; /* when the truth's first frame was, where tracks tell times */
    int64_t gap_ms; /* between two positions of a track at most this long a time is filled; 0 = one
                       * and a half of the median step of these tracks, so that no absence is */
    bool has_range; /* judge only these frame numbers of the truth */
    int64_t first, last;
};

struct positions_report {
    size_t outside; /* positions of tracks before the first or after the last judged frame */
};

/* The truth's frames with whoever stands in them. Tracks with frame numbers stand where these are
 * equal; tracks with times where they were at the moment of the frame: in between two positions on the
 * straight line, at their ends if half a frame away at most. The caller owns *out (evaluation_sequence_fini).
 * ERR_INVALID: nobody in the truth, an id twice in a frame, boxes against floor positions, no position
 * within the frames, times without a start. */
MUST_USE enum err positions_join(struct positions *truth, struct positions *tracks,
                                 const struct positions_alignment *alignment,
                                 struct evaluation_sequence *out,
                                 struct positions_report *out_report, struct err_note *note);
