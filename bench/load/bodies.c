// SPDX-License-Identifier: Apache-2.0
#include "bench/load/bodies.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "feeds/encode.h"

#include <stdio.h>

enum { BODY_MAX = LIMIT_INGEST_BODY_BYTES, HEAD_MAX = 4096, WALK_PX = 9, FIRST_MS = 1000 };

static const char TIME_MARK[] = "1970-01-01T00:00:00.000Z";

/* Persons of one camera as they walk: a random walk from a random place, inside the picture. */
static void walk(struct observation *persons, int count, struct random_sequence *chance)
{
    for (int i = 0; i < count; i++) {
        double dx = (double)random_below(chance, 2 * WALK_PX + 1) - WALK_PX;
        double dy = (double)random_below(chance, 2 * WALK_PX + 1) - WALK_PX;
        persons[i].x = MAX(0, MIN(1880, persons[i].x + dx));
        persons[i].y = MAX(0, MIN(880, persons[i].y + dy));
    }
}

static void place(struct observation *persons, int count, struct random_sequence *chance)
{
    for (int i = 0; i < count; i++)
        persons[i] = (struct observation){.track = i + 1,
                                          .x = (double)random_below(chance, 1880),
                                          .y = (double)random_below(chance, 880),
                                          .w = 38 + (double)random_below(chance, 8),
                                          .h = 108 + (double)random_below(chance, 20),
                                          .confidence = 0.5 + random_uniform(chance) / 2};
}

/* As SceneScape's tools send it: a message a frame; several frames are NDJSON. */
static void add_scenescape(struct text *out, const char *camera, const struct encode_frame *frame)
{
    text_addf(out, "{\"id\":\"%s\",\"timestamp\":\"%s\",\"rate\":10.0,\"objects\":{\"person\":[",
              camera, TIME_MARK);
    for (size_t i = 0; i < frame->count; i++) {
        const struct observation *person = &frame->observations[i];
        text_addf(out,
                  "%s{\"id\":%lld,\"category\":\"person\",\"confidence\":%.17g,"
                  "\"bounding_box_px\":{\"x\":%.1f,\"y\":%.1f,\"width\":%.1f,\"height\":%.1f},"
                  "\"center_of_mass\":{\"x\":%.1f,\"y\":%.1f,\"width\":%.3f,\"height\":%.3f}}",
                  i == 0 ? "" : ",", (long long)person->track, person->confidence, person->x,
                  person->y, person->w, person->h, person->x + person->w / 3,
                  person->y + person->h / 4, person->w / 3, person->h / 4);
    }
    text_add(out, "]}}\n");
}

static void find_times(struct body *body)
{
    const char *p = body->bytes;
    for (size_t i = 0; i < BODY_FRAMES_MAX; i++) {
        p = p == NULL ? NULL : strstr(p, TIME_MARK);
        body->time_at[i] = p == NULL ? 0 : (size_t)(p - body->bytes);
        p = p == NULL ? NULL : p + sizeof TIME_MARK - 1;
    }
}

static void add_head(struct text *request, const struct bodies_options *options, size_t len)
{
    text_addf(request,
              "POST /api/v1/detections HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
              "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
              options->host, options->token,
              options->form == BODY_NATIVE ? "application/json" : "application/x-ndjson", len);
}

static void write_body(struct body *body, const struct bodies_options *options, int camera,
                       int variant, struct observation *persons, struct random_sequence *chance)
{
    struct text text;
    text_init(&text, BODY_MAX);
    char id[LIMIT_ID_LEN + 1];
    (void)snprintf(id, sizeof id, "cam-%04d", camera + 1);
    size_t frame_size = (size_t)options->persons * sizeof *persons;
    struct observation *seen = mem_new((size_t)options->frames * frame_size);
    struct encode_frame frames[BODY_FRAMES_MAX];
    for (int i = 0; i < options->frames; i++) {
        struct observation *own = seen + i * options->persons;
        size_t count = (size_t)options->persons;
        if (options->world != NULL) {
            count = world_see(options->world, camera, variant, chance, own);
        } else {
            if (!options->do_stand)
                walk(persons, options->persons, chance);
            memcpy(own, persons, frame_size);
        }
        frames[i] = (struct encode_frame){.at_ms = 0, .observations = own, .count = count};
        body->detections += (int64_t)count;
        if (options->form == BODY_SCENESCAPE)
            add_scenescape(&text, id, &frames[i]);
    }
    if (options->form == BODY_NATIVE)
        encode_batch(&text, id, false, frames, (size_t)options->frames);
    assert(!text.overflowed);
    mem_free(seen);
    struct text request;
    text_init(&request, BODY_MAX + HEAD_MAX);
    add_head(&request, options, text.len);
    body->head_len = request.len;
    text_add_bytes(&request, text.bytes, text.len);
    text_fini(&text);
    assert(!request.overflowed);
    body->len = request.len;
    body->bytes = text_take(&request);
    find_times(body);
}

void bodies_init(struct bodies *bodies, const struct bodies_options *options)
{
    assert(options->frames > 0 && options->frames <= BODY_FRAMES_MAX);
    *bodies = (struct bodies){.options = *options};
    size_t count = (size_t)options->cameras * (size_t)options->variants;
    bodies->items = mem_new_array(count, sizeof *bodies->items);
    struct random_sequence chance = {17};
    struct observation *persons = mem_new_array((size_t)options->persons, sizeof *persons);
    for (int camera = 0; camera < options->cameras; camera++) {
        place(persons, options->persons, &chance);
        for (int variant = 0; variant < options->variants; variant++)
            write_body(&bodies->items[variant * options->cameras + camera], options, camera,
                       variant, persons, &chance);
    }
    mem_free(persons);
    bodies->sent_ms = mem_new_array((size_t)options->cameras, sizeof *bodies->sent_ms);
    for (int i = 0; i < options->cameras; i++)
        bodies->sent_ms[i] = clock_now_ms() - FIRST_MS;
}

void bodies_fini(struct bodies *bodies)
{
    size_t count = (size_t)bodies->options.cameras * (size_t)bodies->options.variants;
    for (size_t i = 0; i < count; i++) {
        mem_free(bodies->items[i].bytes);
    }
    mem_free(bodies->items);
    mem_free(bodies->sent_ms);
}

void bodies_request(struct bodies *bodies, int64_t n, int64_t now_ms, struct load_request *out)
{
    int64_t count = (int64_t)bodies->options.cameras * bodies->options.variants;
    int64_t frames = bodies->options.frames;
    struct body *body = &bodies->items[n % count];
    int64_t *sent_ms = &bodies->sent_ms[n % bodies->options.cameras];
    int64_t step_ms = MAX(INT64_C(1), (now_ms - *sent_ms) / frames);
    int64_t first_ms = MAX(*sent_ms + 1, now_ms - (frames - 1) * step_ms);
    for (int64_t i = 0; i < frames; i++) {
        char at[CLOCK_TEXT_SIZE];
        clock_format(first_ms + i * step_ms, at);
        memcpy(body->bytes + body->time_at[i], at, CLOCK_TEXT_SIZE - 1);
    }
    *sent_ms = first_ms + (frames - 1) * step_ms;
    *out = (struct load_request){body->bytes, body->len};
}
