// SPDX-License-Identifier: Apache-2.0
#include "client/demo_feed.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "client/client.h"
#include "feeds/encode.h"
#include "feeds/sample.h"
#include "feeds/simulation.h"

#include <stdatomic.h>

enum { BOXES_MAX = LIMIT_FRAME_PERSONS, TRIES_MAX = 100 };

struct demo_feed {
    struct demo_feed_options options;
    struct thread thread;
    struct lock lock;
    struct signal stop_asked;
    bool is_stopping;
    atomic_bool has_failed;
    atomic_int_fast64_t sent;
    struct err_note failure;
    struct simulation *simulation;
    struct random_sequence chance;
    struct client *client;
    struct text body;
    struct observation *boxes;
};

/* What all cameras see now, a line each; returns the number of persons in it. */
static size_t see(struct demo_feed *feed)
{
    size_t count;
    const struct walker *walkers = simulation_walkers(feed->simulation, &count);
    size_t total = 0;
    text_clear(&feed->body);
    for (size_t i = 0; i < sample_camera_count; i++) {
        struct encode_frame frame = {.at_ms = clock_now_ms(), .observations = feed->boxes};
        frame.count = camera_see(&sample_cameras[i], walkers, count, feed->options.miss_probability,
                                 &feed->chance, feed->boxes, BOXES_MAX);
        encode_batch(&feed->body, sample_cameras[i].id, false, &frame, 1);
        text_add_char(&feed->body, '\n');
        total += frame.count;
    }
    return total;
}

/* True when the stop was asked for before the deadline. */
static bool is_stopped_by(struct demo_feed *feed, int64_t deadline_us)
{
    LOCKED(&feed->lock);
    while (!feed->is_stopping && clock_monotonic_us() < deadline_us)
        (void)signal_wait_until(&feed->stop_asked, &feed->lock, deadline_us);
    return feed->is_stopping;
}

static bool send_frame(struct demo_feed *feed)
{
    size_t count = see(feed);
    for (int attempt = 0; attempt < TRIES_MAX; attempt++) {
        enum err err = client_send(feed->client, "/api/v1/detections", "application/x-ndjson",
                                   feed->body.bytes, feed->body.len, NULL, &feed->failure);
        if (err == ERR_NONE) {
            (void)atomic_fetch_add(&feed->sent, (int64_t)count);
            return true;
        }
        if (err != ERR_BUSY || is_stopped_by(feed, clock_monotonic_us() + 200000))
            break;
    }
    atomic_store(&feed->has_failed, true);
    return false;
}

static void *run(void *context)
{
    struct demo_feed *feed = context;
    int64_t frame_us = 1000000 / feed->options.frames_per_s;
    int64_t steps = 1000 / SIMULATION_STEP_MS * feed->options.haste / feed->options.frames_per_s;
    int64_t due_us = clock_monotonic_us();
    do {
        for (int64_t i = 0; i < steps; i++)
            simulation_step(feed->simulation);
        if (!send_frame(feed))
            break;
        /* A machine that cannot keep up skips frames; it does not fall behind the clock. */
        due_us = MAX(due_us + frame_us, clock_monotonic_us());
    } while (!is_stopped_by(feed, due_us));
    return NULL;
}

struct demo_feed *demo_feed_start(const struct demo_feed_options *options)
{
    assert(options->frames_per_s > 0 && options->frames_per_s <= DEMO_FRAMES_PER_S_MAX);
    struct demo_feed *feed = mem_new(sizeof *feed);
    feed->options = *options;
    lock_init(&feed->lock);
    signal_init(&feed->stop_asked);
    feed->simulation = simulation_create(options->seed, options->people);
    feed->chance.state = options->seed + 1;
    feed->boxes = mem_new_array(BOXES_MAX, sizeof *feed->boxes);
    text_init(&feed->body, LIMIT_INGEST_BODY_BYTES);
    if (client_open(options->address, &feed->client, &feed->failure) != ERR_NONE) {
        atomic_store(&feed->has_failed, true);
        return feed;
    }
    client_use_token(feed->client, options->token);
    thread_start(&feed->thread, "demo-feed", run, feed);
    return feed;
}

int64_t demo_feed_sent(const struct demo_feed *feed)
{
    return atomic_load(&feed->sent);
}

const struct err_note *demo_feed_failure(const struct demo_feed *feed)
{
    return atomic_load(&feed->has_failed) ? &feed->failure : NULL;
}

void demo_feed_stop(struct demo_feed *feed)
{
    if (feed == NULL)
        return;
    lock_take(&feed->lock);
    feed->is_stopping = true;
    signal_wake_all(&feed->stop_asked);
    lock_give(&feed->lock);
    thread_join(&feed->thread);
    if (feed->client != NULL)
        client_close(feed->client);
    simulation_destroy(feed->simulation);
    text_fini(&feed->body);
    mem_free(feed->boxes);
    signal_fini(&feed->stop_asked);
    lock_fini(&feed->lock);
    mem_free(feed);
}
