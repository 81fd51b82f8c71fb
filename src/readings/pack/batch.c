// SPDX-License-Identifier: Apache-2.0
/* The open frame is the persons behind frame_first[frame_count]; it has no time yet. The room in the
 * columns is not part of the public struct: it stands in `growing`, which embeds it. */
#include "readings/pack/batch.h"

struct growing {
    struct detection_batch batch;
    size_t frame_room;
    size_t person_room;
};

static struct growing *growing_of(struct detection_batch *batch)
{
    return (struct growing *)batch;
}

/* Two blocks of memory hold all columns: frame_at_ms begins the one, track the other. */
static void destroy(struct shared *self)
{
    struct detection_batch *batch = (struct detection_batch *)self;
    mem_free(batch->frame_at_ms);
    mem_free(batch->track);
    mem_free(batch);
}

struct detection_batch *batch_create(void)
{
    struct growing *growing = mem_new(sizeof *growing);
    shared_init(&growing->batch.shared, destroy);
    growing->batch.scale_xy = BATCH_SCALE_PIXELS;
    growing->batch.scale_confidence = BATCH_SCALE_CONFIDENCE;
    return &growing->batch;
}

void batch_unref(struct detection_batch *batch)
{
    if (batch != NULL)
        shared_unref(&batch->shared);
}

static enum err grow_frames(struct growing *growing, size_t needed)
{
    struct detection_batch *batch = &growing->batch;
    size_t room = MAX(needed, growing->frame_room * 2);
    int64_t *at_ms = mem_resize_try(NULL, room * sizeof *at_ms + (room + 1) * sizeof(uint32_t));
    if (at_ms == NULL)
        return ERR_NO_MEMORY;
    uint32_t *first = (uint32_t *)(void *)(at_ms + room);
    first[0] = 0;
    if (batch->frame_first != NULL) {
        memcpy(at_ms, batch->frame_at_ms, batch->frame_count * sizeof *at_ms);
        memcpy(first, batch->frame_first, (batch->frame_count + 1) * sizeof *first);
    }
    mem_free(batch->frame_at_ms);
    batch->frame_at_ms = at_ms;
    batch->frame_first = first;
    growing->frame_room = room;
    return ERR_NONE;
}

static void copy_persons(struct detection_batch *to, const struct detection_batch *from,
                         size_t first, size_t count)
{
    size_t at = to->person_count;
    if (count == 0)
        return;
    memcpy(to->track + at, from->track + first, count * sizeof *to->track);
    memcpy(to->x + at, from->x + first, count * sizeof *to->x);
    memcpy(to->y + at, from->y + first, count * sizeof *to->y);
    memcpy(to->w + at, from->w + first, count * sizeof *to->w);
    memcpy(to->h + at, from->h + first, count * sizeof *to->h);
    memcpy(to->confidence + at, from->confidence + first, count * sizeof *to->confidence);
    to->person_count += count;
}

#define PERSON_SIZE (sizeof(int64_t) + 4 * sizeof(int32_t) + sizeof(uint16_t))

static enum err grow_persons(struct growing *growing, size_t needed)
{
    struct detection_batch *batch = &growing->batch;
    size_t room = MAX(needed, growing->person_room * 2);
    int64_t *track = mem_resize_try(NULL, room * PERSON_SIZE);
    if (track == NULL)
        return ERR_NO_MEMORY;
    int32_t *x = (int32_t *)(void *)(track + room);
    struct detection_batch grown = {.track = track,
                                    .x = x,
                                    .y = x + room,
                                    .w = x + 2 * room,
                                    .h = x + 3 * room,
                                    .confidence = (uint16_t *)(void *)(x + 4 * room)};
    copy_persons(&grown, batch, 0, batch->person_count);
    mem_free(batch->track);
    batch->track = grown.track;
    batch->x = grown.x;
    batch->y = grown.y;
    batch->w = grown.w;
    batch->h = grown.h;
    batch->confidence = grown.confidence;
    growing->person_room = room;
    return ERR_NONE;
}

enum err batch_reserve(struct detection_batch *batch, size_t frames, size_t persons)
{
    struct growing *growing = growing_of(batch);
    if (batch->person_count + persons > UINT32_MAX)
        return ERR_TOO_LARGE;
    if (batch->frame_count + frames > growing->frame_room || batch->frame_first == NULL)
        TRY(grow_frames(growing, batch->frame_count + frames));
    if (batch->person_count + persons > growing->person_room)
        TRY(grow_persons(growing, batch->person_count + persons));
    return ERR_NONE;
}

enum err batch_put_person(struct detection_batch *batch, const struct batch_person *person)
{
    if (batch->person_count >= growing_of(batch)->person_room)
        TRY(batch_reserve(batch, 0, batch->person_count == 0 ? 64 : 1));
    size_t i = batch->person_count++;
    batch->track[i] = person->track;
    batch->x[i] = person->x;
    batch->y[i] = person->y;
    batch->w[i] = person->w;
    batch->h[i] = person->h;
    batch->confidence[i] = person->confidence;
    return ERR_NONE;
}

enum err batch_close_frame(struct detection_batch *batch, int64_t at_ms)
{
    if (batch->frame_count >= growing_of(batch)->frame_room)
        TRY(batch_reserve(batch, batch->frame_count == 0 ? 8 : 1, 0));
    batch->frame_at_ms[batch->frame_count++] = at_ms;
    batch->frame_first[batch->frame_count] = (uint32_t)batch->person_count;
    return ERR_NONE;
}

void batch_drop_open(struct detection_batch *batch)
{
    batch->person_count = batch->frame_count == 0 ? 0 : batch->frame_first[batch->frame_count];
}

bool batch_is_alike(const struct detection_batch *a, const struct detection_batch *b)
{
    return a->is_in_metres == b->is_in_metres && a->scale_xy == b->scale_xy &&
           a->scale_confidence == b->scale_confidence;
}

enum err batch_append_frame(struct detection_batch *to, const struct detection_batch *from,
                            size_t frame)
{
    size_t first = from->frame_first[frame];
    size_t count = from->frame_first[frame + 1] - first;
    TRY(batch_reserve(to, 1, count));
    copy_persons(to, from, first, count);
    return batch_close_frame(to, from->frame_at_ms[frame]);
}

enum err batch_append(struct detection_batch *batch, const struct detection_batch *from,
                      int64_t from_ms, int64_t to_ms)
{
    assert(batch_is_alike(batch, from));
    for (size_t i = 0; i < from->frame_count; i++) {
        if (from->frame_at_ms[i] >= from_ms && from->frame_at_ms[i] < to_ms)
            TRY(batch_append_frame(batch, from, i));
    }
    return ERR_NONE;
}

void batch_swap(struct detection_batch *a, struct detection_batch *b)
{
    struct growing *left = growing_of(a);
    struct growing *right = growing_of(b);
    struct growing other = {.frame_room = left->frame_room, .person_room = left->person_room};
    size_t rest = offsetof(struct detection_batch, frame_count);
    size_t len = sizeof(struct detection_batch) - rest;
    memcpy((char *)&other.batch + rest, (char *)a + rest, len);
    memcpy((char *)a + rest, (char *)b + rest, len);
    memcpy((char *)b + rest, (char *)&other.batch + rest, len);
    left->frame_room = right->frame_room;
    left->person_room = right->person_room;
    right->frame_room = other.frame_room;
    right->person_room = other.person_room;
}

int64_t batch_track_of_text(const char *bytes, size_t len)
{
    int64_t number = 0;
    bool is_numeric = len > 0 && len <= 18 && (bytes[0] != '0' || len == 1);
    uint64_t hash = 0xCBF29CE484222325ULL; /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        is_numeric = is_numeric && c >= '0' && c <= '9';
        if (is_numeric)
            number = number * 10 + (c - '0');
        hash = (hash ^ c) * 0x100000001B3ULL;
    }
    hash ^= hash >> 32; /* the multiplication leaves the low bits weak on short names */
    return is_numeric ? number : (int64_t)(hash >> 2) | BATCH_TRACK_HASHED;
}
