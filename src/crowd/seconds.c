// SPDX-License-Identifier: Apache-2.0
#include "crowd/seconds.h"

void seconds_init(struct seconds *seconds, int64_t complete_from_s, int64_t lateness_ms)
{
    *seconds = (struct seconds){
        .complete_from_s = complete_from_s, .lateness_ms = lateness_ms, .settled_ms = INT64_MAX};
}

static void camera_fini(struct camera_second *camera)
{
    for (size_t i = 0; i < camera->frame_count; i++)
        mem_free(camera->frames[i]);
    mem_free(camera->frames);
}

static void second_destroy(struct second *second)
{
    for (size_t i = 0; i < second->camera_count; i++)
        camera_fini(&second->cameras[i]);
    mem_free(second->cameras);
    mem_free(second);
}

static size_t camera_bytes(const struct camera_second *camera)
{
    size_t bytes = 0;
    for (size_t i = 0; i < camera->frame_count; i++)
        bytes += frame_bytes(camera->frames[i]);
    return bytes;
}

static size_t bytes_of(const struct second *second)
{
    size_t bytes = 0;
    for (size_t i = 0; i < second->camera_count; i++)
        bytes += camera_bytes(&second->cameras[i]);
    return bytes;
}

/* What it holds has changed from `before` bytes. */
static void tell_total(const struct seconds *seconds, size_t before)
{
    if (seconds->total != NULL)
        seconds->total->bytes = seconds->total->bytes - before + seconds->bytes;
}

void seconds_share(struct seconds *seconds, struct seconds_total *total)
{
    assert(seconds->total == NULL);
    seconds->total = total;
    total->windows++;
    tell_total(seconds, 0);
}

void seconds_fini(struct seconds *seconds)
{
    if (seconds->total != NULL) {
        seconds->total->bytes -= seconds->bytes;
        seconds->total->windows--;
    }
    for (size_t i = 0; i < seconds->count; i++)
        second_destroy(seconds->all[i]);
    mem_free(seconds->all);
    *seconds = (struct seconds){.count = 0};
}

/* The place of second s: where it is, or where it would stand. */
static size_t place_of(const struct seconds *seconds, int64_t s)
{
    size_t low = 0, high = seconds->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (seconds->all[middle]->s < s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct second *seconds_find(const struct seconds *seconds, int64_t s)
{
    size_t at = place_of(seconds, s);
    return at < seconds->count && seconds->all[at]->s == s ? seconds->all[at] : NULL;
}

static struct second *find_or_make(struct seconds *seconds, int64_t s)
{
    size_t at = place_of(seconds, s);
    if (at < seconds->count && seconds->all[at]->s == s)
        return seconds->all[at];
    if (seconds->count == seconds->size) {
        seconds->size = seconds->size == 0 ? 64 : 2 * seconds->size;
        seconds->all = mem_resize(seconds->all, seconds->size * sizeof(struct second *));
    }
    memmove(&seconds->all[at + 1], &seconds->all[at],
            (seconds->count - at) * sizeof(struct second *));
    struct second *second = mem_new(sizeof *second);
    second->s = s;
    second->is_partial = s < seconds->complete_from_s;
    seconds->all[at] = second;
    seconds->count++;
    return second;
}

static size_t camera_place(const struct second *second, uint32_t device)
{
    size_t low = 0, high = second->camera_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (second->cameras[middle].device < device)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct camera_second *camera_of(struct second *second, uint32_t device)
{
    size_t at = camera_place(second, device);
    if (at < second->camera_count && second->cameras[at].device == device)
        return &second->cameras[at];
    if ((second->camera_count & (second->camera_count - 1)) == 0) { /* 0, 1, 2, 4 ...: full */
        size_t size = second->camera_count == 0 ? 1 : 2 * second->camera_count;
        second->cameras = mem_resize(second->cameras, size * sizeof *second->cameras);
    }
    memmove(&second->cameras[at + 1], &second->cameras[at],
            (second->camera_count - at) * sizeof *second->cameras);
    second->cameras[at] = (struct camera_second){.device = device};
    second->camera_count++;
    return &second->cameras[at];
}

/* Where the frame of that time is, or where it would stand. */
static size_t frame_place(const struct camera_second *camera, int64_t at_ms)
{
    size_t at = camera->frame_count;
    while (at > 0 && camera->frames[at - 1]->at_ms >= at_ms)
        at--;
    return at;
}

static bool has_frame(const struct camera_second *camera, size_t at, int64_t at_ms)
{
    return at < camera->frame_count && camera->frames[at]->at_ms == at_ms;
}

/* Takes the frame; by how many bytes the camera grew. */
static size_t camera_put(struct camera_second *camera, struct frame_count *frame)
{
    size_t at = frame_place(camera, frame->at_ms);
    if (has_frame(camera, at, frame->at_ms)) {
        struct frame_count *joined = frame_join(camera->frames[at], frame);
        size_t grown = frame_bytes(joined) - frame_bytes(camera->frames[at]);
        mem_free(camera->frames[at]);
        mem_free(frame);
        camera->frames[at] = joined;
        return grown;
    }
    if (camera->frame_count == camera->frame_size) {
        camera->frame_size = camera->frame_size == 0 ? 8 : 2 * camera->frame_size;
        camera->frames =
            mem_resize(camera->frames, camera->frame_size * sizeof(struct frame_count *));
    }
    memmove(&camera->frames[at + 1], &camera->frames[at],
            (camera->frame_count - at) * sizeof(struct frame_count *));
    camera->frames[at] = frame;
    camera->frame_count++;
    return frame_bytes(frame);
}

static int64_t second_of(int64_t at_ms)
{
    return at_ms >= 0 ? at_ms / 1000 : -((999 - at_ms) / 1000);
}

const struct frame_count *seconds_frame(const struct seconds *seconds, uint32_t device,
                                        int64_t at_ms)
{
    const struct second *second = seconds_find(seconds, second_of(at_ms));
    size_t c = second == NULL ? 0 : camera_place(second, device);
    if (second == NULL || c == second->camera_count || second->cameras[c].device != device)
        return NULL;
    const struct camera_second *camera = &second->cameras[c];
    size_t at = frame_place(camera, at_ms);
    return has_frame(camera, at, at_ms) ? camera->frames[at] : NULL;
}

void seconds_add(struct seconds *seconds, uint32_t device, struct frame_count *frame,
                 int64_t stream_ms, int64_t position)
{
    struct second *second = find_or_make(seconds, second_of(frame->at_ms));
    size_t before = seconds->bytes;
    seconds->bytes += camera_put(camera_of(second, device), frame);
    tell_total(seconds, before);
    second->touched_ms = MAX(second->touched_ms, stream_ms);
    if (!second->is_dirty) {
        second->is_dirty = true;
        second->first_position = position;
        second->due_ms = MAX((second->s + 1) * 1000, stream_ms) + seconds->lateness_ms;
    }
}

static bool is_due(const struct seconds *seconds, const struct second *second, int64_t stream_ms)
{
    if (!second->is_dirty || second->is_taken || stream_ms < second->due_ms)
        return false;
    bool is_settled = (second->s + 1) * 1000 - 1 <= seconds->settled_ms;
    return is_settled || stream_ms - SECONDS_SETTLE_MAX_MS >= second->due_ms;
}

struct second *seconds_next_due(struct seconds *seconds, int64_t stream_ms, size_t *inout_place)
{
    while (*inout_place < seconds->count) {
        struct second *second = seconds->all[(*inout_place)++];
        if (is_due(seconds, second, stream_ms))
            return second;
    }
    return NULL;
}

struct second *seconds_due(struct seconds *seconds, int64_t stream_ms)
{
    size_t place = 0;
    return seconds_next_due(seconds, stream_ms, &place);
}

static bool is_over(const struct seconds *seconds, size_t count)
{
    const struct seconds_total *total = seconds->total;
    if (count > LIMIT_CROWD_SECONDS || seconds->bytes > LIMIT_CROWD_WINDOW_BYTES)
        return true;
    return total != NULL && total->bytes > total->bytes_max &&
           seconds->bytes > total->bytes_max / total->windows;
}

bool seconds_is_full(const struct seconds *seconds)
{
    return is_over(seconds, seconds->count);
}

void seconds_settle(struct seconds *seconds)
{
    for (size_t i = 0; i < seconds->count; i++) {
        struct second *second = seconds->all[i];
        second->is_dirty = second->is_dirty && !second->is_taken;
        second->is_taken = false;
    }
}

void seconds_forget(struct seconds *seconds, int64_t stream_ms)
{
    size_t kept = 0, count = seconds->count;
    for (size_t i = 0; i < seconds->count; i++) {
        struct second *second = seconds->all[i];
        int64_t needed_until = MAX((second->s + 1) * 1000, second->touched_ms) + SECONDS_KEEP_MS;
        bool is_needed = needed_until > stream_ms && !is_over(seconds, count);
        if (second->is_dirty || is_needed) {
            seconds->all[kept++] = second;
            continue;
        }
        /* Should a frame of it still come, the store knows more than we do. */
        seconds->complete_from_s = MAX(seconds->complete_from_s, second->s + 1);
        size_t before = seconds->bytes;
        seconds->bytes -= bytes_of(second);
        tell_total(seconds, before);
        count--;
        second_destroy(second);
    }
    seconds->count = kept;
}

int64_t seconds_oldest_position(const struct seconds *seconds)
{
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < seconds->count; i++) {
        const struct second *second = seconds->all[i];
        if (second->is_dirty && !second->is_taken)
            oldest = MIN(oldest, second->first_position);
    }
    return oldest;
}

static void renumber_frame(struct frame_count *frame, const uint32_t *zones)
{
    uint16_t kept = 0;
    for (uint32_t i = 0; i < frame->entry_count; i++) {
        struct zone_count entry = frame->entries[i];
        if (zones[entry.zone] == UINT32_MAX)
            continue;
        entry.zone = (uint16_t)zones[entry.zone];
        /* Ids are in the same order before and after, so the entries stay sorted. */
        frame->entries[kept++] = entry;
    }
    frame->entry_count = kept;
}

static void renumber_second(struct second *second, const uint32_t *zones, const uint32_t *devices,
                            size_t *inout_bytes)
{
    size_t kept = 0;
    for (size_t c = 0; c < second->camera_count; c++) {
        struct camera_second camera = second->cameras[c];
        if (devices[camera.device] == UINT32_MAX) {
            *inout_bytes -= camera_bytes(&camera);
            camera_fini(&camera);
            continue;
        }
        camera.device = devices[camera.device];
        for (size_t f = 0; f < camera.frame_count; f++)
            renumber_frame(camera.frames[f], zones);
        second->cameras[kept++] = camera;
    }
    /* The room grows at powers of two of the count: shrink to that. */
    size_t size = 1;
    while (size < kept)
        size *= 2;
    second->cameras = mem_resize(second->cameras, size * sizeof *second->cameras);
    second->camera_count = kept;
}

void seconds_renumber(struct seconds *seconds, const uint32_t *zones, const uint32_t *devices)
{
    size_t before = seconds->bytes;
    for (size_t i = 0; i < seconds->count; i++)
        renumber_second(seconds->all[i], zones, devices, &seconds->bytes);
    tell_total(seconds, before);
}
