// SPDX-License-Identifier: Apache-2.0
#include "store/streams/record.h"

#include "base/lock.h"
#include "store/store_internal.h"

/* Stream names live for ever: there are a dozen, and records only point to them. */
struct interned {
    struct interned *next;
    char name[];
};

const char *stream_intern(const char *name)
{
    static struct lock lock = {PTHREAD_MUTEX_INITIALIZER};
    static struct interned *first;
    LOCKED(&lock);
    for (struct interned *i = first; i != NULL; i = i->next) {
        if (strcmp(i->name, name) == 0)
            return i->name;
    }
    size_t size = strlen(name) + 1;
    struct interned *made = mem_new(sizeof *made + size);
    memcpy(made->name, name, size);
    made->next = first;
    first = made;
    return made->name;
}

int stream_shard_of(const char *key)
{
    uint32_t hash = sql_hash(key);
    return (int)((hash ^ hash >> 16) % STREAM_SHARDS);
}

static void record_destroy(struct shared *self)
{
    struct stored_record *stored = (struct stored_record *)(void *)self;
    shared_unref(stored->record.decoded);
    mem_free(stored);
}

struct stream_record *stream_record_create(const struct stream_append *append)
{
    size_t key_size = strlen(append->key) + 1, kind_size = strlen(append->kind) + 1;
    if (append->body_len > LIMIT_RECORD_BYTES || key_size > RECORD_KEY_MAX ||
        kind_size > RECORD_KIND_MAX)
        return NULL;
    /* Not zeroed: all of it is written below. */
    struct stored_record *stored =
        mem_resize_try(NULL, sizeof *stored + key_size + kind_size + append->body_len);
    if (stored == NULL)
        return NULL;
    char *key = stored->bytes, *kind = key + key_size, *body = kind + kind_size;
    memcpy(key, append->key, key_size);
    memcpy(kind, append->kind, kind_size);
    if (append->body_len > 0)
        memcpy(body, append->body, append->body_len);
    stored->bytes_total = 0;
    stored->record = (struct stream_record){.stream = stream_intern(append->stream),
                                            .shard = stream_shard_of(append->key),
                                            .key = key,
                                            .kind = kind,
                                            .body = body,
                                            .body_len = append->body_len,
                                            .decoded = append->decoded};
    if (append->decoded != NULL)
        shared_ref(append->decoded);
    shared_init(&stored->record.shared, record_destroy);
    return &stored->record;
}
