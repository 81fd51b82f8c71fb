// SPDX-License-Identifier: Apache-2.0
/* api/idempotency.h — a POST that creates may be sent twice: with the same Idempotency-Key the
 * second one gets the first one's reply and creates nothing. The key's row is written in the
 * transaction of the creation, so there is no moment between the two.
 *
 * A key is the client's: 1 to 255 visible ASCII characters, best a random UUID, remembered per
 * principal for IDEMPOTENCY_TTL_MS. The same key with another path or body is 422; while the first
 * request is still under way in another process, 409. Refusals are not remembered: the same key may
 * be tried again. The table holds neither keys nor readable replies: a row's name is a hash of the
 * key, and the reply is sealed under another, so that a token shown once stays shown once. */
#pragma once
#include "net/http.h"
#include "store/store.h"

#define IDEMPOTENCY_TTL_MS  (24 * 3600 * 1000LL)
#define IDEMPOTENCY_KEY_LEN 255

struct app;

/* What a creation answers. */
struct created {
    int status;         /* 201 unless set otherwise */
    char location[256]; /* the header; "" = none */
    json_t *body;       /* set by create(); owned by api_create() */
};

/* For handlers of ROUTE_WORKER: runs `create` as a command of the main store, waits for the commit,
 * and replies: the new reply, the stored one (with Idempotency-Replayed: true), or the problem.
 * `create` may fail with any error; nothing is written then. It may be run twice when a transaction
 * had to be repeated: it sets, it does not add. `created` (or NULL) is called after the commit and
 * before the reply: whoever hears of the creation may use it at once. */
void api_create(struct request *request, const struct app *app,
                enum err (*create)(struct db *db, void *context, struct created *out,
                                   struct err_note *note),
                void (*created)(const struct app *app, void *context), void *context);

extern const struct store_module api_store_module;
void idempotency_keep(struct store *main_store); /* housekeeping removes what is over */
