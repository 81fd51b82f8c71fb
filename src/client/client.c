// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include "base/text.h"
#include "net/http_client.h"

#include <stdio.h>

#define TIMEOUT_MS 60000
#define ANSWER_MAX ((size_t)512 * 1024 * 1024)

struct client {
    char address[256];
    char authority[600]; /* a whole header line with its \r\n, or "" */
    struct http_client *http;
};

enum err client_open(const char *address, struct client **out_client, struct err_note *note)
{
    struct client *client = mem_new(sizeof *client);
    size_t len = strlen(address);
    bool has_slash = len > 0 && address[len - 1] == '/';
    if (len >= sizeof client->address) {
        mem_free(client);
        return err_set(note, ERR_INVALID, "--server", "is too long for an address");
    }
    memcpy(client->address, address, len - has_slash);
    client->http = http_client_create();
    *out_client = client;
    return ERR_NONE;
}

void client_close(struct client *client)
{
    http_client_destroy(client->http);
    mem_free(client);
}

void client_use_token(struct client *client, const char *token)
{
    (void)snprintf(client->authority, sizeof client->authority, "Authorization: Bearer %s\r\n",
                   token);
}

const char *client_authority(const struct client *client)
{
    return client->authority;
}

/* What a problem+json says, as the note: its "place" and "detail". */
static enum err problem(const struct http_answer *answer, const char *path, struct err_note *note)
{
    static const struct {
        int status;
        enum err err;
    } ERRORS[] = {{400, ERR_MALFORMED},   {401, ERR_UNAUTHENTICATED}, {403, ERR_FORBIDDEN},
                  {404, ERR_NOT_FOUND},   {409, ERR_CONFLICT},        {413, ERR_TOO_LARGE},
                  {415, ERR_UNSUPPORTED}, {422, ERR_INVALID},         {429, ERR_BUSY},
                  {503, ERR_BUSY}};
    enum err err = ERR_IO;
    for (size_t i = 0; i < COUNT_OF(ERRORS); i++) {
        if (ERRORS[i].status == answer->status)
            err = ERRORS[i].err;
    }
    SCOPED_JSON *document =
        json_loadb(answer->body.bytes == NULL ? "" : answer->body.bytes, answer->body.len, 0, NULL);
    const char *detail = json_string_value(json_object_get(document, "detail"));
    const char *place = json_string_value(json_object_get(document, "place"));
    char where[160];
    (void)snprintf(where, sizeof where, "%.100s%s%.50s", path, place == NULL ? "" : " ",
                   place == NULL ? "" : place);
    return err_set(note, err, where, "%s (status %d)", detail == NULL ? "refused" : detail,
                   answer->status);
}

static enum err call(struct client *client, const char *method, const char *path,
                     const char *content_type, const void *bytes, size_t len,
                     struct http_answer *out_answer, struct err_note *note)
{
    char url[1024];
    char authority[sizeof client->authority];
    char type[128];
    const char *headers[4] = {0};
    size_t count = 0;
    int url_len = snprintf(url, sizeof url, "%s%s", client->address, path);
    if (url_len < 0 || (size_t)url_len >= sizeof url)
        return err_set(note, ERR_TOO_LARGE, "address", "is longer than %zu bytes", sizeof url);
    (void)snprintf(authority, sizeof authority, "%.*s", (int)strcspn(client->authority, "\r"),
                   client->authority);
    (void)snprintf(type, sizeof type, "Content-Type: %s", content_type);
    if (authority[0] != '\0')
        headers[count++] = authority;
    /* Programs have no other site: this is what a browser says of a page of our own. */
    headers[count++] = "Sec-Fetch-Site: same-origin";
    if (bytes != NULL)
        headers[count] = type;
    struct http_call request = {.method = method,
                                .url = url,
                                .headers = headers,
                                .body = bytes,
                                .body_len = len,
                                .answer_max = ANSWER_MAX,
                                .timeout_ms = TIMEOUT_MS};
    struct http_answer answer;
    TRY(http_client_call(client->http, &request, &answer, note));
    if (answer.status >= 400) {
        enum err err = problem(&answer, path, note);
        http_answer_fini(&answer);
        return err;
    }
    *out_answer = answer;
    return ERR_NONE;
}

static enum err take_answer(struct http_answer *answer, const char *path, json_t **out_answer,
                            struct err_note *note)
{
    enum err err = ERR_NONE;
    if (out_answer != NULL && answer->body.len > 0)
        err = json_parse(answer->body.bytes, answer->body.len, out_answer, note);
    else if (out_answer != NULL)
        err = err_set(note, ERR_IO, path, "the server's answer is empty");
    http_answer_fini(answer);
    return err;
}

enum err client_send(struct client *client, const char *path, const char *content_type,
                     const char *bytes, size_t len, json_t **out_answer, struct err_note *note)
{
    struct http_answer answer;
    TRY(call(client, "POST", path, content_type, bytes, len, &answer, note));
    return take_answer(&answer, path, out_answer, note);
}

enum err client_call(struct client *client, const char *method, const char *path, json_t *body,
                     json_t **out_answer, struct err_note *note)
{
    __attribute__((unused)) SCOPED_JSON *owned = body; /* taken: freed with this call */
    SCOPED_MEM char *bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    if (body == NULL && strcmp(method, "GET") != 0 && strcmp(method, "DELETE") != 0)
        return err_set(note, ERR_INVALID, path, "this call needs a body that could not be made");
    struct http_answer answer;
    TRY(call(client, method, path, "application/json", bytes, bytes == NULL ? 0 : strlen(bytes),
             &answer, note));
    return take_answer(&answer, path, out_answer, note);
}

enum err client_get(struct client *client, const char *path, char **out_bytes, size_t *out_len,
                    struct err_note *note)
{
    struct http_answer answer;
    TRY(call(client, "GET", path, "", NULL, 0, &answer, note));
    *out_len = answer.body.len;
    *out_bytes = text_take(&answer.body);
    return ERR_NONE;
}

enum err client_sign_in(struct client *client, const char *email, const char *password,
                        struct err_note *note)
{
    SCOPED_JSON *body = json_pack("{s:s, s:s}", "email", email, "password", password);
    SCOPED_MEM char *bytes = json_dumps(body, JSON_COMPACT);
    struct http_answer answer;
    TRY(call(client, "POST", "/api/v1/session", "application/json", bytes, strlen(bytes), &answer,
             note));
    (void)snprintf(client->authority, sizeof client->authority, "Cookie: %s\r\n", answer.cookie);
    bool has_cookie = answer.cookie[0] != '\0';
    http_answer_fini(&answer);
    return has_cookie ? ERR_NONE : err_set(note, ERR_IO, "session", "the server gave no cookie");
}
