// SPDX-License-Identifier: Apache-2.0
/* Somebody who was in the frame before, with the same track, is told by how far they moved and grew:
 * a few bits. Everybody else is told in full. Who is meant costs nearly nothing, because trackers
 * keep their order: the step from the last person's place in the previous frame is 1. */
#include "readings/pack.h"

#include "base/text.h"

#define PACK_VERSION      1
#define FLAG_METRES       0x01
#define REFERENCE_REACH   64 /* places that are searched around the expected one */
#define CONTENT_BYTES_MAX (LIMIT_PACKED_PERSONS * 40ULL)

/* Tells of person i whether, and as whom of the previous frame, they were there before. */
struct links {
    uint32_t *before; /* index of the same person in the previous frame + 1; 0 = new */
    size_t linked_count;
};

static uint32_t find_before(const struct detection_batch *batch, size_t person, uint32_t first,
                            uint32_t end, uint32_t expected)
{
    int64_t track = batch->track[person];
    if (expected < end && batch->track[expected] == track)
        return expected + 1;
    uint32_t low = expected > first + REFERENCE_REACH ? expected - REFERENCE_REACH : first;
    uint32_t high = MIN(end, expected + REFERENCE_REACH);
    for (uint32_t i = low; i < high; i++) {
        if (batch->track[i] == track)
            return i + 1;
    }
    return 0;
}

static void link_frame(const struct detection_batch *batch, size_t frame, struct links *links)
{
    uint32_t first = batch->frame_first[frame - 1];
    uint32_t end = batch->frame_first[frame];
    uint32_t expected = first;
    for (size_t i = end; i < batch->frame_first[frame + 1]; i++) {
        if (batch->track[i] == BATCH_TRACK_NONE)
            continue;
        links->before[i] = find_before(batch, i, first, end, expected);
        if (links->before[i] != 0) {
            expected = links->before[i];
            links->linked_count++;
        }
    }
}

static void pack_frames(struct packer *packer, const struct detection_batch *batch)
{
    struct column column = {.packer = packer};
    for (size_t i = 1; i < batch->frame_count; i++)
        column_add(&column, batch->frame_at_ms[i] - batch->frame_at_ms[i - 1]);
    column_flush(&column);
    for (size_t i = 0; i < batch->frame_count; i++)
        column_add(&column, batch->frame_first[i + 1] - batch->frame_first[i]);
    column_flush(&column);
}

/* 0 = new; otherwise 1 + zigzag of the distance from the expected place. */
static void pack_references(struct packer *packer, const struct detection_batch *batch,
                            const struct links *links)
{
    struct column column = {.packer = packer};
    for (size_t frame = 1; frame < batch->frame_count; frame++) {
        uint32_t expected = batch->frame_first[frame - 1];
        for (size_t i = batch->frame_first[frame]; i < batch->frame_first[frame + 1]; i++) {
            if (links->before[i] == 0) {
                column_add(&column, 0);
                continue;
            }
            int64_t distance = (int64_t)links->before[i] - 1 - expected;
            column_add(&column,
                       1 + (int64_t)((uint64_t)distance << 1 ^ (uint64_t)(distance >> 63)));
            expected = links->before[i];
        }
    }
    column_flush(&column);
}

static void pack_tracks(struct packer *packer, const struct detection_batch *batch,
                        const struct links *links)
{
    struct column column = {.packer = packer};
    for (size_t i = 0; i < batch->person_count; i++) {
        if (links->before[i] == 0)
            column_add(&column, batch->track[i]);
    }
    column_flush(&column);
}

static void pack_values(struct packer *packer, const int32_t *values, size_t count,
                        const struct links *links)
{
    struct column fresh = {.packer = packer};
    for (size_t i = 0; i < count; i++) {
        if (links->before[i] == 0)
            column_add(&fresh, values[i]);
    }
    column_flush(&fresh);
    struct column moved = {.packer = packer};
    for (size_t i = 0; i < count; i++) {
        if (links->before[i] != 0)
            column_add(&moved, (int64_t)values[i] - values[links->before[i] - 1]);
    }
    column_flush(&moved);
}

static void pack_content(struct packer *packer, const struct detection_batch *batch,
                         const struct links *links)
{
    size_t count = batch->person_count;
    pack_varint(packer, strlen(batch->device));
    pack_bytes(packer, batch->device, strlen(batch->device));
    pack_varint(packer, (uint64_t)batch->scale_xy);
    pack_varint(packer, (uint64_t)batch->scale_confidence);
    pack_varint(packer, batch->frame_count);
    pack_varint(packer, count);
    pack_varint(packer, links->linked_count);
    pack_zigzag(packer, batch->frame_count == 0 ? 0 : batch->frame_at_ms[0]);
    pack_frames(packer, batch);
    pack_references(packer, batch, links);
    pack_tracks(packer, batch, links);
    pack_values(packer, batch->x, count, links);
    pack_values(packer, batch->y, count, links);
    pack_values(packer, batch->w, count, links);
    pack_values(packer, batch->h, count, links);
    struct column column = {.packer = packer};
    for (size_t i = 0; i < count; i++)
        column_add(&column, batch->confidence[i]);
    column_flush(&column);
}

void detections_pack(struct packer *packer, const struct detection_batch *batch, enum seal seal)
{
    SCOPED_MEM uint32_t *before = mem_try((batch->person_count + 1) * sizeof *before);
    if (before == NULL) {
        packer->is_broken = true;
        return;
    }
    struct links links = {.before = before};
    for (size_t frame = 1; frame < batch->frame_count; frame++)
        link_frame(batch, frame, &links);
    seal_begin(packer, PACK_VERSION, batch->is_in_metres ? FLAG_METRES : 0);
    pack_content(packer, batch, &links);
    seal_end(packer, seal);
}

/* --- and back --- */

struct unpacking {
    struct unpacker in;
    struct detection_batch *batch;
    size_t frame_count;
    size_t person_count;
    size_t linked_count;
    int64_t *column;  /* [person_count + frame_count]: the column at hand */
    uint32_t *before; /* as in struct links */
};

static bool read_device(struct unpacker *in, const char **out_name, size_t *out_len)
{
    *out_len = (size_t)unpack_varint(in);
    if (*out_len > LIMIT_ID_LEN)
        return false;
    *out_name = (const char *)unpack_bytes(in, *out_len);
    return *out_name != NULL;
}

static bool read_counts(struct unpacking *u)
{
    uint64_t scale_xy = unpack_varint(&u->in);
    uint64_t scale_confidence = unpack_varint(&u->in);
    uint64_t frames = unpack_varint(&u->in);
    uint64_t persons = unpack_varint(&u->in);
    uint64_t linked = unpack_varint(&u->in);
    if (u->in.is_broken || frames > LIMIT_PACKED_FRAMES || persons > LIMIT_PACKED_PERSONS ||
        linked > persons || (frames == 0 && persons > 0) || scale_xy < 1 ||
        scale_xy > (uint64_t)BATCH_SCALE_MAX || scale_confidence < 1 || scale_confidence > 65535)
        return false;
    u->batch->scale_xy = (double)scale_xy;
    u->batch->scale_confidence = (double)scale_confidence;
    u->frame_count = (size_t)frames;
    u->person_count = (size_t)persons;
    u->linked_count = (size_t)linked;
    return true;
}

static bool read_frames(struct unpacking *u)
{
    struct detection_batch *batch = u->batch;
    size_t count = u->frame_count;
    int64_t at_ms = unpack_zigzag(&u->in);
    if (count == 0)
        return true;
    unpack_column(&u->in, u->column, count - 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && __builtin_add_overflow(at_ms, u->column[i - 1], &at_ms))
            return false;
        batch->frame_at_ms[i] = at_ms;
    }
    unpack_column(&u->in, u->column, count);
    uint64_t first = 0;
    for (size_t i = 0; i < count; i++) {
        if (u->column[i] < 0 || (uint64_t)u->column[i] > u->person_count - first)
            return false;
        first += (uint64_t)u->column[i];
        batch->frame_first[i + 1] = (uint32_t)first;
    }
    return first == u->person_count;
}

static bool read_reference(struct unpacking *u, size_t frame, size_t person, int64_t code,
                           uint32_t *inout_expected)
{
    if (code == 0)
        return true;
    uint64_t zigzag = (uint64_t)code - 1;
    int64_t distance = (int64_t)(zigzag >> 1 ^ (0 - (zigzag & 1)));
    int64_t before;
    if (code < 0 || __builtin_add_overflow(distance, (int64_t)*inout_expected, &before) ||
        before < u->batch->frame_first[frame - 1] || before >= u->batch->frame_first[frame])
        return false;
    u->before[person] = (uint32_t)before + 1;
    *inout_expected = (uint32_t)before + 1;
    u->linked_count--;
    return true;
}

static bool read_references(struct unpacking *u)
{
    const struct detection_batch *batch = u->batch;
    size_t linked_count = u->linked_count;
    size_t skip = u->frame_count == 0 ? 0 : batch->frame_first[1];
    unpack_column(&u->in, u->column, u->person_count - skip);
    for (size_t frame = 1; frame < u->frame_count; frame++) {
        uint32_t expected = batch->frame_first[frame - 1];
        for (size_t i = batch->frame_first[frame]; i < batch->frame_first[frame + 1]; i++) {
            if (!read_reference(u, frame, i, u->column[i - skip], &expected))
                return false;
        }
    }
    bool is_complete = u->linked_count == 0;
    u->linked_count = linked_count;
    return is_complete;
}

static bool read_tracks(struct unpacking *u)
{
    int64_t *track = u->batch->track;
    const int64_t *next = u->column;
    unpack_column(&u->in, u->column, u->person_count - u->linked_count);
    for (size_t i = 0; i < u->person_count; i++) {
        track[i] = u->before[i] == 0 ? *next++ : track[u->before[i] - 1];
        if (track[i] < BATCH_TRACK_NONE)
            return false;
    }
    return true;
}

static bool read_values(struct unpacking *u, int32_t *values)
{
    size_t fresh_count = u->person_count - u->linked_count;
    int64_t *fresh = u->column;
    int64_t *moved = u->column + fresh_count;
    unpack_column(&u->in, fresh, fresh_count);
    unpack_column(&u->in, moved, u->linked_count);
    for (size_t i = 0; i < u->person_count; i++) {
        int64_t value = u->before[i] == 0 ? *fresh++ : *moved++;
        int64_t base = u->before[i] == 0 ? 0 : values[u->before[i] - 1];
        if (__builtin_add_overflow(value, base, &value) || value < -BATCH_STEPS_MAX ||
            value > BATCH_STEPS_MAX)
            return false;
        values[i] = (int32_t)value;
    }
    return true;
}

static bool read_confidence(struct unpacking *u)
{
    unpack_column(&u->in, u->column, u->person_count);
    for (size_t i = 0; i < u->person_count; i++) {
        if (u->column[i] < 0 || u->column[i] > 65535)
            return false;
        u->batch->confidence[i] = (uint16_t)u->column[i];
    }
    return true;
}

static enum err read_rows(struct unpacking *u)
{
    struct detection_batch *batch = u->batch;
    TRY(batch_reserve(batch, u->frame_count, MAX(u->person_count, (size_t)1)));
    if (!read_frames(u) || !read_references(u) || !read_tracks(u) || !read_values(u, batch->x) ||
        !read_values(u, batch->y) || !read_values(u, batch->w) || !read_values(u, batch->h) ||
        !read_confidence(u) || u->in.is_broken || u->in.p != u->in.end)
        return ERR_CORRUPT;
    batch->frame_count = u->frame_count;
    batch->person_count = u->person_count;
    return ERR_NONE;
}

static enum err read_content(struct unpacking *u)
{
    const char *name;
    size_t len;
    if (!read_device(&u->in, &name, &len))
        return ERR_CORRUPT;
    memcpy(u->batch->device, name, len);
    if (!text_is_id(u->batch->device) || !read_counts(u))
        return ERR_CORRUPT;
    u->column = mem_try((u->person_count + u->frame_count + 1) * sizeof *u->column);
    u->before = mem_try((u->person_count + 1) * sizeof *u->before);
    enum err err = u->column == NULL || u->before == NULL ? ERR_NO_MEMORY : read_rows(u);
    mem_free(u->column);
    mem_free(u->before);
    return err;
}

enum err detections_unpack(const void *bytes, size_t len, struct detection_batch **out_batch)
{
    SCOPED_BATCH *batch = batch_create();
    struct unpacking u = {.batch = batch};
    uint8_t flags;
    void *owned;
    TRY(seal_open(bytes, len, PACK_VERSION, CONTENT_BYTES_MAX, &u.in, &flags, &owned));
    batch->is_in_metres = (flags & FLAG_METRES) != 0;
    enum err err = (flags & ~FLAG_METRES) != 0 ? ERR_CORRUPT : read_content(&u);
    mem_free(owned);
    if (err == ERR_NONE)
        *out_batch = TAKE(batch);
    return err;
}

enum err detections_read_device(const void *bytes, size_t len, char out_device[LIMIT_ID_LEN + 1])
{
    struct unpacker in;
    uint8_t flags;
    void *owned;
    const char *name = NULL;
    size_t name_len = 0;
    char device[LIMIT_ID_LEN + 1] = "";
    enum err err = seal_open(bytes, len, PACK_VERSION, CONTENT_BYTES_MAX, &in, &flags, &owned);
    if (err == ERR_NONE && read_device(&in, &name, &name_len))
        memcpy(device, name, name_len);
    mem_free(owned);
    if (err == ERR_NONE && !text_is_id(device))
        err = ERR_CORRUPT;
    if (err == ERR_NONE)
        memcpy(out_device, device, sizeof device);
    return err;
}

bool detections_is_of_device(const void *bytes, size_t len, const char *device)
{
    const uint8_t *p = bytes;
    size_t wanted = strlen(device);
    if (len <= SEAL_HEADER_BYTES || (p[1] & SEAL_ZSTD) != 0)
        return true; /* Only unpacking can tell. */
    return p[SEAL_HEADER_BYTES] == wanted && len > SEAL_HEADER_BYTES + wanted &&
           memcmp(p + SEAL_HEADER_BYTES + 1, device, wanted) == 0;
}
