// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/motion.c — state x, y, vx, vy; transition F = [1 t; 0 1] per axis, process noise of a
 * white acceleration, q [t³/3 t²/2; t²/2 t]. A renewal is the same with the velocity forgotten first. */
#include "crowd/tracking/motion.h"

void motion_start(struct motion *motion, const struct spot *spot, double vx, double vy,
                  double velocity_variance)
{
    *motion = (struct motion){.state = {spot->x, spot->y, vx, vy}};
    motion->p[0][0] = spot->spread.xx;
    motion->p[0][1] = motion->p[1][0] = spot->spread.xy;
    motion->p[1][1] = spot->spread.yy;
    motion->p[2][2] = motion->p[3][3] = velocity_variance;
}

static void add_process_noise(struct motion *motion, double seconds)
{
    double t = seconds, q = MOTION_ACCELERATION;
    for (int axis = 0; axis < 2; axis++) {
        motion->p[axis][axis] += q * t * t * t / 3;
        motion->p[axis][axis + 2] += q * t * t / 2;
        motion->p[axis + 2][axis] += q * t * t / 2;
        motion->p[axis + 2][axis + 2] += q * t;
    }
}

void motion_predict(struct motion *motion, double seconds)
{
    motion->state[0] += seconds * motion->state[2];
    motion->state[1] += seconds * motion->state[3];
    double(*p)[4] = motion->p;
    for (int row = 0; row < 2; row++) {
        for (int column = 0; column < 4; column++)
            p[row][column] += seconds * p[row + 2][column];
    }
    for (int row = 0; row < 4; row++) {
        for (int column = 0; column < 2; column++)
            p[row][column] += seconds * p[row][column + 2];
    }
    add_process_noise(motion, seconds);
}

void motion_renew(struct motion *motion, double seconds)
{
    double along = seconds; /* anything between standing still and twice as fast */
    double vx = motion->state[2], vy = motion->state[3];
    double spread = MOTION_VELOCITY * MOTION_VELOCITY;
    double(*p)[4] = motion->p;
    p[0][0] += spread * seconds * seconds + vx * vx * along * along;
    p[0][1] += vx * vy * along * along;
    p[1][0] = p[0][1];
    p[1][1] += spread * seconds * seconds + vy * vy * along * along;
    for (int row = 0; row < 4; row++) {
        for (int column = 0; column < 4; column++) {
            if (row >= 2 || column >= 2)
                p[row][column] = 0;
        }
    }
    for (int axis = 0; axis < 2; axis++) {
        p[axis][axis + 2] = p[axis + 2][axis] = spread * seconds;
        p[axis + 2][axis + 2] = spread;
        motion->state[axis + 2] = 0;
    }
}

void motion_update(struct motion *motion, const struct spot *seen)
{
    double(*p)[4] = motion->p;
    struct spread predicted = {p[0][0], p[0][1], p[1][1]};
    struct spread inverse = spread_inverse(spread_sum(predicted, seen->spread));
    double gain[4][2];
    for (int row = 0; row < 4; row++) {
        gain[row][0] = p[row][0] * inverse.xx + p[row][1] * inverse.xy;
        gain[row][1] = p[row][0] * inverse.xy + p[row][1] * inverse.yy;
    }
    double dx = seen->x - motion->state[0], dy = seen->y - motion->state[1];
    double before[2][4];
    memcpy(before, p, sizeof before);
    for (int row = 0; row < 4; row++) {
        motion->state[row] += gain[row][0] * dx + gain[row][1] * dy;
        for (int column = 0; column < 4; column++)
            p[row][column] -= gain[row][0] * before[0][column] + gain[row][1] * before[1][column];
    }
}

struct spot motion_spot(const struct motion *motion)
{
    return (struct spot){
        motion->state[0], motion->state[1], {motion->p[0][0], motion->p[0][1], motion->p[1][1]}};
}

struct spot motion_spot_in_time(const struct motion *motion, double seconds)
{
    struct spot spot = motion_spot(motion);
    double t = MOTION_TIMING * seconds, vx = motion->state[2], vy = motion->state[3];
    spot.spread.xx += vx * vx * t * t;
    spot.spread.xy += vx * vy * t * t;
    spot.spread.yy += vy * vy * t * t;
    return spot;
}

/* Solves x A = b for rows b, in place (A is small, symmetric and positive definite): Cholesky. */
static void divide_rows(double rows[4][4], const double a[4][4])
{
    double l[4][4] = {{0}};
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            l[i][j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / l[j][j];
        }
    }
    for (int row = 0; row < 4; row++) {
        double *x = rows[row];
        for (int i = 0; i < 4; i++) {
            for (int k = 0; k < i; k++)
                x[i] -= l[i][k] * x[k];
            x[i] /= l[i][i];
        }
        for (int i = 3; i >= 0; i--) {
            for (int k = i + 1; k < 4; k++)
                x[i] -= l[k][i] * x[k];
            x[i] /= l[i][i];
        }
    }
}

/* What is known later, less what was predicted of it, brought back by the gain: G d, and G D G'. */
static void add_correction(struct motion *inout, const double gain[4][4],
                           const struct motion *known, const struct motion *predicted)
{
    double change[4], spread[4][4], half[4][4] = {{0}};
    for (int i = 0; i < 4; i++) {
        change[i] = known->state[i] - predicted->state[i];
        for (int j = 0; j < 4; j++)
            spread[i][j] = known->p[i][j] - predicted->p[i][j];
    }
    for (int row = 0; row < 4; row++) {
        for (int k = 0; k < 4; k++) {
            inout->state[row] += gain[row][k] * change[k];
            for (int column = 0; column < 4; column++)
                half[row][column] += gain[row][k] * spread[k][column];
        }
    }
    for (int row = 0; row < 4; row++) {
        for (int column = 0; column <= row; column++) {
            double sum = 0;
            for (int k = 0; k < 4; k++)
                sum += half[row][k] * gain[column][k];
            inout->p[row][column] += sum;
            inout->p[column][row] = inout->p[row][column];
        }
    }
}

void motion_smooth(const struct motion *filtered, double seconds, bool is_renewed,
                   struct motion *inout_known)
{
    struct motion predicted = *filtered;
    double cross[4][4]; /* P F' */
    for (int row = 0; row < 4; row++) {
        for (int column = 0; column < 4; column++) {
            double moved = !is_renewed && column < 2 ? seconds * filtered->p[row][column + 2] : 0;
            bool is_kept = !is_renewed || column < 2;
            cross[row][column] = (is_kept ? filtered->p[row][column] : 0) + moved;
        }
    }
    if (is_renewed)
        motion_renew(&predicted, seconds);
    else
        motion_predict(&predicted, seconds);
    divide_rows(cross, predicted.p); /* now the smoother's gain */
    struct motion smoothed = *filtered;
    add_correction(&smoothed, cross, inout_known, &predicted);
    *inout_known = smoothed;
}
