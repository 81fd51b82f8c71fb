// SPDX-License-Identifier: Apache-2.0
/* store/place_test.h — where a test's stores stand. A test body is written once and registered for
 * both engines:  ON_BOTH_ENGINES(sentence) { struct store *store = place_open(place, NULL, 0); ...
 * } */
#pragma once
#include "base/test.h"
#include "store/consumer.h"
#include "store/pg_server.h"
#include "store/store.h"

struct place {
    const char *url;
    char name[32]; /* of the store: a file or a schema of its own */
};

struct place *place_sqlite(void);
struct place *place_postgres(void); /* starts the server on first use; skips when not installed */
struct pg_server *place_server(void);

struct store *place_open(const struct place *place, const struct store_module *modules,
                         size_t module_count);
/* One of several stores of an installation ("main", "telemetry"): files beside each other, or schemas of
 * one database. */
struct store *place_open_part(const struct place *place, const char *name,
                              const struct store_module *modules, size_t module_count);

#define ON_BOTH_ENGINES(sentence)                                                                  \
    static void sentence##_body(struct place *place);                                              \
    TEST(sentence##_on_sqlite)                                                                     \
    {                                                                                              \
        sentence##_body(place_sqlite());                                                           \
    }                                                                                              \
    TEST(sentence##_on_postgres)                                                                   \
    {                                                                                              \
        sentence##_body(place_postgres());                                                         \
    }                                                                                              \
    static void sentence##_body(struct place *place)

/* A table to write to: note(id, words). */
extern const struct store_module notes_module;
MUST_USE enum err note_add(struct db *db, int64_t id, const char *words);
int64_t note_count(struct store *store);

/* One statement as a command. */
MUST_USE enum err place_write(struct store *store, const char *sql);
/* All records of a stream, counted; -1 when it cannot be read. */
int64_t place_record_count(struct store *store, const char *stream);
MUST_USE enum err place_append(struct store *store, const char *stream, const char *key,
                               const char *body);
