// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/unusual.h"

#include "readings/numbers.h"

#include <math.h>

#define UNUSUAL_VERSION 1
/* A median magnitude, as a standard deviation. */
#define DEVIATION_OF_MEDIAN 1.4826
/* Of z averaged, before anything was learned; and the least that counts as usual. */
#define MEDIAN_FIRST 0.5
#define MEDIAN_MIN   0.05
/* Without steps for so long the average begins anew. */
#define GAP_S (6 * 3600)

struct unusual {
    uint32_t step_s;
    struct season season;
    int64_t at_ms;   /* INT64_MIN = none yet */
    double drift;    /* root of people, above the season, over days */
    double average;  /* of z */
    double median;   /* magnitude of the average */
    uint64_t judged; /* steps */
    int64_t loud_ms; /* the last step of an episode that was not calm; INT64_MIN = no episode */
};

enum err unusual_create(uint32_t step_s, uint32_t slot_s, struct unusual **out_unusual)
{
    if (slot_s < SEASON_SLOT_S_MIN || slot_s > 86400 || 86400 % slot_s != 0 || step_s == 0 ||
        step_s > slot_s)
        return ERR_INVALID;
    struct unusual *unusual = mem_new(sizeof *unusual);
    *unusual = (struct unusual){
        .step_s = step_s, .at_ms = INT64_MIN, .median = MEDIAN_FIRST, .loud_ms = INT64_MIN};
    season_init(&unusual->season, slot_s);
    *out_unusual = unusual;
    return ERR_NONE;
}

void unusual_destroy(struct unusual *unusual)
{
    mem_free(unusual);
}

/* The strength of this step; the averages take it in. */
static double measure(struct unusual *unusual, double above, double deviation)
{
    double share = fmin(1, (double)unusual->step_s / UNUSUAL_MEMORY_S);
    double z = fmax(-UNUSUAL_Z_MAX, fmin(UNUSUAL_Z_MAX, (above - unusual->drift) / deviation));
    unusual->average += share * (z - unusual->average);
    double strength = unusual->average / (DEVIATION_OF_MEDIAN * fmax(unusual->median, MEDIAN_MIN));
    unusual->judged++;
    double gain = fmax((double)unusual->step_s / UNUSUAL_SIZE_S, 0.5 / (double)unusual->judged);
    unusual->median *= fabs(unusual->average) > unusual->median ? 1 + gain : 1 / (1 + gain);
    double most = SEASON_CLIP * deviation;
    double clipped = fmax(-most, fmin(most, above - unusual->drift));
    unusual->drift += fmin(1, (double)unusual->step_s / UNUSUAL_DRIFT_S) * clipped;
    return strength;
}

static enum unusual_phase decide(struct unusual *unusual, int64_t at_ms, double strength)
{
    bool was_calm =
        unusual->loud_ms == INT64_MIN || at_ms - unusual->loud_ms > UNUSUAL_CALM_S * 1000LL;
    double loud_from = was_calm ? UNUSUAL_BEGIN : UNUSUAL_END;
    if (fabs(strength) >= loud_from)
        unusual->loud_ms = at_ms;
    else if (was_calm)
        unusual->loud_ms = INT64_MIN;
    if (unusual->loud_ms == INT64_MIN)
        return UNUSUAL_NOT;
    return was_calm ? UNUSUAL_BEGUN : UNUSUAL_STILL;
}

struct unusual_verdict unusual_judge(struct unusual *unusual, int64_t at_ms, int64_t offset_ms,
                                     double people)
{
    struct unusual_verdict verdict = {UNUSUAL_NOT, 0, people, people};
    if (at_ms <= unusual->at_ms || !isfinite(people))
        return verdict;
    if (unusual->at_ms == INT64_MIN || at_ms - unusual->at_ms > GAP_S * 1000LL)
        unusual->average = 0;
    unusual->at_ms = at_ms;
    int64_t local_ms = at_ms + offset_ms;
    double root = root_of_count(people);
    struct season_expectation usual =
        season_expect(&unusual->season, local_ms + (int64_t)unusual->step_s * 500, unusual->step_s);
    season_add(&unusual->season, local_ms, root);
    if (usual.weeks < UNUSUAL_WEEKS && usual.days < UNUSUAL_DAYS) {
        verdict.phase = UNUSUAL_PROBATION;
        return verdict;
    }
    verdict.usual_people = count_of_root(usual.level + unusual->drift);
    double strength = measure(unusual, root - usual.level, usual.deviation);
    if (unusual->judged < UNUSUAL_STEPS_MIN) {
        verdict.phase = UNUSUAL_PROBATION;
        return verdict;
    }
    verdict.strength = strength;
    verdict.phase = decide(unusual, at_ms, strength);
    return verdict;
}

enum err unusual_pack(const struct unusual *unusual, void **out_bytes, size_t *out_len)
{
    struct packer packer = {0};
    seal_begin(&packer, UNUSUAL_VERSION, 0);
    pack_varint(&packer, unusual->step_s);
    season_pack(&packer, &unusual->season);
    pack_zigzag(&packer, unusual->at_ms);
    pack_zigzag(&packer, unusual->loud_ms);
    pack_varint(&packer, unusual->judged);
    pack_doubles(&packer, (const double[]){unusual->drift, unusual->average, unusual->median}, 3);
    seal_end(&packer, SEAL_SMALL);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}

enum err unusual_unpack(const void *bytes, size_t len, struct unusual **out_unusual)
{
    struct unpacker content;
    uint8_t flags;
    SCOPED_MEM void *owned = NULL;
    TRY(seal_open(bytes, len, UNUSUAL_VERSION, UNUSUAL_CONTENT_MAX, &content, &flags, &owned));
    SCOPED(unusual) unusual = mem_new(sizeof *unusual);
    unusual->step_s = unpack_u32(&content);
    season_unpack(&content, &unusual->season);
    unusual->at_ms = unpack_zigzag(&content);
    unusual->loud_ms = unpack_zigzag(&content);
    unusual->judged = unpack_varint(&content);
    unusual->drift = unpack_double(&content);
    unusual->average = unpack_double(&content);
    unusual->median = unpack_double(&content);
    if (content.is_broken || content.p != content.end || unusual->step_s == 0 ||
        unusual->step_s > unusual->season.slot_s)
        return ERR_CORRUPT;
    *out_unusual = TAKE(unusual);
    return ERR_NONE;
}
