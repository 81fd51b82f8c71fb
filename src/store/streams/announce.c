// SPDX-License-Identifier: Apache-2.0
/* Messages between the processes on one PostgreSQL. One thread with a connection of its own sends
 * what was announced and hears what others sent, on one channel per store:
 *
 *   <sender> a <channel> <number> <part>/<parts> <bytes>   announced, as it is
 *   <sender> z <channel> <number> <part>/<parts> <bytes>   announced, too large for that: zstd in base64
 *   <sender> m                                             some of mine were lost: look for yourself
 *   <sender> s <stream> <shard> <position>                 appended up to here, sent by the commit
 *
 * The parts of one announcement are one transaction: PostgreSQL delivers them together or not at all.
 * What we sent comes back and is dropped: within the process it was a plain call. */
#include "base/clock.h"
#include "base/log.h"
#include "store/consumer.h"
#include "store/store_internal.h"
#include "store/streams/outbox.h"
#include "store/streams/parts.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libpq-fe.h>

struct heard {
    struct heard *next;
    char channel[CHANNEL_MAX];
    struct lock calling; /* held while `heard` runs, so that store_unlisten() can wait for it */
    void (*heard)(void *context, const char *message, size_t len);
    void *context;
};

struct listener {
    struct store *store;
    struct thread thread;
    struct lock lock;
    struct heard *heards; /* only ever grows */
    struct outbox outbox;
    atomic_bool is_stopping;
    int wake_fd;
    struct db *db; /* the thread's own, like the rest */
    int64_t number;
    struct joiner joiner;
};

struct listener *listener_create(struct store *store)
{
    struct listener *listener = mem_new(sizeof *listener);
    listener->store = store;
    listener->wake_fd = -1;
    lock_init(&listener->lock);
    outbox_init(&listener->outbox);
    joiner_init(&listener->joiner);
    return listener;
}

void listener_notify_sql(struct writer *writer, struct text *out)
{
    for (size_t i = 0; i < writer->stream_count; i++) {
        for (int shard = 0; shard < STREAM_SHARDS; shard++) {
            bool is_touched = false;
            for (size_t k = writer->pending_len; k-- > 0 && !is_touched;)
                is_touched = writer->pending[k]->stream == writer->streams[i].stream &&
                             writer->pending[k]->shard == shard;
            if (is_touched)
                text_addf(out, "SELECT pg_notify('muster_%s', '%lld s %s %d %lld'); ",
                          writer->store->name, (long long)writer->writer_id,
                          writer->streams[i].stream, shard,
                          (long long)writer->streams[i].shards[shard].position);
        }
    }
}

/* The list only grows: it needs no lock beyond its head's. */
static void tell(struct listener *listener, const char *channel, const char *message, size_t len)
{
    lock_take(&listener->lock);
    struct heard *first = listener->heards;
    lock_give(&listener->lock);
    for (struct heard *h = first; h != NULL; h = h->next) {
        if (strcmp(h->channel, channel) != 0)
            continue;
        LOCKED(&h->calling);
        if (h->heard != NULL)
            h->heard(h->context, message, len);
    }
}

void store_listen(struct store *store, const char *channel,
                  void (*heard)(void *context, const char *message, size_t len), void *context)
{
    struct listener *listener = store->listener;
    struct heard *made = mem_new(sizeof *made);
    made->heard = heard;
    made->context = context;
    lock_init(&made->calling);
    assert(text_copy(made->channel, sizeof made->channel, channel));
    LOCKED(&listener->lock);
    made->next = listener->heards;
    listener->heards = made;
}

void store_unlisten(struct store *store, void *context)
{
    lock_take(&store->listener->lock);
    struct heard *first = store->listener->heards;
    lock_give(&store->listener->lock);
    for (struct heard *h = first; h != NULL; h = h->next) {
        LOCKED(&h->calling);
        if (h->context == context)
            h->heard = NULL;
    }
    missed_forget(store->missed, context);
}

static void announce(struct store *store, const char *channel, const char *key, const char *message,
                     size_t len)
{
    struct listener *listener = store->listener;
    assert(len <= LIMIT_ANNOUNCE_BYTES && strchr(channel, ' ') == NULL);
    tell(listener, channel, message, len);
    if (!store->is_postgres)
        return;
    outbox_push(&listener->outbox, channel, key, message, len);
    (void)eventfd_write(listener->wake_fd, 1); /* cannot fill up */
}

void store_announce(struct store *store, const char *channel, const char *message, size_t len)
{
    announce(store, channel, "", message, len);
}

void store_announce_newest(struct store *store, const char *channel, const char *key,
                           const char *message, size_t len)
{
    assert(key[0] != '\0');
    announce(store, channel, key, message, len);
}

static enum err notify(struct listener *listener, const char *payload)
{
    char channel[CHANNEL_MAX + 8];
    (void)snprintf(channel, sizeof channel, "muster_%s", listener->store->name);
    return sql_run(listener->db, "SELECT pg_notify($1, $2)", SQL_TEXT(channel), SQL_TEXT(payload));
}

static enum err send_part(struct listener *listener, const struct outgoing *message, char kind,
                          const struct part *part, size_t len)
{
    SCOPED_TEXT text;
    text_init(&text, PART_MAX + 256);
    text_addf(&text, "%lld %c %s %lld %ld/%ld ", (long long)listener->store->writer.writer_id, kind,
              message->channel, part->number, part->part, part->parts);
    text_add_bytes(&text, part->bytes, len);
    return notify(listener, text.bytes);
}

static enum err send_packed(struct listener *listener, const struct outgoing *message,
                            long long number)
{
    size_t len = 0;
    SCOPED_MEM char *packed = parts_pack(message->message, message->len, &len);
    struct part part = {.number = number, .parts = (long)((len + PART_MAX - 1) / PART_MAX)};
    for (size_t at = 0; at < len; at += PART_MAX) {
        part.part++;
        part.bytes = packed + at;
        TRY(send_part(listener, message, 'z', &part, MIN(PART_MAX, len - at)));
    }
    return ERR_NONE;
}

static enum err send_message(struct listener *listener, const struct outgoing *message)
{
    long long number = ++listener->number;
    sql_unit_begin(listener->db);
    if (message->len <= PART_MAX) {
        struct part whole = {.number = number, .part = 1, .parts = 1, .bytes = message->message};
        return send_part(listener, message, 'a', &whole, message->len);
    }
    TRY(sql_script(listener->db, "BEGIN"));
    enum err err = send_packed(listener, message, number);
    if (err == ERR_NONE)
        return sql_script(listener->db, "COMMIT");
    sql_unit_begin(listener->db);
    (void)sql_script(listener->db, "ROLLBACK"); /* fails where the connection is gone anyway */
    return err;
}

static enum err send_lost(struct listener *listener)
{
    char payload[32];
    (void)snprintf(payload, sizeof payload, "%lld m", (long long)listener->store->writer.writer_id);
    sql_unit_begin(listener->db);
    return notify(listener, payload);
}

/* Where the connection is gone it waits for the next one, and may then be heard twice; what the server
 * refuses is lost. Takes the message. */
static void keep_unsent(struct listener *listener, struct outgoing *message)
{
    if (listener->db->harm == SQL_HARM_CONNECTION) {
        outbox_put_back(&listener->outbox, message);
        return;
    }
    log_write(LOG_DEBUG, "store", "announcement lost", "channel=%s", message->channel);
    outbox_lose(&listener->outbox);
    mem_free(message);
}

static void send_all(struct listener *listener)
{
    struct outgoing *message;
    while ((message = outbox_take(&listener->outbox)) != NULL) {
        if (send_message(listener, message) != ERR_NONE) {
            keep_unsent(listener, message);
            return;
        }
        mem_free(message);
    }
    if (outbox_take_lost(&listener->outbox) && send_lost(listener) != ERR_NONE)
        outbox_lose(&listener->outbox);
}

static void tell_packed(struct listener *listener, const char *channel, const struct text *packed)
{
    struct text message;
    if (!parts_unpack(packed, &message))
        return; /* not from a Muster */
    tell(listener, channel, message.bytes, message.len);
    text_fini(&message);
}

static void hear_announced(struct listener *listener, const char *sender, char kind,
                           const char *rest)
{
    char channel[CHANNEL_MAX];
    struct part part = {.sender = sender};
    int at = 0;
    if (sscanf(rest, "%63s %lld %ld/%ld%n", channel, &part.number, &part.part, &part.parts, &at) !=
            4 ||
        rest[at] != ' ')
        return;
    part.bytes = rest + at + 1;
    struct text whole;
    if (kind == 'a' && part.parts == 1) {
        tell(listener, channel, part.bytes, strlen(part.bytes));
    } else if (joiner_add(&listener->joiner, &part, &whole)) {
        if (kind == 'z')
            tell_packed(listener, channel, &whole);
        else
            tell(listener, channel, whole.bytes, whole.len); /* of an older Muster */
        text_fini(&whole);
    }
}

static void hear(struct listener *listener, const char *payload)
{
    char sender[24], kind, stream[LIMIT_ID_LEN + 1], own[24];
    int at = 0, shard;
    long long position;
    if (sscanf(payload, "%23s %c%n", sender, &kind, &at) != 2 || at == 0)
        return;
    at += payload[at] == ' ';
    (void)snprintf(own, sizeof own, "%lld", (long long)listener->store->writer.writer_id);
    if (strcmp(sender, own) == 0)
        return;
    if (kind == 'a' || kind == 'z')
        hear_announced(listener, sender, kind, payload + at);
    else if (kind == 'm')
        missed_all(listener->store->missed);
    else if (kind == 's' && sscanf(payload + at, "%64s %d %lld", stream, &shard, &position) == 3 &&
             shard >= 0 && shard < STREAM_SHARDS)
        follow_hear(listener->store->follow, stream, shard, position);
}

static void hear_all(struct listener *listener)
{
    PGconn *handle = listener->db->handle;
    PGnotify *notify;
    if (PQconsumeInput(handle) == 0)
        listener->db->harm = SQL_HARM_CONNECTION;
    while ((notify = PQnotifies(handle)) != NULL) {
        hear(listener, notify->extra);
        PQfreemem(notify);
    }
}

static void listener_connect(struct listener *listener)
{
    char sql[CHANNEL_MAX + 32];
    (void)snprintf(sql, sizeof sql, "LISTEN \"muster_%s\"", listener->store->name);
    if (postgres_connect(listener->store->url, listener->store->name, POSTGRES_USE_LISTENER,
                         &listener->db, NULL) != ERR_NONE)
        return;
    if (sql_script(listener->db, sql) != ERR_NONE) {
        db_close(listener->db);
        listener->db = NULL;
        return;
    }
    follow_wake_all(listener->store->follow); /* we may have missed something */
}

static void reconnect(struct listener *listener)
{
    listener_connect(listener);
    if (listener->db == NULL)
        return;
    missed_all(listener->store->missed);
    (void)eventfd_write(listener->wake_fd, 1); /* what was announced meanwhile waits to be sent */
}

/* Waits for the server, or for wake_fd. */
static void wait_for_news(struct listener *listener, int timeout_ms)
{
    struct pollfd polls[2] = {{.fd = listener->wake_fd, .events = POLLIN}, {.fd = -1}};
    if (listener->db != NULL)
        polls[1] = (struct pollfd){.fd = PQsocket(listener->db->handle), .events = POLLIN};
    if (poll(polls, 2, timeout_ms) <= 0)
        return; /* a signal or the time: the loop looks at everything anyway */
    eventfd_t ignored;
    if ((polls[0].revents & POLLIN) != 0)
        (void)eventfd_read(listener->wake_fd, &ignored); /* only empties it */
}

static void *listener_run(void *context)
{
    struct listener *listener = context;
    int pause_ms = RECONNECT_MIN_US / 1000;
    while (!atomic_load(&listener->is_stopping)) {
        if (listener->db == NULL)
            reconnect(listener);
        wait_for_news(listener, listener->db == NULL ? pause_ms : -1);
        pause_ms = listener->db == NULL ? MIN(2 * pause_ms, RECONNECT_MAX_US / 1000)
                                        : RECONNECT_MIN_US / 1000;
        if (listener->db == NULL)
            continue;
        send_all(listener);
        hear_all(listener);
        if (listener->db->harm == SQL_HARM_CONNECTION) {
            db_close(listener->db);
            listener->db = NULL;
        }
    }
    return NULL;
}

void listener_start(struct listener *listener)
{
    if (!listener->store->is_postgres)
        return;
    listener->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(listener->wake_fd >= 0);
    listener_connect(listener); /* so that who listens from now on has missed nothing */
    char name[16];
    (void)snprintf(name, sizeof name, "hear-%s", listener->store->name);
    thread_start(&listener->thread, name, listener_run, listener);
}

void listener_stop(struct listener *listener)
{
    atomic_store(&listener->is_stopping, true);
    if (listener->wake_fd >= 0)
        (void)eventfd_write(listener->wake_fd, 1); /* cannot fill up */
    thread_join(&listener->thread);
}

void listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    db_close(listener->db);
    if (listener->wake_fd >= 0)
        (void)close(listener->wake_fd); /* an eventfd */
    while (listener->heards != NULL) {
        struct heard *heard = listener->heards;
        listener->heards = heard->next;
        lock_fini(&heard->calling);
        mem_free(heard);
    }
    outbox_fini(&listener->outbox);
    joiner_fini(&listener->joiner);
    lock_fini(&listener->lock);
    mem_free(listener);
}
