// SPDX-License-Identifier: Apache-2.0
/* crowd/crowd.c — the consumer around the counting. Its thread owns the states of the venues whose
 * shard is ours; others only ever take the newest picture, under the lock.
 *
 * After a restart the state is read again from the stream: the stored position lags behind by what is
 * not yet written, and by REBUILD_MS, in which every living camera has spoken. Stream time is the
 * arrival of the newest record while there are records, and the clock when there are none: so a
 * consumer that lags does not close a second before it has read it. */
#include "crowd/crowd.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crowd/elsewhere.h"
#include "crowd/messages.h"
#include "crowd/write.h"
#include "store/consumer.h"

#include <stdio.h>

#define STREAM            "detections"
#define RECORD_KIND       "detections.packed"
#define TICK_MS           20
#define ZONES_PERIOD_MS   40 /* at most so often */
#define PEOPLE_PERIOD_MS  200
#define STEADY_PERIOD_MS  1000 /* at least so often: silence, device health */
#define REBUILD_MS        30000
#define CHECKPOINT_MS     1000
#define CHECKPOINTS_MAX   64 /* more than REBUILD_MS / CHECKPOINT_MS */
#define MESSAGE_BYTES_MAX LIMIT_LIVE_MESSAGE_BYTES

static struct metric delay_seconds =
    METRIC_HISTOGRAM("muster_crowd_delay_seconds", "From a record's arrival to the live picture.");

struct member { /* one venue */
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    int shard;
    struct venue_state *state;
    bool is_changed;                        /* since zones_ms */
    bool are_dots_changed;                  /* since people_ms */
    int64_t arrived_ms;                     /* of the oldest change not yet shown */
    int64_t zones_ms, people_ms, steady_ms; /* published then */
    struct crowd_picture *picture;          /* a reference; changed under the lock only */
};

struct checkpoint {
    int64_t position; /* all up to here had arrived by at_ms */
    int64_t at_ms;
};

struct shard_state {
    int64_t stream_ms;
    struct checkpoint checkpoints[CHECKPOINTS_MAX]; /* oldest first; the first is the floor */
    size_t checkpoint_count;
};

struct crowd {
    struct store *store;
    struct venues *venues;
    struct readings *readings;
    const struct publisher *publisher;
    struct consumer *consumer;
    struct shard_state shards[STREAM_SHARDS];
    struct writing writing;
    struct text message;
    struct lock lock; /* guards the list for others than the consumer's thread, and the pictures */
    struct member **members;
    size_t member_count;
    struct elsewhere *elsewhere; /* the venues of other processes */
};

/* --- venues --- */

static void member_destroy(struct member *member)
{
    if (member->picture != NULL)
        shared_unref(&member->picture->shared);
    venue_state_destroy(member->state);
    mem_free(member);
}

#define MEMBERS_ALL  (-1)
#define MEMBERS_GONE (-2) /* without a state */

/* Those of a shard, or as above. */
static void drop_members(struct crowd *crowd, int shard)
{
    LOCKED(&crowd->lock);
    size_t kept = 0;
    for (size_t i = 0; i < crowd->member_count; i++) {
        struct member *member = crowd->members[i];
        if (member->state == NULL || shard == MEMBERS_ALL || member->shard == shard)
            member_destroy(member);
        else
            crowd->members[kept++] = member;
    }
    crowd->member_count = kept;
}

static struct member *find_member(const struct crowd *crowd, const char *event, const char *venue)
{
    for (size_t i = 0; i < crowd->member_count; i++) {
        struct member *member = crowd->members[i];
        if (strcmp(member->venue, venue) == 0 && strcmp(member->event, event) == 0)
            return member;
    }
    return NULL;
}

static enum err load_learned(struct crowd *crowd, struct venue_state *state)
{
    struct db *db = store_reader_take(crowd->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = learned_load(db, state);
    store_reader_give(crowd->store, db);
    return err;
}

/* Takes the reference of the view. */
static enum err make_member(struct crowd *crowd, struct venue_view *view, int shard, int64_t now_ms,
                            struct member **out_member)
{
    struct venue_state *state = venue_state_create(view, now_ms / 1000 + 1, CROWD_LATENESS_MS);
    struct member *member = mem_new(sizeof *member);
    member->state = state;
    member->shard = shard;
    memcpy(member->event, view->event, sizeof member->event);
    memcpy(member->venue, view->id, sizeof member->venue);
    shared_unref(&view->shared);
    enum err err = load_learned(crowd, state);
    if (err != ERR_NONE) {
        member_destroy(member);
        return err;
    }
    LOCKED(&crowd->lock);
    crowd->members =
        mem_resize(crowd->members, (crowd->member_count + 1) * sizeof(struct member *));
    crowd->members[crowd->member_count++] = member;
    *out_member = member;
    return ERR_NONE;
}

/* Takes over a changed view. False when the venue is gone. */
static bool refresh_member(struct crowd *crowd, struct member *member, int64_t now_ms)
{
    struct venue_view *view = venues_view(crowd->venues, member->event, member->venue);
    if (view == NULL)
        return false;
    if (view != member->state->map->view) {
        venue_state_move(member->state, view);
        member->arrived_ms = now_ms;
        member->is_changed = member->are_dots_changed = true;
        member->steady_ms = 0;
    }
    shared_unref(&view->shared);
    return true;
}

/* *out_member is NULL when there is no such venue, or no more: then the next look at all drops it. */
static enum err current_member(struct crowd *crowd, const struct detection_batch *detections,
                               const struct consumer_batch *batch, struct member **out_member)
{
    struct member *member = find_member(crowd, detections->event, detections->venue);
    *out_member = NULL;
    if (member != NULL) {
        *out_member = refresh_member(crowd, member, batch->now_ms) ? member : NULL;
        return ERR_NONE;
    }
    struct venue_view *view = venues_view(crowd->venues, detections->event, detections->venue);
    return view == NULL ? ERR_NONE
                        : make_member(crowd, view, batch->shard, batch->now_ms, out_member);
}

/* --- records --- */

static enum err take_record(struct crowd *crowd, struct stream_record *record,
                            const struct consumer_batch *batch)
{
    struct detection_batch *detections = NULL;
    struct member *member = NULL;
    if (strcmp(record->kind, RECORD_KIND) != 0)
        return ERR_NONE;
    TRY(detections_of_record(record, &detections));
    enum err err = current_member(crowd, detections, batch, &member);
    if (err == ERR_NONE && member != NULL) {
        const struct batch_arrival arrival = {.at_ms = record->at_ms,
                                              .stream_ms = crowd->shards[batch->shard].stream_ms,
                                              .position = record->position};
        if (venue_state_take(member->state, detections, arrival)) {
            member->arrived_ms = member->is_changed ? member->arrived_ms : record->at_ms;
            member->is_changed = member->are_dots_changed = true;
        }
    }
    shared_unref(&detections->shared);
    return err;
}

static void follow_time(struct shard_state *shard, const struct consumer_batch *batch)
{
    int64_t at_ms = batch->now_ms;
    if (batch->record_count > 0)
        at_ms = MIN(at_ms, batch->records[batch->record_count - 1]->at_ms);
    shard->stream_ms = MAX(shard->stream_ms, at_ms);
}

/* Remembers where the stream was, once a second; forgets all that is older than needed but one. */
static void set_checkpoint(struct shard_state *shard, int64_t read_to)
{
    struct checkpoint *all = shard->checkpoints;
    size_t count = shard->checkpoint_count;
    if (shard->stream_ms < all[count - 1].at_ms + CHECKPOINT_MS)
        return;
    size_t old = 0;
    while (old + 1 < count && all[old + 1].at_ms <= shard->stream_ms - REBUILD_MS)
        old++;
    if (old == 0 && count == CHECKPOINTS_MAX)
        old = 1; /* time has jumped: rather read too little again than grow */
    memmove(all, &all[old], (count - old) * sizeof *all);
    count -= old;
    all[count] = (struct checkpoint){.position = read_to, .at_ms = shard->stream_ms};
    shard->checkpoint_count = count + 1;
}

static int64_t needed_position(const struct crowd *crowd, int shard)
{
    int64_t position = crowd->shards[shard].checkpoints[0].position;
    for (size_t i = 0; i < crowd->member_count; i++) {
        const struct member *member = crowd->members[i];
        if (member->shard == shard)
            position = MIN(position, seconds_oldest_position(&member->state->seconds) - 1);
    }
    return position;
}

/* --- live --- */

static void send(struct crowd *crowd, const struct member *member, const char *what)
{
    char topic[3 * LIMIT_ID_LEN];
    (void)snprintf(topic, sizeof topic, "events/%s/venues/%s/%s", member->event, member->venue,
                   what);
    if (crowd->message.overflowed)
        log_write(LOG_ERROR, "crowd", "a live message is too long", "topic=%s", topic);
    else
        publish(crowd->publisher, topic, PUBLISH_GAUGE, crowd->message.bytes, crowd->message.len);
    text_clear(&crowd->message);
}

static bool is_health_changed(const struct crowd_picture *old, const struct crowd_picture *new)
{
    if (old == NULL || old->device_count != new->device_count)
        return true;
    for (size_t d = 0; d < new->device_count; d++) {
        if (old->devices[d].is_silent != new->devices[d].is_silent)
            return true;
    }
    return false;
}

static void replace_picture(struct crowd *crowd, struct member *member, struct crowd_picture *new)
{
    LOCKED(&crowd->lock);
    if (member->picture != NULL)
        shared_unref(&member->picture->shared);
    member->picture = new;
}

/* Counters and sensors send readings, which do not come this way. */
static void complete_health(const struct crowd *crowd, const struct venue_view *view,
                            struct crowd_picture *picture)
{
    for (size_t d = 0; crowd->readings != NULL && d < picture->device_count; d++) {
        struct crowd_device_state *device = &picture->devices[d];
        int64_t seen_ms = readings_last_seen(crowd->readings, view->event, device->id);
        device->last_seen_ms = MAX(device->last_seen_ms, seen_ms);
        device->is_silent = device->last_seen_ms == 0 || picture->at_ms - device->last_seen_ms >
                                                             view->devices[d].silent_after_ms;
    }
}

/* The picture first: who hears of a change and asks must not get what was before. */
static void show(struct crowd *crowd, struct member *member, int64_t now_ms)
{
    const struct venue_view *view = venue_state_view(member->state);
    SCOPED_MEM uint32_t *best = mem_new_array(view->zone_count + 1, sizeof *best);
    struct crowd_picture *picture = venue_state_picture(member->state, now_ms, best);
    complete_health(crowd, view, picture);
    bool is_steady = now_ms - member->steady_ms >= STEADY_PERIOD_MS;
    bool are_devices_due = is_steady || is_health_changed(member->picture, picture);
    replace_picture(crowd, member, picture);
    message_zones(&crowd->message, picture);
    send(crowd, member, "zones");
    if (is_steady || (member->are_dots_changed && now_ms - member->people_ms >= PEOPLE_PERIOD_MS)) {
        message_people(&crowd->message, member->state, best, now_ms);
        send(crowd, member, "people");
        member->people_ms = now_ms;
        member->are_dots_changed = false;
    }
    if (are_devices_due) {
        message_devices(&crowd->message, picture);
        send(crowd, member, "devices");
        member->steady_ms = now_ms;
    }
    if (member->is_changed)
        metric_observe_us(&delay_seconds, MAX(0, now_ms - member->arrived_ms) * 1000);
    member->is_changed = false;
    member->zones_ms = now_ms;
}

static bool is_due(const struct member *member, int64_t now_ms)
{
    int64_t since_ms = now_ms - member->zones_ms;
    if (since_ms < 0)
        return true; /* the clock was set back */
    bool are_dots_due = member->are_dots_changed && now_ms - member->people_ms >= PEOPLE_PERIOD_MS;
    return ((member->is_changed || are_dots_due) && since_ms >= ZONES_PERIOD_MS) ||
           now_ms - member->steady_ms >= STEADY_PERIOD_MS;
}

/* Changes of a venue, and its end, show within a second even when no camera sends. */
static void show_all(struct crowd *crowd, int64_t now_ms)
{
    bool has_gone = false;
    for (size_t i = 0; i < crowd->member_count; i++) {
        struct member *member = crowd->members[i];
        if (now_ms - member->steady_ms >= STEADY_PERIOD_MS &&
            !refresh_member(crowd, member, now_ms)) {
            venue_state_destroy(TAKE(member->state));
            has_gone = true;
        } else if (is_due(member, now_ms)) {
            show(crowd, member, now_ms);
        }
    }
    if (has_gone)
        drop_members(crowd, MEMBERS_GONE);
}

/* --- the consumer's calls --- */

static void owned(void *context, int shard, int64_t *inout_position)
{
    struct crowd *crowd = context;
    drop_members(crowd, shard);
    struct shard_state *state = &crowd->shards[shard];
    *state = (struct shard_state){.stream_ms = INT64_MIN / 2, .checkpoint_count = 1};
    state->checkpoints[0] =
        (struct checkpoint){.position = *inout_position, .at_ms = INT64_MIN / 2};
}

static void lost(void *context, int shard)
{
    drop_members(context, shard);
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    struct crowd *crowd = context;
    struct shard_state *shard = &crowd->shards[batch->shard];
    writing_clear(&crowd->writing);
    follow_time(shard, batch);
    for (size_t i = 0; i < batch->record_count; i++)
        TRY(take_record(crowd, batch->records[i], batch));
    show_all(crowd, batch->now_ms);
    for (size_t i = 0; i < crowd->member_count; i++) {
        if (crowd->members[i]->shard == batch->shard)
            writing_take(&crowd->writing, crowd->members[i]->state, shard->stream_ms);
    }
    set_checkpoint(shard, *inout_position);
    *inout_position = MIN(*inout_position, needed_position(crowd, batch->shard));
    *out_has_effects = crowd->writing.second_count + crowd->writing.learned_count > 0;
    return ERR_NONE;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    const struct crowd *crowd = context;
    return writing_apply(db, &crowd->writing, batch->now_ms);
}

static void applied(void *context, const struct consumer_batch *batch)
{
    struct crowd *crowd = context;
    int64_t stream_ms = crowd->shards[batch->shard].stream_ms;
    for (size_t i = 0; i < crowd->member_count; i++) {
        struct member *member = crowd->members[i];
        if (member->shard != batch->shard)
            continue;
        member->state->learned_count = 0;
        seconds_settle(&member->state->seconds);
        seconds_forget(&member->state->seconds, stream_ms);
    }
    writing_clear(&crowd->writing);
}

/* --- the module --- */

enum err crowd_open(const struct crowd_options *options, struct crowd **out_crowd,
                    struct err_note *note)
{
    struct crowd *crowd = mem_new(sizeof *crowd);
    crowd->store = options->telemetry_store;
    crowd->venues = options->venues;
    crowd->readings = options->readings;
    crowd->publisher = options->publisher;
    crowd->elsewhere = elsewhere_create();
    lock_init(&crowd->lock);
    text_init(&crowd->message, MESSAGE_BYTES_MAX);
    const struct consumer_options consumer = {.name = "crowd",
                                              .stream = STREAM,
                                              .source = crowd->store,
                                              .target = crowd->store,
                                              .tick_ms = TICK_MS,
                                              .context = crowd,
                                              .owned = owned,
                                              .lost = lost,
                                              .prepare = prepare,
                                              .apply = apply,
                                              .applied = applied};
    enum err err = consumer_start(&consumer, &crowd->consumer, note);
    if (err != ERR_NONE) {
        crowd_close(crowd);
        return err;
    }
    *out_crowd = crowd;
    return ERR_NONE;
}

void crowd_close(struct crowd *crowd)
{
    if (crowd == NULL)
        return;
    if (crowd->consumer != NULL)
        consumer_stop(crowd->consumer);
    drop_members(crowd, MEMBERS_ALL);
    writing_clear(&crowd->writing);
    mem_free(crowd->members);
    elsewhere_destroy(crowd->elsewhere);
    text_fini(&crowd->message);
    lock_fini(&crowd->lock);
    mem_free(crowd);
}

enum err crowd_wait_idle(struct crowd *crowd, int64_t deadline_ms)
{
    return consumer_wait_idle(crowd->consumer, deadline_ms);
}

static struct crowd_picture *own_picture(struct crowd *crowd, const char *event, const char *venue)
{
    LOCKED(&crowd->lock);
    const struct member *member = find_member(crowd, event, venue);
    struct crowd_picture *picture = member == NULL ? NULL : member->picture;
    if (picture != NULL)
        shared_ref(&picture->shared);
    return picture;
}

struct crowd_picture *crowd_picture(struct crowd *crowd, const char *event, const char *venue)
{
    struct crowd_picture *picture = own_picture(crowd, event, venue);
    if (picture != NULL)
        return picture;
    struct venue_view *view = venues_view(crowd->venues, event, venue);
    if (view == NULL)
        return NULL;
    picture = elsewhere_picture(crowd->elsewhere, view, clock_monotonic_us());
    if (picture == NULL)
        picture = crowd_picture_unknown(view, clock_now_ms());
    shared_unref(&view->shared);
    return picture;
}

/* "events/demo/venues/park/zones" */
static bool read_topic(const char *topic, char event[LIMIT_ID_LEN + 1],
                       char venue[LIMIT_ID_LEN + 1], enum elsewhere_part *out_part)
{
    char what[8];
    int len = 0;
    if (sscanf(topic, "events/%64[^/]/venues/%64[^/]/%7[a-z]%n", event, venue, what, &len) != 3 ||
        topic[len] != '\0')
        return false;
    *out_part = strcmp(what, "zones") == 0 ? ELSEWHERE_ZONES : ELSEWHERE_DEVICES;
    return *out_part == ELSEWHERE_ZONES || strcmp(what, "devices") == 0;
}

void crowd_hear(struct crowd *crowd, const char *topic, const char *json, size_t len)
{
    char event[LIMIT_ID_LEN + 1], venue[LIMIT_ID_LEN + 1];
    enum elsewhere_part part;
    if (!read_topic(topic, event, venue, &part))
        return;
    struct crowd_picture *own = own_picture(crowd, event, venue);
    struct venue_view *view = own == NULL ? venues_view(crowd->venues, event, venue) : NULL;
    if (view != NULL) { /* as many as there are venues, whoever may say what */
        elsewhere_hear(crowd->elsewhere, event, venue, part, json, len, clock_monotonic_us());
        shared_unref(&view->shared);
    }
    if (own != NULL)
        shared_unref(&own->shared);
}

static int64_t seen_in(const struct crowd_picture *picture, const char *device)
{
    for (size_t d = 0; d < picture->device_count; d++) {
        if (strcmp(picture->devices[d].id, device) == 0)
            return picture->devices[d].last_seen_ms;
    }
    return 0;
}

int64_t crowd_last_seen_ms(struct crowd *crowd, const char *event, const char *venue,
                           const char *device)
{
    struct crowd_picture *picture = crowd_picture(crowd, event, venue);
    int64_t seen_ms = picture == NULL ? 0 : seen_in(picture, device);
    if (picture != NULL)
        shared_unref(&picture->shared);
    return seen_ms;
}
