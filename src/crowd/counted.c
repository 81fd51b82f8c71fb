// SPDX-License-Identifier: Apache-2.0
#include "crowd/counted.h"

#include "crowd/write.h"

static void venue_destroy(struct counted_venue *venue)
{
    if (venue->picture != NULL)
        shared_unref(&venue->picture->shared);
    venue_state_destroy(venue->state);
    mem_free(venue);
}

void counted_init(struct counted *counted, struct store *store, struct venues *venues)
{
    *counted = (struct counted){
        .store = store, .venues = venues, .windows = {.bytes_max = LIMIT_CROWD_WINDOWS_BYTES}};
    lock_init(&counted->lock);
    counted->pool = pool_create("crowd-group", pool_threads_here());
}

void counted_fini(struct counted *counted)
{
    for (size_t i = 0; i < counted->count; i++)
        venue_destroy(counted->all[i]);
    mem_free(counted->all);
    pool_destroy(counted->pool);
    lock_fini(&counted->lock);
}

#define NO_SHARD (-1)

static void drop(struct counted *counted, int shard)
{
    LOCKED(&counted->lock);
    size_t kept = 0;
    for (size_t i = 0; i < counted->count; i++) {
        struct counted_venue *venue = counted->all[i];
        if (venue->is_gone || venue->shard == shard)
            venue_destroy(venue);
        else
            counted->all[kept++] = venue;
    }
    counted->count = kept;
}

void counted_drop_shard(struct counted *counted, int shard)
{
    drop(counted, shard);
}

void counted_drop_gone(struct counted *counted)
{
    drop(counted, NO_SHARD);
}

static struct counted_venue *find(const struct counted *counted, const char *event,
                                  const char *venue)
{
    for (size_t i = 0; i < counted->count; i++) {
        struct counted_venue *found = counted->all[i];
        if (strcmp(found->venue, venue) == 0 && strcmp(found->event, event) == 0)
            return found;
    }
    return NULL;
}

static enum err load_learned(struct counted *counted, struct venue_state *state)
{
    struct db *db = store_reader_take(counted->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = learned_load(db, state);
    store_reader_give(counted->store, db);
    return err;
}

/* Takes the reference of the view. */
static enum err add(struct counted *counted, struct venue_view *view, int shard, int64_t now_ms,
                    struct counted_venue **out_venue)
{
    struct venue_state *state = venue_state_create(view, now_ms / 1000 + 1, CROWD_LATENESS_MS);
    struct counted_venue *venue = mem_new(sizeof *venue);
    venue->state = state;
    state->pool = counted->pool;
    seconds_share(&state->seconds, &counted->windows);
    venue->shard = shard;
    memcpy(venue->event, view->event, sizeof venue->event);
    memcpy(venue->venue, view->id, sizeof venue->venue);
    shared_unref(&view->shared);
    enum err err = load_learned(counted, state);
    if (err != ERR_NONE) {
        venue_destroy(venue);
        return err;
    }
    LOCKED(&counted->lock);
    counted->all = mem_resize(counted->all, (counted->count + 1) * sizeof(struct counted_venue *));
    counted->all[counted->count++] = venue;
    *out_venue = venue;
    return ERR_NONE;
}

bool counted_refresh(struct counted *counted, struct counted_venue *venue, int64_t now_ms)
{
    struct venue_view *view = venues_view(counted->venues, venue->event, venue->venue);
    venue->is_gone = view == NULL;
    if (view == NULL)
        return false;
    if (view != venue_state_view(venue->state)) {
        venue_state_move(venue->state, view);
        venue->live.arrived_ms = now_ms;
        venue->live.is_changed = venue->live.are_dots_changed = true;
        venue->live.steady_ms = 0;
    }
    shared_unref(&view->shared);
    return true;
}

enum err counted_current(struct counted *counted, const char *event, const char *venue, int shard,
                         int64_t now_ms, struct counted_venue **out_venue)
{
    struct counted_venue *found = find(counted, event, venue);
    *out_venue = NULL;
    if (found != NULL) {
        *out_venue = counted_refresh(counted, found, now_ms) ? found : NULL;
        return ERR_NONE;
    }
    struct venue_view *view = venues_view(counted->venues, event, venue);
    return view == NULL ? ERR_NONE : add(counted, view, shard, now_ms, out_venue);
}

void counted_set_picture(struct counted *counted, struct counted_venue *venue,
                         struct crowd_picture *picture)
{
    LOCKED(&counted->lock);
    if (venue->picture != NULL)
        shared_unref(&venue->picture->shared);
    venue->picture = picture;
}

struct crowd_picture *counted_picture(struct counted *counted, const char *event, const char *venue)
{
    LOCKED(&counted->lock);
    const struct counted_venue *found = find(counted, event, venue);
    struct crowd_picture *picture = found == NULL ? NULL : found->picture;
    if (picture != NULL)
        shared_ref(&picture->shared);
    return picture;
}
