// SPDX-License-Identifier: Apache-2.0
/* store/dump/dump.h — a store's tables in one file that either engine writes and reads. Little-endian:
 *
 *   "MUSTERD1"
 *   'L' text module, i64 number            so far its migrations had gone; any number of these
 *   'T' text table, u32 count, count texts a table and its columns
 *   'R' one value per column               a row of the last table
 *   'E' i64 rows, u32 crc                  the end: CRC-32C of everything before the crc
 *
 *   text   u32 length, bytes
 *   value  'n' | 'i' i64 | 'r' f64 | 't' text | 'b' u32 length, bytes */
#pragma once
#include "store/sql/sql_internal.h"
#include "store/store.h"

#define DUMP_MAGIC     "MUSTERD1"
#define DUMP_MAGIC_LEN 8

/* Writes all of the database that `db` is connected to, as of now. The file must not exist. */
MUST_USE enum err dump_write(struct db *db, const char *path, struct err_note *note);
/* Into an empty database: makes the tables as they were, and fills them in one transaction. */
MUST_USE enum err dump_read(struct db *db, const struct store_options *options, const char *path,
                            struct err_note *note);
