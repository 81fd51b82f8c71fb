// SPDX-License-Identifier: Apache-2.0
/* The records of the two streams, as other modules write and read them. */
#include "readings/history/history.h"
#include "readings/pack.h"

#include <stdio.h>

enum err readings_append(struct db *db, const char *event, const char *venue,
                         const struct reading *readings, size_t count, int64_t *out_position)
{
    struct packer packer = {0};
    char key[2 * LIMIT_ID_LEN + 2];
    (void)snprintf(key, sizeof key, "%s/%s", event, venue);
    enum err err = readings_pack(&packer, readings, count);
    if (err == ERR_NONE)
        err = stream_append(db,
                            &(struct stream_append){.stream = HISTORY_STREAM_READINGS,
                                                    .key = key,
                                                    .kind = "readings.packed",
                                                    .body = packer.bytes,
                                                    .body_len = packer.len},
                            out_position);
    packer_fini(&packer);
    return err;
}

struct visiting {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    void (*visit)(void *context, const char *event, const char *venue,
                  const struct reading *reading);
    void *context;
};

static void visit_one(void *context, const struct reading *reading)
{
    struct visiting *visiting = context;
    visiting->visit(visiting->context, visiting->event, visiting->venue, reading);
}

enum err readings_visit(const struct stream_record *record,
                        void (*visit)(void *context, const char *event, const char *venue,
                                      const struct reading *reading),
                        void *context)
{
    struct visiting visiting = {.visit = visit, .context = context};
    if (strcmp(record->kind, "readings.packed") != 0 ||
        !history_split_key(record->key, visiting.event, visiting.venue))
        return ERR_CORRUPT;
    return readings_unpack(record->body, record->body_len, visit_one, &visiting);
}

enum err detections_of_record(const struct stream_record *record,
                              struct detection_batch **out_batch)
{
    if (strcmp(record->kind, "detections.packed") != 0)
        return ERR_CORRUPT;
    if (record->decoded != NULL) {
        shared_ref(record->decoded);
        *out_batch = (struct detection_batch *)record->decoded;
        return ERR_NONE;
    }
    SCOPED_BATCH *batch = NULL;
    TRY(detections_unpack(record->body, record->body_len, &batch));
    if (!history_split_key(record->key, batch->event, batch->venue))
        return ERR_CORRUPT;
    *out_batch = TAKE(batch);
    return ERR_NONE;
}
