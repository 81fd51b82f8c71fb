// SPDX-License-Identifier: Apache-2.0
/* feeds/recording.h — detections from files, for `muster replay`: what a camera or a tracker wrote,
 * read whole, checked, and put in order of time. Pure: bytes in, recording out.
 *
 *   MOT        MOTChallenge CSV: frame,id,x,y,w,h,confidence[,class,visibility]; in ground truth
 * only rows with column 7 = 1 and class 1 count. One device. WILDTRACK  one JSON file a frame:
 * [{personID,views:[{viewNum,xmin,xmax,ymin,ymax}]}], -1 = unseen. One device per view. The file's
 * number counts tenths of a second. trajectory "id frame x y [z]" by white space, # comments; floor
 * positions. One device, in metres. SceneScape NDJSON of camera messages. One device per message
 * id. */
#pragma once
#include "base/base.h"

#define RECORDING_BYTES_MAX   ((size_t)2 << 30)
#define RECORDING_DEVICES_MAX 1000
#define RECORDING_FRAMES_MAX  20000000
/* Frames in which nobody was are made where rows name frames: so many, and so many more for each row. Beyond, a
 * column is no frame number, and a hundred bytes would take hundreds of megabytes. */
#define RECORDING_EMPTY_MAX     500000
#define RECORDING_EMPTY_ROW_MAX 1000

enum recording_format {
    RECORDING_MOT,
    RECORDING_WILDTRACK,
    RECORDING_TRAJECTORY,
    RECORDING_SCENESCAPE,
    RECORDING_FORMATS
};
extern const char *const recording_format_names[RECORDING_FORMATS + 1]; /* "mot" ..., NULL */

struct observation {
    int64_t track;     /* -1 = none */
    double x, y, w, h; /* box in pixels; floor position in metres (w, h are 0) */
    double confidence; /* 0..1 */
};

/* One device at one moment: observations first .. first + count - 1. May be empty: nobody was seen.
 */
struct recorded_frame {
    int64_t at_ms; /* from the start of the recording, 0 is its first frame */
    uint32_t device;
    uint32_t count;
    size_t first;
};

struct recording {
    enum recording_format format;
    bool is_in_metres;
    int64_t first_ms; /* the files' own time of the first frame, whatever their zero is */
    char (*devices)[LIMIT_ID_LEN + 1];
    size_t device_count;
    struct recorded_frame *frames; /* by time, then device */
    size_t frame_count;
    struct observation *observations;
    size_t observation_count;
};

struct recording_options {
    const char
        *device; /* the id of a format's only device; prefix of WILDTRACK's; "" = from the file */
    double frames_per_s;    /* of MOT and trajectories; 0 = what the file says, else 30 and 16 */
    double metres_per_unit; /* of trajectories; 0 = what the file says, else 1 */
};

/* Reads one file's bytes and adds them to *recording (zeroed before the first file). `name` stands
 * in the notes ("name:line:column") and, for WILDTRACK, holds the frame's number. Nothing is added
 * when it fails: ERR_MALFORMED or ERR_INVALID with the place, ERR_TOO_LARGE past the limits above.
 */
MUST_USE enum err recording_read(struct recording *recording, enum recording_format format,
                                 const struct recording_options *options, const char *name,
                                 const char *bytes, size_t len, struct err_note *note);
/* What the file looks like; false when it is none of the four. */
bool recording_guess(const char *name, const char *bytes, size_t len,
                     enum recording_format *out_format);
/* Orders the frames and moves the first to 0 ms. Call once, after the last file. */
void recording_finish(struct recording *recording);
void recording_fini(struct recording *recording);
