// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/season.h"

#include "readings/numbers.h"

#include <math.h>

/* A mean absolute error of normal chance, as a standard deviation. */
#define DEVIATION_OF_MEAN 1.2533
/* As much as a visit of the same slot of the week, all visits of the time of day weigh together. */
#define DAY_WEIGHT 0.5
/* 1970-01-01 was a Thursday. */
#define EPOCH_AFTER_MONDAY_S (3 * 86400)

void season_init(struct season *season, uint32_t slot_s)
{
    assert(slot_s >= SEASON_SLOT_S_MIN && 86400 % slot_s == 0);
    memset(season, 0, sizeof *season);
    season->slot_s = slot_s;
    season->open_slot = INT64_MIN;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0);
}

static size_t slot_of_week(const struct season *season, int64_t slot)
{
    int64_t per_week = 7 * 86400 / season->slot_s;
    int64_t shifted = slot % per_week + EPOCH_AFTER_MONDAY_S / (int64_t)season->slot_s;
    return (size_t)((shifted % per_week + per_week) % per_week);
}

static size_t slot_of_day(const struct season *season, int64_t slot)
{
    int64_t per_day = 86400 / season->slot_s;
    return (size_t)((slot % per_day + per_day) % per_day);
}

static void visit(struct season_slot *slot, double root, double expected)
{
    if (slot->visits == 0) {
        slot->level = root;
        slot->deviation = 0;
        slot->visits = 1;
        return;
    }
    double error = root - expected;
    double limit = SEASON_CLIP * fmax(slot->deviation, SEASON_DEVIATION_MIN);
    double gain = fmax(SEASON_GAIN, 1.0 / (slot->visits + 1));
    /* While there are few, the spread is not known either and nothing is clipped. */
    double clipped = slot->visits < 4 ? error : fmax(-limit, fmin(limit, error));
    slot->level += gain * clipped;
    double seen = DEVIATION_OF_MEAN * fabs(clipped);
    double deviation_gain = fmax(SEASON_GAIN, 1.0 / slot->visits);
    slot->deviation += deviation_gain * (seen - slot->deviation);
    if (slot->visits < UINT32_MAX)
        slot->visits++;
}

static void close_slot(struct season *season)
{
    if (season->open_count == 0)
        return;
    double mean = season->open_sum / season->open_count;
    struct season_slot *week = &season->week[slot_of_week(season, season->open_slot)];
    struct season_slot *day = &season->day[slot_of_day(season, season->open_slot)];
    visit(week, mean, week->level);
    visit(day, mean, day->level);
    season->open_sum = 0;
    season->open_count = 0;
}

void season_add(struct season *season, int64_t local_ms, double root)
{
    int64_t slot = floor_div(local_ms, (int64_t)season->slot_s * 1000);
    if (slot != season->open_slot) {
        close_slot(season);
        season->open_slot = slot;
    }
    season->open_sum += root;
    season->open_count++;
}

static struct season_expectation expect_slot(const struct season *season, int64_t slot)
{
    const struct season_slot *week = &season->week[slot_of_week(season, slot)];
    const struct season_slot *day = &season->day[slot_of_day(season, slot)];
    double weight = week->visits / (week->visits + (day->visits > 0 ? DAY_WEIGHT : 0) + 1e-9);
    /* One visit has no deviation of its own. */
    double spread_weight = week->visits < 2 ? 0 : (week->visits - 1) / (week->visits + 1.0);
    double deviation = spread_weight * week->deviation +
                       (1 - spread_weight) * fmax(day->deviation, week->deviation);
    return (struct season_expectation){weight * week->level + (1 - weight) * day->level,
                                       fmax(SEASON_DEVIATION_MIN, deviation), week->visits,
                                       day->visits};
}

struct season_expectation season_expect(const struct season *season, int64_t local_ms,
                                        uint32_t step_s)
{
    int64_t slot_ms = (int64_t)season->slot_s * 1000;
    int64_t slot = floor_div(local_ms, slot_ms);
    struct season_expectation here = expect_slot(season, slot);
    if (step_s >= season->slot_s || here.days == 0)
        return here;
    double at = (double)(local_ms - slot * slot_ms) / (double)slot_ms - 0.5; /* -0.5 .. 0.5 */
    struct season_expectation next = expect_slot(season, at < 0 ? slot - 1 : slot + 1);
    if (next.days > 0)
        here.level += fabs(at) * (next.level - here.level);
    return here;
}

static void pack_slots(struct packer *packer, const struct season_slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pack_varint(packer, slots[i].visits);
        if (slots[i].visits == 0)
            continue;
        pack_double(packer, slots[i].level);
        pack_double(packer, slots[i].deviation);
    }
}

static void unpack_slots(struct unpacker *unpacker, struct season_slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        slots[i].visits = unpack_u32(unpacker);
        if (slots[i].visits == 0)
            continue;
        slots[i].level = unpack_double(unpacker);
        slots[i].deviation = unpack_double(unpacker);
    }
}

void season_pack(struct packer *packer, const struct season *season)
{
    pack_varint(packer, season->slot_s);
    pack_slots(packer, season->week, 7 * 86400 / season->slot_s);
    pack_slots(packer, season->day, 86400 / season->slot_s);
    pack_zigzag(packer, season->open_slot);
    pack_double(packer, season->open_sum);
    pack_varint(packer, season->open_count);
}

void season_unpack(struct unpacker *unpacker, struct season *out_season)
{
    uint64_t slot_s = unpack_varint(unpacker);
    if (slot_s < SEASON_SLOT_S_MIN || slot_s > 86400 || 86400 % slot_s != 0) {
        unpacker->is_broken = true;
        return;
    }
    season_init(out_season, (uint32_t)slot_s);
    unpack_slots(unpacker, out_season->week, 7 * 86400 / slot_s);
    unpack_slots(unpacker, out_season->day, 86400 / slot_s);
    out_season->open_slot = unpack_zigzag(unpacker);
    out_season->open_sum = unpack_double(unpacker);
    out_season->open_count = unpack_u32(unpacker);
}
