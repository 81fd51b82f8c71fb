// SPDX-License-Identifier: Apache-2.0
/* crowd/trust/trust.h — whether a camera of a group agrees with the others: its clock may be off, or it was
 * moved after it was calibrated. Judged by the people that several cameras see, never by itself, and without
 * asking who was taken for whom (a camera that is off by more than a stride is taken for nobody):
 *
 *   places of its feet at a moment ── shifted in time, -10 to 10 s ──┐ how many of them has another camera,
 *                                  ── shifted on the floor, ±4 m ────┴ against no shift at all?
 *
 * The answers add up, for each shift from when it began to explain the feet better than none (a cumulative
 * sum, Page 1954); it is believed when it does so by TRUST_SURE deviations, or when others meet far fewer of its feet than before. A clock is then corrected by what was found, and looked at again; a moved
 * camera is left out of the merging until its calibration is new or it agrees again. Arrival says more: who
 * sends pictures from the future, or much later than the others, is left out until the feet have told. Of
 * several suspects the clearest is judged first, and does not judge the others. Pure; times in ms. */
#pragma once
#include "base/base.h"

#define TRUST_SAMPLE_MS 200   /* places are remembered so often */
#define TRUST_SPAN_MS   10000 /* further off no clock is looked for */
#define TRUST_KEEP      160   /* samples of a camera: three spans */
#define TRUST_PLACES    128   /* of a sample; more are thinned, alike in all cameras */
#define TRUST_ASKED     16    /* places of a query; half of them, every second time, for lags */
#define TRUST_QUERY_MS  1000
#define TRUST_BACK_MS   500 /* so far back is asked: the others have told, too */
#define TRUST_LAG_MS    250 /* between two lags that are tried */
#define TRUST_LAGS      (2 * (TRUST_SPAN_MS / TRUST_LAG_MS) + 1)
#define TRUST_SHIFT_M   0.5 /* between two shifts that are tried */
#define TRUST_SIDE      17
#define TRUST_SHIFTS    (TRUST_SIDE * TRUST_SIDE)
#define TRUST_SURE      6.0 /* deviations; hundreds of shifts are tried, again and again */
#define TRUST_FEET      5.0 /* so many feet more than without the shift, at least */
#define TRUST_MEMORY    8   /* queries */
/* A turned camera shifts its feet by more the farther they are, and no single shift explains it. But others
 * meet fewer of its feet than they did on the same cells before: less than this share of so many feet. */
#define TRUST_CELLS      1024 /* of 2 m, a camera; cells that fall on one number share it */
#define TRUST_CELL_FEET  4.0  /* before a cell says anything */
#define TRUST_MEET_SHARE 0.5
#define TRUST_MEET_FEET  15.0
/* Less is what cameras differ by when all is well. */
#define TRUST_CLOCK_OFF_MS 150
/* Of arrival: frames from the future; later than the others, of those who send live. */
#define TRUST_FUTURE_MS 200
#define TRUST_LATER_MS  1000
#define TRUST_LIVE_MS   5000

enum trust_kind { TRUST_FINE, TRUST_CLOCK, TRUST_MOVED };
enum trust_merging { TRUST_MERGED, TRUST_CORRECTED, TRUST_LEFT_OUT };

struct trust_verdict {
    enum trust_kind kind;
    enum trust_merging merging;
    int64_t clock_off_ms; /* TRUST_CLOCK: ahead of the other cameras, negative = behind */
    double
        moved_m; /* TRUST_MOVED: how far its feet are from where others see them; 0 = no one length */
    int64_t since_ms; /* event time */
};

struct trust_place {
    float x, y;
};

struct trust;
struct trust *trust_create(size_t camera_count);
void trust_destroy(struct trust *trust); /* NULL is fine */

/* Every frame's times; true when its places are wanted, with trust_see() then. `at_ms` as the camera says. */
bool trust_hear(struct trust *trust, uint32_t camera, int64_t at_ms, int64_t arrival_ms);
/* Where the frame's feet stand; copied. */
void trust_see(struct trust *trust, uint32_t camera, int64_t at_ms,
               const struct trust_place *places, size_t count);
struct trust_verdict trust_of(const struct trust *trust, uint32_t camera);
/* What a frame's time is to be moved by; 0 unless the verdict is TRUST_CORRECTED. */
int64_t trust_correction_ms(const struct trust *trust, uint32_t camera);
