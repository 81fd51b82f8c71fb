// SPDX-License-Identifier: Apache-2.0
/* client/client.h — the public API as the commands use it: JSON in and out, signed in by password or
 * token. One call at a time. */
#pragma once
#include "base/json.h"

struct client;

/* `address`: "http://127.0.0.1:8080". The caller owns *out_client. */
MUST_USE enum err client_open(const char *address, struct client **out_client,
                              struct err_note *note);
void client_close(struct client *client);
static inline void client_destroy(struct client *client)
{
    if (client != NULL)
        client_close(client);
}
DEFINE_SCOPED(client)

/* From now on: as this person, or with this token. */
MUST_USE enum err client_sign_in(struct client *client, const char *email, const char *password,
                                 struct err_note *note);
void client_use_token(struct client *client, const char *token);
/* The request header that says so, with its \r\n ("Cookie: ..." or "Authorization: ..."); borrowed. */
const char *client_authority(const struct client *client);

/* Sends `body` (taken; NULL = none) and takes the answer. A status of 400 and above is an error that
 * names the place and the server's words; *out_answer (may be NULL) is then left alone. */
MUST_USE enum err client_call(struct client *client, const char *method, const char *path,
                              json_t *body, json_t **out_answer, struct err_note *note);
/* The same with bytes that are there already. ERR_BUSY: the server asks to try again later. */
MUST_USE enum err client_send(struct client *client, const char *path, const char *content_type,
                              const char *bytes, size_t len, json_t **out_answer,
                              struct err_note *note);
/* A GET whose answer is no JSON. The caller owns *out_bytes (mem_free). */
MUST_USE enum err client_get(struct client *client, const char *path, char **out_bytes,
                             size_t *out_len, struct err_note *note);
