// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/track.c — one track's own affairs; who is taken for whom is decided in step.c. */
#include "crowd/tracking/track.h"

struct track *track_create(uint64_t id, int64_t at_ms)
{
    struct track *track = mem_new(sizeof *track);
    track->id = track->told = id;
    track->odds = TRACK_ODDS_NEW;
    track->born_ms = track->seen_ms = track->at_ms = track->looked_ms = at_ms;
    track->settled_ms = at_ms - 1;
    return track;
}

void track_predict(struct track *track, int64_t at_ms)
{
    double seconds = (double)(at_ms - track->at_ms) / 1000;
    track->predicted = track->renewed = track->motion;
    motion_predict(&track->predicted, seconds);
    motion_renew(&track->renewed, seconds);
    track->predicted_spot = motion_spot_in_time(&track->predicted, seconds);
    track->renewed_spot = motion_spot(&track->renewed);
    double is_there = exp(-TRACK_LEAVES_PER_S * seconds) / (1 + exp(-track->odds));
    track->odds = fmax(log(is_there / (1 - is_there)), TRACK_ODDS_MIN); /* after hours: log 0 */
    track->at_ms = at_ms;
}

struct track_eye *track_eye(struct track *track, uint32_t device)
{
    for (uint32_t i = 0; i < track->eye_count; i++) {
        if (track->eyes[i].device == device)
            return &track->eyes[i];
    }
    return NULL;
}

void track_looked(struct track *track, uint32_t device, int64_t at_ms, int64_t source_track)
{
    struct track_eye *eye = track_eye(track, device);
    if (eye == NULL && track->eye_count < TRACK_EYES_MAX) {
        eye = &track->eyes[track->eye_count++];
    } else if (eye == NULL) {
        eye = &track->eyes[0];
        for (uint32_t i = 1; i < track->eye_count; i++) {
            if (track->eyes[i].looked_ms < eye->looked_ms)
                eye = &track->eyes[i];
        }
    }
    *eye = (struct track_eye){device, at_ms, source_track};
}

static void fix_of_motion(struct track_fix *fix, const struct motion *motion)
{
    int next = 0;
    for (int row = 0; row < 4; row++) {
        fix->state[row] = (float)motion->state[row];
        for (int column = 0; column <= row; column++)
            fix->p[next++] = (float)motion->p[row][column];
    }
}

static void motion_of_fix(struct motion *motion, const struct track_fix *fix)
{
    int next = 0;
    for (int row = 0; row < 4; row++) {
        motion->state[row] = (double)fix->state[row];
        for (int column = 0; column <= row; column++, next++)
            motion->p[row][column] = motion->p[column][row] = (double)fix->p[next];
    }
}

void track_keep_fix(struct track *track, uint32_t flags)
{
    if (track->fix_count == TRACK_FIXES) {
        track->fix_first = (track->fix_first + 1) % TRACK_FIXES;
        track->fix_count--;
    }
    struct track_fix *fix = track_fix(track, track->fix_count++);
    fix->at_ms = track->at_ms;
    fix->flags = flags;
    fix_of_motion(fix, &track->motion);
}

static void tell(const struct track *track, const struct track_fix *fix,
                 const struct motion *motion, struct tracker_fix *out)
{
    *out = (struct tracker_fix){.at_ms = fix->at_ms};
    out->person = (struct tracker_person){
        .id = track->told,
        .x = motion->state[0],
        .y = motion->state[1],
        .vx = motion->state[2],
        .vy = motion->state[3],
        .deviation_m = sqrt(fmax(fmax(motion->p[0][0], motion->p[1][1]), 0)),
    };
}

static void forget(struct track *track, int64_t until_ms)
{
    while (track->fix_count > 0 && track_fix(track, 0)->at_ms <= until_ms) {
        track->fix_first = (track->fix_first + 1) % TRACK_FIXES;
        track->fix_count--;
    }
    track->settled_ms = MAX(track->settled_ms, until_ms);
}

size_t track_settle(struct track *track, int64_t until_ms, struct tracker_fix *out)
{
    size_t count = 0;
    uint32_t index = track->fix_count;
    /* Where it went after it was last seen is a guess, and is not told. */
    while (!track->is_awaited && index > 0 && track_fix(track, index - 1)->at_ms > track->seen_ms)
        index--;
    if (track->is_certain && index > 0) {
        struct motion known;
        motion_of_fix(&known, track_fix(track, --index));
        while (true) {
            const struct track_fix *fix = track_fix(track, index);
            if (fix->at_ms <= until_ms && (fix->flags & FIX_IS_SHOWN) != 0)
                tell(track, fix, &known, &out[count++]);
            if (index == 0)
                break;
            const struct track_fix *before = track_fix(track, --index);
            struct motion filtered;
            motion_of_fix(&filtered, before);
            motion_smooth(&filtered, (double)(fix->at_ms - before->at_ms) / 1000,
                          (fix->flags & FIX_IS_RENEWED) != 0, &known);
        }
    }
    forget(track, until_ms);
    return count;
}
