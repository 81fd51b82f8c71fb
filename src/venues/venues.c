// SPDX-License-Identifier: Apache-2.0
/* venues/venues.c — the current views of all venues. A lookup takes a lock, a hash and a reference.
 * A change loads the venue anew, outside the lock, and puts it in; two loads of one venue may end
 * in the wrong order, so each draws a ticket before it reads, and only a later ticket replaces. */
#include "venues/venues.h"

#include "base/json.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/consumer.h"
#include "venues/left.h"
#include "venues/venues_edit.h"
#include "venues/venues_internal.h"
#include "venues/view.h"

#include <stdio.h>

#define CHANNEL "venues"

struct slot { /* of one venue; stays when it is removed, for its ticket */
    char event[LIMIT_ID_LEN + 1];
    char id[LIMIT_ID_LEN + 1];
    int64_t ticket;
    struct venue_view *view; /* NULL: removed */
};

struct venues {
    struct store *store;
    struct lock lock; /* guards all below */
    struct slot *slots;
    size_t slot_count;
    int64_t last_ticket;
    struct view_index *index;
};

static struct slot *find_slot(struct venues *venues, const char *event, const char *venue)
{
    for (size_t i = 0; i < venues->slot_count; i++) {
        struct slot *slot = &venues->slots[i];
        if (strcmp(slot->event, event) == 0 && strcmp(slot->id, venue) == 0)
            return slot;
    }
    venues->slots = mem_resize(venues->slots, (venues->slot_count + 1) * sizeof *venues->slots);
    struct slot *slot = &venues->slots[venues->slot_count++];
    *slot = (struct slot){.ticket = 0};
    (void)text_copy(slot->event, sizeof slot->event, event);
    (void)text_copy(slot->id, sizeof slot->id, venue);
    return slot;
}

/* A device may have moved to another venue: the one whose view is newer has it. */
static void rebuild_index(struct venues *venues)
{
    struct venue_view **views = mem_new_array(venues->slot_count + 1, sizeof(struct venue_view *));
    size_t count = 0;
    for (size_t i = 0; i < venues->slot_count; i++) {
        if (venues->slots[i].view != NULL)
            views[count++] = venues->slots[i].view;
    }
    view_index_destroy(venues->index);
    venues->index = view_index_create(views, count);
    mem_free(views);
}

/* Takes the view (NULL: the venue is gone). */
static void install(struct venues *venues, int64_t ticket, const char *event, const char *venue,
                    struct venue_view *view)
{
    LOCKED(&venues->lock);
    struct slot *slot = find_slot(venues, event, venue);
    if (ticket < slot->ticket) {
        if (view != NULL)
            shared_unref(&view->shared);
        return;
    }
    struct venue_view *old = slot->view;
    slot->view = view;
    slot->ticket = ticket;
    rebuild_index(venues);
    if (old != NULL)
        shared_unref(&old->shared);
}

static int64_t draw_ticket(struct venues *venues)
{
    LOCKED(&venues->lock);
    return ++venues->last_ticket;
}

static enum err reload(struct venues *venues, const char *event, const char *venue)
{
    int64_t ticket = draw_ticket(venues);
    struct db *db = store_reader_take(venues->store);
    if (db == NULL)
        return ERR_BUSY;
    struct venue_view *view = NULL;
    enum err err = view_load(db, event, venue, &view);
    store_reader_give(venues->store, db);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    install(venues, ticket, event, venue, view);
    return ERR_NONE;
}

static int64_t current_version(struct venues *venues, const char *event, const char *venue)
{
    struct venue_view *view = venues_view(venues, event, venue);
    int64_t version = view == NULL ? 0 : view->version;
    if (view != NULL)
        shared_unref(&view->shared);
    return version;
}

static void fall_behind(struct venues *venues, const char *event, const char *venue, enum err err)
{
    log_write(LOG_WARN, "venues", "the view is behind the database; read again soon",
              "venue=%s/%s error=%s", event, venue, err_name(err));
    store_missed(venues->store, venues);
}

/* "event/venue version": another process changed it, or this one, which has the version already. */
static void heard(void *context, const char *message, size_t len)
{
    struct venues *venues = context;
    char event[LIMIT_ID_LEN + 1], venue[LIMIT_ID_LEN + 1], text[200];
    long long version;
    if (len >= sizeof text)
        return;
    memcpy(text, message, len);
    text[len] = '\0';
    if (sscanf(text, "%64[^/]/%64s %lld", event, venue, &version) != 3 ||
        current_version(venues, event, venue) == version)
        return;
    enum err err = reload(venues, event, venue);
    if (err != ERR_NONE)
        fall_behind(venues, event, venue, err);
}

void venues_refresh(struct venues *venues, const char *event, const char *venue)
{
    enum err err = reload(venues, event, venue);
    if (err != ERR_NONE) {
        fall_behind(venues, event, venue, err);
        return;
    }
    char message[200];
    int len = snprintf(message, sizeof message, "%s/%s %lld", event, venue,
                       (long long)current_version(venues, event, venue));
    store_announce(venues->store, CHANNEL, message, (size_t)len);
}

struct venue_name {
    char event[LIMIT_ID_LEN + 1];
    char id[LIMIT_ID_LEN + 1];
};

struct venue_names {
    struct venue_name *names; /* owned */
    size_t count;
};

static void add_name(struct venue_names *names, const char *event, const char *id)
{
    names->names = mem_resize(names->names, (names->count + 1) * sizeof *names->names);
    struct venue_name *name = &names->names[names->count++];
    (void)text_copy(name->event, sizeof name->event, event);
    (void)text_copy(name->id, sizeof name->id, id);
}

static enum err add_stored(struct venues *venues, struct venue_names *names)
{
    struct db *db = store_reader_take(venues->store);
    if (db == NULL)
        return ERR_BUSY;
    struct sql_rows rows;
    enum err err = sql_query(db, &rows, "SELECT event, id FROM venue");
    if (err == ERR_NONE) {
        while (sql_next(&rows))
            add_name(names, sql_text(&rows, 0), sql_text(&rows, 1));
        err = sql_end(&rows);
    }
    store_reader_give(venues->store, db);
    return err;
}

/* Those in memory: some may be gone from the table. */
static void add_known(struct venues *venues, struct venue_names *names)
{
    LOCKED(&venues->lock);
    for (size_t i = 0; i < venues->slot_count; i++) {
        if (venues->slots[i].view != NULL)
            add_name(names, venues->slots[i].event, venues->slots[i].id);
    }
}

enum err venues_refresh_all(struct venues *venues)
{
    struct venue_names names = {0};
    add_known(venues, &names);
    enum err err = add_stored(venues, &names);
    for (size_t i = 0; i < names.count && err == ERR_NONE; i++)
        err = reload(venues, names.names[i].event, names.names[i].id);
    mem_free(names.names);
    return err;
}

static enum err catch_up(void *context)
{
    return venues_refresh_all(context);
}

enum err venues_open(struct store *main_store, struct venues **out_venues, struct err_note *note)
{
    struct venues *venues = mem_new(sizeof *venues);
    venues->store = main_store;
    lock_init(&venues->lock);
    venues->index = view_index_create(NULL, 0);
    /* Heard before read: what changes in between is then read twice, and never missed. */
    store_listen(main_store, CHANNEL, heard, venues);
    store_listen_missed(main_store, catch_up, venues);
    left_expire(main_store);
    enum err err = venues_refresh_all(venues);
    if (err != ERR_NONE) {
        venues_close(venues);
        return err_set(note, err, "venues", "the venues cannot be read from the main store");
    }
    *out_venues = venues;
    return ERR_NONE;
}

void venues_close(struct venues *venues)
{
    if (venues == NULL)
        return;
    store_unlisten(venues->store, venues);
    for (size_t i = 0; i < venues->slot_count; i++) {
        if (venues->slots[i].view != NULL)
            shared_unref(&venues->slots[i].view->shared);
    }
    view_index_destroy(venues->index);
    mem_free(venues->slots);
    lock_fini(&venues->lock);
    mem_free(venues);
}

struct venue_view *venues_view_of_device(struct venues *venues, const char *event,
                                         const char *device, const struct device **out_device)
{
    LOCKED(&venues->lock);
    struct venue_view *view = view_index_device(venues->index, event, device, out_device);
    if (view != NULL)
        shared_ref(&view->shared);
    return view;
}

struct venue_view *venues_view(struct venues *venues, const char *event, const char *venue)
{
    LOCKED(&venues->lock);
    struct venue_view *view = view_index_venue(venues->index, event, venue);
    if (view != NULL)
        shared_ref(&view->shared);
    return view;
}

struct venue_view **venues_views(struct venues *venues, size_t *out_count)
{
    LOCKED(&venues->lock);
    struct venue_view **views = mem_new_array(venues->slot_count + 1, sizeof(struct venue_view *));
    size_t count = 0;
    for (size_t i = 0; i < venues->slot_count; i++) {
        struct venue_view *view = venues->slots[i].view;
        if (view == NULL)
            continue;
        shared_ref(&view->shared);
        views[count++] = view;
    }
    *out_count = count;
    return views;
}

enum err venues_edit(struct venues *venues, struct venue_edit *edit, struct err_note *note)
{
    TRY(store_write(venues->store, venue_edit_run, edit, note));
    venues_refresh(venues, edit->event, edit->venue);
    return ERR_NONE;
}

struct store *venues_store(const struct venues *venues)
{
    return venues->store;
}
