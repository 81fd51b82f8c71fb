// SPDX-License-Identifier: Apache-2.0
/* What following 10,000 people costs, two fixes a second each: CPU of the consumer's work on one chunk of ten
 * seconds, and of writing it on SQLite. Printed, not judged; the disk's waiting is not in it. */
#include "crowd/builders.h"
#include "crowd/tracks/log.h"
#include "crowd/walked/ask.h"
#include "crowd/walked/tables.h"
#include "readings/pack.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PEOPLE 10000
#define CHUNKS 40
#define ZONES  20
#define SIDE_M 200.0
#define T0     1700003000000LL /* an hour is closed on the way */

static double cpu_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

/* People walk to and fro at about 1 m/s; every hundredth chunk each is somebody else. */
static struct detection_batch *chunk_of(int index)
{
    struct detection_batch *batch = batch_create();
    memcpy(batch->device, "tracks", sizeof "tracks");
    batch->is_in_metres = true;
    batch->scale_xy = TRACK_LOG_METRES;
    for (int f = 0; f < 20; f++) {
        double s = 10.0 * index + 0.5 * f;
        for (int k = 0; k < PEOPLE; k++) {
            struct batch_person person = {.track = k + (index * 10 + k % 1000) / 1000 * 100000};
            double x = SIDE_M * fabs(fmod(k * 0.618 + s / SIDE_M, 2) - 1);
            (void)batch_quantise(x, batch->scale_xy, &person.x);
            (void)batch_quantise(k % 97 * SIDE_M / 97, batch->scale_xy, &person.y);
            if (batch_put_person(batch, &person) != ERR_NONE)
                break;
        }
        if (batch_close_frame(batch, T0 + (int64_t)(1000 * s)) != ERR_NONE)
            break;
    }
    return batch;
}

static struct venue_view *build_floor(void)
{
    static char names[ZONES][16];
    struct zone_box boxes[ZONES];
    for (int i = 0; i < ZONES; i++) {
        (void)snprintf(names[i], sizeof names[i], "zone-%d", i);
        double x = SIDE_M / 5 * (i % 5), y = SIDE_M / 4 * (i / 5);
        boxes[i] = (struct zone_box){names[i], x, y, x + SIDE_M / 5, y + SIDE_M / 4};
    }
    return build_view(boxes, ZONES, (const char *const[]){NULL});
}

struct bench {
    struct walked_venue *venue;
    struct venue_view *view;
    double took_ms; /* of the writer's thread */
};

static enum err adopt(struct db *db, void *context, struct err_note *note)
{
    struct bench *bench = context;
    uint16_t *numbers = mem_new_array(ZONES + 1, sizeof *numbers);
    (void)note;
    TRY(walked_number_zones(db, bench->view, numbers));
    walked_venue_adopt(bench->venue, bench->view, numbers);
    return ERR_NONE;
}

static enum err write_effects(struct db *db, void *context, struct err_note *note)
{
    struct bench *bench = context;
    double begin_ms = cpu_ms();
    (void)note;
    enum err err = walked_write(db, bench->venue);
    bench->took_ms = cpu_ms() - begin_ms;
    return err;
}

struct costs {
    double unpack_ms, follow_ms, write_ms, write_most_ms;
};

static bool run_chunk(struct bench *bench, struct store *store, int index, struct costs *costs)
{
    SCOPED_BATCH *made = chunk_of(index);
    struct packer packer = {0};
    detections_pack(&packer, made, SEAL_SMALL);
    double begin_ms = cpu_ms();
    SCOPED_BATCH *chunk = NULL;
    enum err err = detections_unpack(packer.bytes, packer.len, &chunk);
    packer_fini(&packer);
    if (err != ERR_NONE)
        return false;
    double unpacked_ms = cpu_ms();
    walked_venue_take(bench->venue, chunk, T0 + index * (int64_t)TRACK_CHUNK_MS, index + 1, 0);
    costs->unpack_ms += unpacked_ms - begin_ms;
    costs->follow_ms += cpu_ms() - unpacked_ms;
    struct err_note note = {0};
    if (store_write(store, write_effects, bench, &note) != ERR_NONE) {
        printf("cannot write: %s\n", note.detail);
        return false;
    }
    costs->write_ms += bench->took_ms;
    costs->write_most_ms = fmax(costs->write_most_ms, bench->took_ms);
    walked_venue_settle(bench->venue);
    return true;
}

static bool run(struct store *store)
{
    struct costs costs = {0};
    struct bench bench = {.view = build_floor(),
                          .venue =
                              walked_venue_create("demo", "park", &(struct walked_progress){0}, 0)};
    struct err_note note = {0};
    bool is_well = store_write(store, adopt, &bench, &note) == ERR_NONE;
    for (int i = 0; i < CHUNKS && is_well; i++)
        is_well = run_chunk(&bench, store, i, &costs);
    double sum_ms = costs.unpack_ms + costs.follow_ms + costs.write_ms;
    printf("%d people, 2 fixes/s, %d zones, %.0f m x %.0f m; CPU for each chunk of 10 s:\n", PEOPLE,
           ZONES, SIDE_M, SIDE_M);
    printf(
        "  reading %.1f ms, following %.1f ms, writing %.1f ms (at most %.1f ms, with an hour)\n",
        costs.unpack_ms / CHUNKS, costs.follow_ms / CHUNKS, costs.write_ms / CHUNKS,
        costs.write_most_ms);
    printf("  %.2f %% of one core\n", sum_ms / CHUNKS / TRACK_CHUNK_MS * 100);
    walked_venue_destroy(bench.venue);
    shared_unref(&bench.view->shared);
    return is_well;
}

int main(void)
{
    char folder[] = "/tmp/muster-walked-XXXXXX", url[64], path[64];
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(url, sizeof url, "sqlite:%s", folder);
    struct store_options options = {
        .name = "bench", .url = url, .modules = &paths_store_module, .module_count = 1};
    struct store *store = NULL;
    bool is_well = store_open(&options, &store, NULL) == ERR_NONE && run(store);
    if (store != NULL)
        store_close(store);
    static const char *const FILES[] = {"bench.db", "bench.db-wal", "bench.db-shm",
                                        "bench.db.lock"};
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, FILES[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return is_well ? 0 : 1;
}
