// SPDX-License-Identifier: Apache-2.0
#include "crowd/paths/dwell.h"

#include "readings/pack.h"

#include <math.h>

#define DWELL_VERSION 1

static size_t bucket_of(int64_t duration_ms)
{
    if (duration_ms < 1000)
        return 0;
    double bucket = 1 + floor(log((double)duration_ms / 1000) / log(DWELL_GROWTH));
    return (size_t)fmin(bucket, DWELL_BUCKETS - 1);
}

/* The middle of a bucket, in its own measure. */
static double middle_s(size_t bucket)
{
    return bucket == 0 ? 0.5 : pow(DWELL_GROWTH, (double)bucket - 0.5);
}

void dwell_add(struct dwell *dwell, const struct visit *visit)
{
    int64_t duration_ms = MAX(0, visit->until_ms - visit->from_ms);
    size_t bucket = bucket_of(duration_ms);
    if (visit->is_censored) {
        dwell->censored[bucket]++;
        return;
    }
    dwell->finished[bucket]++;
    dwell->finished_ms += (uint64_t)duration_ms;
}

void dwell_sum(struct dwell *dwell, const struct dwell *part)
{
    dwell->finished_ms += part->finished_ms;
    for (size_t i = 0; i < DWELL_BUCKETS; i++) {
        dwell->finished[i] += part->finished[i];
        dwell->censored[i] += part->censored[i];
    }
}

static uint64_t count_all(const uint64_t counts[DWELL_BUCKETS])
{
    uint64_t sum = 0;
    for (size_t i = 0; i < DWELL_BUCKETS; i++)
        sum += counts[i];
    return sum;
}

double dwell_quantile_s(const struct dwell *dwell, double share)
{
    uint64_t present = count_all(dwell->finished) + count_all(dwell->censored);
    double lasting = 1;
    for (size_t i = 0; i < DWELL_BUCKETS && present > 0; i++) {
        lasting *= 1 - (double)dwell->finished[i] / (double)present;
        if (dwell->finished[i] > 0 && lasting <= 1 - share + 1e-12)
            return middle_s(i);
        /* Who was lost in this bucket was present while others left in it. */
        present -= dwell->finished[i] + dwell->censored[i];
    }
    return -1;
}

struct dwell_summary dwell_summarise(const struct dwell *dwell)
{
    struct dwell_summary summary = {.finished = count_all(dwell->finished),
                                    .censored = count_all(dwell->censored),
                                    .median_s = dwell_quantile_s(dwell, 0.5),
                                    .p90_s = dwell_quantile_s(dwell, 0.9)};
    if (summary.finished > 0)
        summary.mean_finished_s = (double)dwell->finished_ms / 1000 / (double)summary.finished;
    return summary;
}

enum err dwell_pack(const struct dwell *dwell, void **out_bytes, size_t *out_len)
{
    struct packer packer = {0};
    seal_begin(&packer, DWELL_VERSION, 0);
    pack_varint(&packer, dwell->finished_ms);
    struct column column = {.packer = &packer};
    for (size_t i = 0; i < DWELL_BUCKETS; i++)
        column_add(&column, (int64_t)dwell->finished[i]);
    for (size_t i = 0; i < DWELL_BUCKETS; i++)
        column_add(&column, (int64_t)dwell->censored[i]);
    seal_end(&packer, SEAL_SMALL);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}

enum err dwell_unpack(const void *bytes, size_t len, struct dwell *out_dwell)
{
    struct unpacker content;
    uint8_t flags;
    SCOPED_MEM void *owned = NULL;
    TRY(seal_open(bytes, len, DWELL_VERSION, DWELL_CONTENT_MAX, &content, &flags, &owned));
    int64_t counts[2 * DWELL_BUCKETS];
    uint64_t finished_ms = unpack_varint(&content);
    unpack_column(&content, counts, COUNT_OF(counts));
    if (content.is_broken || content.p != content.end)
        return ERR_CORRUPT;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        if (counts[i] < 0)
            return ERR_CORRUPT;
    }
    out_dwell->finished_ms = finished_ms;
    for (size_t i = 0; i < DWELL_BUCKETS; i++) {
        out_dwell->finished[i] = (uint64_t)counts[i];
        out_dwell->censored[i] = (uint64_t)counts[DWELL_BUCKETS + i];
    }
    return ERR_NONE;
}
