// SPDX-License-Identifier: Apache-2.0
/* Messages between the processes on one PostgreSQL. One thread with a connection of its own sends
 * what was announced and hears what others sent, on one channel per store:
 *
 *   <sender> a <channel> <number> <part>/<parts> <bytes>   announced
 *   <sender> s <stream> <shard> <position>                 appended up to here, sent by the commit
 *
 * What we sent comes back and is dropped: within the process it was a plain call. */
#include "base/clock.h"
#include "base/log.h"
#include "store/consumer.h"
#include "store/store_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libpq-fe.h>

#define MESSAGE_MAX (64 * 1024)
#define PART_MAX    7000 /* NOTIFY takes less than 8,000 bytes */
#define OUTBOX_MAX  1024 /* messages; beyond, the oldest is dropped: lost while not connected */
#define HALF_MAX    64   /* messages of which parts are missing */
#define CHANNEL_MAX 64

struct heard {
    struct heard *next;
    char channel[CHANNEL_MAX];
    struct lock calling; /* held while `heard` runs, so that store_unlisten() can wait for it */
    void (*heard)(void *context, const char *message, size_t len);
    void *context;
};

struct outgoing {
    struct outgoing *next;
    char channel[CHANNEL_MAX];
    size_t len;
    char message[];
};

struct half { /* of a split message; slots are reused, oldest first */
    char sender[24];
    long long number;
    long parts_seen;
    struct text text;
};

struct listener {
    struct store *store;
    struct thread thread;
    struct lock lock;
    struct heard *heards; /* only ever grows */
    struct outgoing *outbox;
    size_t outbox_len;
    atomic_bool is_stopping;
    int wake_fd;
    struct db *db; /* the thread's own, like the rest */
    int64_t number;
    struct half halves[HALF_MAX];
    size_t half_next;
};

struct listener *listener_create(struct store *store)
{
    struct listener *listener = mem_new(sizeof *listener);
    listener->store = store;
    listener->wake_fd = -1;
    lock_init(&listener->lock);
    for (size_t i = 0; i < HALF_MAX; i++)
        text_init(&listener->halves[i].text, MESSAGE_MAX);
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

static void outbox_push(struct listener *listener, struct outgoing *made)
{
    LOCKED(&listener->lock);
    struct outgoing **slot = &listener->outbox;
    while (*slot != NULL)
        slot = &(*slot)->next;
    *slot = made;
    if (++listener->outbox_len > OUTBOX_MAX) {
        struct outgoing *oldest = listener->outbox;
        listener->outbox = oldest->next;
        listener->outbox_len--;
        mem_free(oldest);
    }
}

void store_announce(struct store *store, const char *channel, const char *message, size_t len)
{
    struct listener *listener = store->listener;
    assert(len <= MESSAGE_MAX && strchr(channel, ' ') == NULL);
    tell(listener, channel, message, len);
    if (!store->is_postgres)
        return;
    struct outgoing *made = mem_new(sizeof *made + len);
    assert(text_copy(made->channel, sizeof made->channel, channel));
    made->len = len;
    memcpy(made->message, message, len);
    outbox_push(listener, made);
    (void)eventfd_write(listener->wake_fd, 1); /* cannot fill up */
}

/* As many bytes as fit in one part without cutting a character in two. */
static size_t part_len(const char *bytes, size_t len)
{
    if (len <= PART_MAX)
        return len;
    size_t cut = PART_MAX;
    while (cut > 0 && ((unsigned char)bytes[cut] & 0xC0) == 0x80)
        cut--;
    return cut == 0 ? PART_MAX : cut;
}

static size_t part_count(const struct outgoing *message)
{
    size_t count = 1;
    for (size_t at = part_len(message->message, message->len); at < message->len; count++)
        at += part_len(message->message + at, message->len - at);
    return count;
}

static enum err send_message(struct listener *listener, const struct outgoing *message)
{
    size_t parts = part_count(message), at = 0;
    char channel[CHANNEL_MAX + 8];
    (void)snprintf(channel, sizeof channel, "muster_%s", listener->store->name);
    listener->number++;
    SCOPED_TEXT text;
    text_init(&text, PART_MAX + 256);
    for (size_t part = 1; part <= parts; part++) {
        size_t len = part_len(message->message + at, message->len - at);
        text_clear(&text);
        text_addf(&text, "%lld a %s %lld %zu/%zu ", (long long)listener->store->writer.writer_id,
                  message->channel, (long long)listener->number, part, parts);
        text_add_bytes(&text, message->message + at, len);
        sql_unit_begin(listener->db);
        TRY(sql_run(listener->db, "SELECT pg_notify($1, $2)", SQL_TEXT(channel),
                    SQL_TEXT(text.bytes)));
        at += len;
    }
    return ERR_NONE;
}

static struct outgoing *outbox_take(struct listener *listener)
{
    LOCKED(&listener->lock);
    struct outgoing *message = listener->outbox;
    if (message != NULL) {
        listener->outbox = message->next;
        listener->outbox_len--;
    }
    return message;
}

static void send_all(struct listener *listener)
{
    struct outgoing *message;
    while ((message = outbox_take(listener)) != NULL) {
        enum err err = send_message(listener, message);
        if (err != ERR_NONE)
            log_write(LOG_DEBUG, "store", "announcement lost", "channel=%s", message->channel);
        mem_free(message);
        if (err != ERR_NONE)
            return;
    }
}

static struct half *half_of(struct listener *listener, const char *sender, long long number)
{
    for (size_t i = 0; i < HALF_MAX; i++) {
        struct half *half = &listener->halves[i];
        if (half->number == number && strcmp(half->sender, sender) == 0)
            return half;
    }
    struct half *half = &listener->halves[listener->half_next++ % HALF_MAX];
    half->number = number;
    half->parts_seen = 0;
    (void)snprintf(half->sender, sizeof half->sender, "%s", sender);
    text_clear(&half->text);
    return half;
}

static void hear_announced(struct listener *listener, const char *sender, const char *rest)
{
    char channel[CHANNEL_MAX];
    long long number;
    long part, parts;
    int at = 0;
    if (sscanf(rest, "%63s %lld %ld/%ld%n", channel, &number, &part, &parts, &at) != 4 ||
        rest[at] != ' ')
        return;
    const char *bytes = rest + at + 1;
    if (parts == 1) {
        tell(listener, channel, bytes, strlen(bytes));
        return;
    }
    struct half *half = half_of(listener, sender, number);
    if (part != half->parts_seen + 1)
        return; /* one was lost, so the message is */
    half->parts_seen = part;
    text_add(&half->text, bytes);
    if (part == parts && !half->text.overflowed)
        tell(listener, channel, half->text.bytes, half->text.len);
}

static void hear(struct listener *listener, const char *payload)
{
    char sender[24], kind, stream[LIMIT_ID_LEN + 1], own[24];
    int at = 0, shard;
    long long position;
    if (sscanf(payload, "%23s %c %n", sender, &kind, &at) != 2 || at == 0)
        return;
    (void)snprintf(own, sizeof own, "%lld", (long long)listener->store->writer.writer_id);
    if (strcmp(sender, own) == 0)
        return;
    if (kind == 'a')
        hear_announced(listener, sender, payload + at);
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
    if (listener->db != NULL)
        missed_all(listener->store->missed);
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
    for (struct outgoing *left; (left = outbox_take(listener)) != NULL;)
        mem_free(left);
    for (size_t i = 0; i < HALF_MAX; i++)
        text_fini(&listener->halves[i].text);
    lock_fini(&listener->lock);
    mem_free(listener);
}
