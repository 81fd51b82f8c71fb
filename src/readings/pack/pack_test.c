// SPDX-License-Identifier: Apache-2.0
#include "readings/pack.h"

#include "base/json.h"
#include "base/random.h"
#include "base/test.h"
#include "base/text.h"
#include "feeds/simulation.h"

#include <math.h>

static void check_same(const struct detection_batch *a, const struct detection_batch *b)
{
    CHECK_TEXT(a->device, b->device);
    CHECK(batch_is_alike(a, b));
    CHECK_INT(a->frame_count, b->frame_count);
    CHECK_INT(a->person_count, b->person_count);
    for (size_t i = 0; i < a->frame_count; i++) {
        CHECK_INT(a->frame_at_ms[i], b->frame_at_ms[i]);
        CHECK_INT(a->frame_first[i + 1], b->frame_first[i + 1]);
    }
    for (size_t i = 0; i < a->person_count; i++) {
        CHECK(a->track[i] == b->track[i] && a->x[i] == b->x[i] && a->y[i] == b->y[i] &&
              a->w[i] == b->w[i] && a->h[i] == b->h[i] && a->confidence[i] == b->confidence[i]);
    }
}

static size_t check_round_trip(const struct detection_batch *batch, enum seal seal)
{
    struct packer packer = {0};
    detections_pack(&packer, batch, seal);
    CHECK(!packer.is_broken);
    struct detection_batch *again = NULL;
    CHECK_INT(detections_unpack(packer.bytes, packer.len, &again), ERR_NONE);
    check_same(batch, again);
    batch_unref(again);
    size_t len = packer.len;
    packer_fini(&packer);
    return len;
}

static struct detection_batch *new_batch(const char *device)
{
    struct detection_batch *batch = batch_create();
    (void)text_copy(batch->device, sizeof batch->device, device);
    return batch;
}

/* Walkers, newcomers, hashed and missing tracks, extremes, out of order, nobody. */
static struct detection_batch *random_batch(struct random_sequence *chance)
{
    struct detection_batch *batch = new_batch("cam-1");
    uint64_t frames = random_below(chance, 12);
    int64_t at_ms = 1781990043100;
    uint64_t reach = 1ULL << random_below(chance, 31);
    for (uint64_t frame = 0; frame < frames; frame++) {
        uint64_t persons = random_below(chance, 5) == 0 ? 0 : random_below(chance, 200);
        for (uint64_t i = 0; i < persons; i++) {
            struct batch_person person = {
                .track = random_below(chance, 3) == 0 ? -1 : (int64_t)(i + random_below(chance, 3)),
                .x = (int32_t)random_below(chance, reach) - (int32_t)(reach / 2),
                .y = (int32_t)random_below(chance, reach),
                .w = (int32_t)random_below(chance, 200),
                .h = (int32_t)random_below(chance, 200),
                .confidence = (uint16_t)random_below(chance, 65536)};
            if (random_below(chance, 10) == 0)
                person.track = (int64_t)(random_next(chance) >> 1);
            CHECK_INT(batch_put_person(batch, &person), ERR_NONE);
        }
        CHECK_INT(batch_close_frame(batch, at_ms), ERR_NONE);
        at_ms += (int64_t)random_below(chance, 2000) - 500;
    }
    return batch;
}

TEST(random_batches_come_back_as_they_were)
{
    struct random_sequence chance = {.state = 7};
    for (int round = 0; round < 400; round++) {
        SCOPED_BATCH *batch = random_batch(&chance);
        batch->is_in_metres = random_below(&chance, 2) == 0;
        batch->scale_xy = (double)(1 + random_below(&chance, 10000));
        (void)check_round_trip(batch, SEAL_FAST);
        (void)check_round_trip(batch, SEAL_SMALL);
    }
}

TEST(a_damaged_record_is_never_taken)
{
    struct random_sequence chance = {.state = 8};
    SCOPED_BATCH *batch = random_batch(&chance);
    struct packer packer = {0};
    detections_pack(&packer, batch, SEAL_FAST);
    for (size_t i = 0; i < packer.len; i++) {
        struct detection_batch *again = NULL;
        packer.bytes[i] ^= (uint8_t)(1U << random_below(&chance, 8));
        CHECK_INT(detections_unpack(packer.bytes, packer.len, &again), ERR_CORRUPT);
        CHECK_INT(detections_unpack(packer.bytes, i, &again), ERR_CORRUPT);
        packer_fini(&packer);
        detections_pack(&packer, batch, SEAL_FAST);
    }
    packer_fini(&packer);
}

TEST(records_of_other_devices_are_told_apart_unopened)
{
    SCOPED_BATCH *batch = new_batch("cam-17");
    struct packer packer = {0};
    detections_pack(&packer, batch, SEAL_FAST);
    CHECK(detections_is_of_device(packer.bytes, packer.len, "cam-17"));
    CHECK(!detections_is_of_device(packer.bytes, packer.len, "cam-1"));
    CHECK(!detections_is_of_device(packer.bytes, packer.len, "cam-18"));
    packer_fini(&packer);
}

/* --- merging --- */

static void put(struct detection_batch *batch, int64_t track, int32_t x)
{
    struct batch_person person = {.track = track, .x = x, .w = 1, .h = 1};
    CHECK_INT(batch_put_person(batch, &person), ERR_NONE);
}

TEST(nobody_is_counted_twice_in_a_frame)
{
    SCOPED_BATCH *batch = new_batch("a");
    put(batch, 2, 20);
    put(batch, -1, 30);
    put(batch, 2, 21);
    put(batch, -1, 30);
    put(batch, -1, 31);
    CHECK_INT(batch_close_frame(batch, 2000), ERR_NONE);
    put(batch, 1, 10);
    CHECK_INT(batch_close_frame(batch, 1000), ERR_NONE);
    put(batch, 2, 99);
    put(batch, 3, 40);
    CHECK_INT(batch_close_frame(batch, 2000), ERR_NONE);
    size_t duplicates;
    CHECK_INT(batch_normalise(batch, &duplicates), ERR_NONE);
    CHECK_INT(duplicates, 3);
    CHECK_INT(batch->frame_count, 2);
    CHECK_INT(batch->frame_at_ms[0], 1000);
    CHECK_INT(batch->frame_at_ms[1], 2000);
    CHECK_INT(batch->frame_first[1], 1);
    CHECK_INT(batch->person_count, 5);
    static const int32_t X[] = {10, 20, 30, 31, 40};
    for (size_t i = 0; i < COUNT_OF(X); i++)
        CHECK_INT(batch->x[i], X[i]);
}

/* --- bytes per detection --- */

struct size_of_file {
    size_t persons;
    size_t bytes_by_second;
    size_t bytes_by_chunk;
};

/* Packs what was gathered by the second and by ten of them, as the stream and history do. */
static void measure(const struct detection_batch *all, struct size_of_file *size)
{
    static const int64_t WINDOWS_MS[] = {1000, 10000};
    size->persons += all->person_count;
    for (size_t w = 0; w < COUNT_OF(WINDOWS_MS); w++) {
        int64_t end_ms = all->frame_count == 0 ? 0 : all->frame_at_ms[all->frame_count - 1] + 1;
        for (int64_t from = 0; from < end_ms; from += WINDOWS_MS[w]) {
            SCOPED_BATCH *part = new_batch(all->device);
            CHECK_INT(batch_append(part, all, from, from + WINDOWS_MS[w]), ERR_NONE);
            if (part->frame_count == 0)
                continue;
            size_t len = check_round_trip(part, w == 0 ? SEAL_FAST : SEAL_SMALL);
            *(w == 0 ? &size->bytes_by_second : &size->bytes_by_chunk) += len;
        }
    }
}

static void check_size(const char *name, const struct size_of_file *size)
{
    double by_second = (double)size->bytes_by_second / (double)size->persons;
    double by_chunk = (double)size->bytes_by_chunk / (double)size->persons;
    print_message("# %s: %zu detections, %.2f bytes each by the second, %.2f by ten\n", name,
                  size->persons, by_second, by_chunk);
    CHECK(size->persons > 100);
    CHECK(by_second <= 8);
    CHECK(by_chunk <= 8);
}

/* Lines frame,track,x,y,w,h,confidence,... as MOTChallenge writes them. */
static void measure_mot(const char *name, double frames_per_s, struct size_of_file *size)
{
    char path[512];
    (void)snprintf(path, sizeof path, "xzcat '%s'", test_data(name));
    FILE *lines = popen(path, "r");
    CHECK(lines != NULL);
    SCOPED_BATCH *all = new_batch("cam-017");
    char line[512];
    double last_frame = 1;
    while (fgets(line, sizeof line, lines) != NULL) {
        double v[7] = {0};
        CHECK_INT(sscanf(line, "%lf,%lf,%lf,%lf,%lf,%lf,%lf", &v[0], &v[1], &v[2], &v[3], &v[4],
                         &v[5], &v[6]),
                  7);
        if (v[0] != last_frame)
            CHECK_INT(batch_close_frame(all, (int64_t)(last_frame * 1000 / frames_per_s)),
                      ERR_NONE);
        last_frame = v[0];
        struct batch_person person = {
            .track = (int64_t)v[1],
            .x = (int32_t)lround(v[2]),
            .y = (int32_t)lround(v[3]),
            .w = (int32_t)lround(v[4]),
            .h = (int32_t)lround(v[5]),
            .confidence = (uint16_t)lround(255 * fmax(0, fmin(1, v[6] > 1 ? v[6] / 100 : v[6])))};
        CHECK_INT(batch_put_person(all, &person), ERR_NONE);
    }
    CHECK_INT(batch_close_frame(all, (int64_t)(last_frame * 1000 / frames_per_s)), ERR_NONE);
    CHECK_INT(pclose(lines), 0);
    size_t duplicates;
    CHECK_INT(batch_normalise(all, &duplicates), ERR_NONE);
    measure(all, size);
}

/* --- bytes per detection on a crowd of our own, which is here wherever the tests are --- */

#define CROWD_PEOPLE      1500
#define CROWD_FRAME_MS    200
#define CROWD_SETTLED_MS  20000 /* from here on the band draws them */
#define CROWD_SEEN_MS     30000
#define CROWD_CAMERAS_MAX 16

static int32_t about(double pixels, uint64_t off_by, struct random_sequence *chance)
{
    return (int32_t)lround(pixels) + (int32_t)random_below(chance, 2 * off_by + 1) -
           (int32_t)off_by;
}

/* As a detector reports them: edges that tremble, and a confidence that is different every time. */
static void add_frame(struct detection_batch *batch, const struct observation *boxes, size_t count,
                      int64_t at_ms, struct random_sequence *chance)
{
    for (size_t i = 0; i < count; i++) {
        struct batch_person person = {.track = boxes[i].track,
                                      .x = about(boxes[i].x, 2, chance),
                                      .y = about(boxes[i].y, 2, chance),
                                      .w = about(boxes[i].w + 4, 3, chance),
                                      .h = about(boxes[i].h + 4, 3, chance),
                                      .confidence = (uint16_t)(128 + random_below(chance, 128))};
        CHECK_INT(batch_put_person(batch, &person), ERR_NONE);
    }
    CHECK_INT(batch_close_frame(batch, at_ms), ERR_NONE);
}

TEST(simulated_crowd_takes_eight_bytes_a_detection_at_most)
{
    SCOPED(simulation) simulation = simulation_create(1, CROWD_PEOPLE);
    struct random_sequence chance = {.state = 1};
    CHECK(sample_camera_count <= CROWD_CAMERAS_MAX);
    struct detection_batch *seen[CROWD_CAMERAS_MAX];
    for (size_t i = 0; i < sample_camera_count; i++)
        seen[i] = new_batch(sample_cameras[i].id);
    static struct observation boxes[CROWD_PEOPLE];
    while (simulation_at_ms(simulation) < CROWD_SETTLED_MS)
        simulation_step(simulation);
    while (simulation_at_ms(simulation) < CROWD_SETTLED_MS + CROWD_SEEN_MS) {
        size_t count;
        const struct walker *walkers = simulation_walkers(simulation, &count);
        for (size_t i = 0; i < sample_camera_count; i++) {
            size_t found = camera_see(&sample_cameras[i], walkers, count, 0.05, &chance, boxes,
                                      COUNT_OF(boxes));
            add_frame(seen[i], boxes, found, simulation_at_ms(simulation) - CROWD_SETTLED_MS,
                      &chance);
        }
        for (int64_t ms = 0; ms < CROWD_FRAME_MS; ms += SIMULATION_STEP_MS)
            simulation_step(simulation);
    }
    struct size_of_file size = {0};
    for (size_t i = 0; i < sample_camera_count; i++) {
        measure(seen[i], &size);
        batch_unref(seen[i]);
    }
    CHECK(size.persons > 50000);
    check_size("simulated crowd, eight cameras", &size);
}

/* --- on real files --- */

TEST(real_detections_take_eight_bytes_at_most)
{
    static const char *const FILES[] = {"mot/MOT17-02.gt.txt.xz",
                                        "mot/MOT17-04.gt.txt.xz",
                                        "mot/MOT17-09.gt.txt.xz",
                                        "mot/MOT17-02-FRCNN.MPNTrack.txt.xz",
                                        "mot/MOT17-04-FRCNN.MPNTrack.txt.xz",
                                        "mot/MOT17-02-SDP.deepsort.txt.xz",
                                        "mot/MOT15-PETS09-S2L1.det.txt.xz",
                                        "mot/MOT15-ETH-Bahnhof.det.txt.xz",
                                        "mot/MOT15-Venice-2.det.txt.xz",
                                        "mot/MOT15-ADL-Rundle-6.det.txt.xz",
                                        "mot/MOT15-TUD-Stadtmitte.det.txt.xz",
                                        "mot/MOT15-TUD-Campus.det.txt.xz"};
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        struct size_of_file size = {0};
        measure_mot(FILES[i], 30, &size);
        check_size(FILES[i], &size);
    }
}

#define VIEWS 7

static void add_wildtrack_person(struct detection_batch *views[VIEWS], json_t *person)
{
    for (size_t i = 0; i < VIEWS; i++) {
        json_t *view = json_array_get(json_object_get(person, "views"), i);
        int64_t left = json_integer_value(json_object_get(view, "xmin"));
        int64_t top = json_integer_value(json_object_get(view, "ymin"));
        int64_t right = json_integer_value(json_object_get(view, "xmax"));
        int64_t bottom = json_integer_value(json_object_get(view, "ymax"));
        if (right <= 0 || bottom <= 0)
            continue; /* -1: not seen by this camera */
        struct batch_person box = {.track = json_integer_value(json_object_get(person, "personID")),
                                   .x = (int32_t)left,
                                   .y = (int32_t)top,
                                   .w = (int32_t)(right - left),
                                   .h = (int32_t)(bottom - top),
                                   .confidence = 255};
        CHECK_INT(batch_put_person(views[i], &box), ERR_NONE);
    }
}

TEST(wildtrack_takes_eight_bytes_at_most)
{
    char command[512];
    (void)snprintf(command, sizeof command, "tar -xJOf '%s'",
                   test_data("wildtrack/annotations_frames_000-199.tar.xz"));
    FILE *frames = popen(command, "r");
    CHECK(frames != NULL);
    struct detection_batch *views[VIEWS];
    for (size_t i = 0; i < VIEWS; i++)
        views[i] = new_batch("cam-1");
    int64_t at_ms = 0;
    json_t *frame;
    while ((frame = json_loadf(frames, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        size_t index;
        json_t *person;
        json_array_foreach(frame, index, person)
        {
            add_wildtrack_person(views, person);
        }
        for (size_t i = 0; i < VIEWS; i++)
            CHECK_INT(batch_close_frame(views[i], at_ms), ERR_NONE);
        at_ms += 500;
        json_decref(frame);
    }
    (void)pclose(frames);
    struct size_of_file size = {0};
    for (size_t i = 0; i < VIEWS; i++) {
        measure(views[i], &size);
        batch_unref(views[i]);
    }
    CHECK(at_ms >= 190 * 500);
    check_size("wildtrack, seven cameras", &size);
}
