// SPDX-License-Identifier: Apache-2.0
/* readings/history/gather.h — what both kinds of history share: a consumer gathers the records of some
 * seconds by subject (a device, a series), merges each subject's part with the chunks that it falls
 * into, outside any transaction, and writes the chunks, its position and the mark in one.
 *
 * A flush holds records of many senders, long after they were read, so a failure must not be blamed on
 * the record at hand. It is found within the flush: after a failure the shard is careful, reads again,
 * and tries the subjects in halves in commands that are undone. What fails by itself is set aside
 * alone: logged once per subject, counted, and left in the stream until retention; the rest goes on. A
 * shard is careful until a flush sets nothing aside. What is nobody's fault is ERR_BUSY. */
#pragma once
#include "base/metrics.h"
#include "readings/history/history.h"

struct chunk_write { /* of the subject being merged */
    int64_t level;   /* of a series: enum rollup_level; of a device: the kind of its steps */
    int64_t chunk_ms;
    int64_t persons; /* of a device */
    uint8_t *bytes;  /* owned */
    size_t len;
};

struct subject {
    int64_t id; /* history_id(event, name) */
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char name[READINGS_SERIES_LEN + 1];
    int64_t heard_ms;       /* when its last record was appended */
    int64_t first_position; /* of its records */
    int64_t last_position;
    void *waiting; /* what the kind gathered of it; owned */
    size_t first_write;
    size_t write_count;
    bool is_aside;
};

struct gather_shard {
    const struct gather_kind *kind;
    int index;
    struct subject *subjects;
    size_t subject_count;
    size_t subject_room;
    uint32_t *slots; /* hash of id to index + 1 */
    size_t slot_count;
    size_t bytes;             /* gathered */
    int64_t since_us;         /* when the first was, by the monotonic clock */
    int64_t flushed_position; /* everything up to here is in the chunks */
    int64_t last_position;    /* of the last record gathered */
    struct chunk_write *writes;
    size_t write_count;
    size_t write_room;
    size_t first_write; /* of the subject being merged */
    bool is_careful;
    bool is_stuck; /* and the log says so */
};

struct gather_kind {
    const char *consumer; /* its name: "history-detections" */
    const char *stream;
    size_t waiting_size;
    void (*drop)(void *waiting); /* what it owns */
    /* A record to its subjects. A record that cannot be read is an error and leaves nothing. */
    enum err (*take)(struct gather_shard *shard, const struct stream_record *record);
    /* Puts a subject's chunks. ERR_IO and ERR_BUSY tell of the database, others of the subject. */
    enum err (*merge)(struct gather_shard *shard, struct db *db, struct subject *subject);
    enum err (*write_subject)(struct db *db, const struct subject *subject);
    enum err (*write_chunk)(struct db *db, const struct subject *subject,
                            const struct chunk_write *write);
    struct metric *chunks_written;
    struct metric *bytes_written; /* may be NULL */
};

struct gather {
    struct readings *readings; /* hears of devices when what they sent is written */
    struct store *store;
    const struct gather_kind *kind;
    struct consumer *consumer;
    int64_t gather_ms;
    int64_t told[LIMIT_HISTORY_ASIDE_TOLD]; /* subjects set aside that the log knows of */
    size_t told_count;
    struct gather_shard shards[STREAM_SHARDS];
};

/* --- for the kinds --- */

/* The subject of a record being taken, `bytes` more of which wait. */
struct subject *gather_subject(struct gather_shard *shard, const struct stream_record *record,
                               const char *event, const char *venue, const char *name,
                               size_t bytes);
/* What this flush has already for a chunk of the subject being merged; NULL: it must be read. */
const struct chunk_write *gather_find(const struct gather_shard *shard, int64_t level,
                                      int64_t chunk_ms);
/* In place of what it had. Takes the packer's bytes; ERR_NO_MEMORY when it is broken. */
MUST_USE enum err gather_put(struct gather_shard *shard, const struct chunk_write *write,
                             struct packer *packer);

/* The device that a subject is of: itself, or what stands before the colon. False for what Muster has
 * derived, zones and venues. */
bool gather_device(const struct subject *subject, char out_device[LIMIT_ID_LEN + 1]);

/* A record that is left out: logged and counted. */
void gather_unreadable(const struct gather_shard *shard, int64_t position, enum err err);

/* --- flush.c --- */

/* Merges all subjects. ERR_BUSY: nobody's fault, or the shard is careful from now on. */
MUST_USE enum err flush_prepare(struct gather *gather, struct gather_shard *shard);
MUST_USE enum err flush_write(struct gather_shard *shard, struct db *db);
void flush_drop(struct gather_shard *shard);
