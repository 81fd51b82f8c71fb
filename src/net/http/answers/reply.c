// SPDX-License-Identifier: Apache-2.0
#include "net/http/internal.h"

#include <stdio.h>
#include <strings.h>

#include "base/log.h"
#include "net/http/answers/missing.h"
#include "net/http/answers/pages.h"

/* The one table from errors to statuses. */
static const struct {
    int status;
    const char *title;
} STATUSES[ERR_COUNT] = {
    [ERR_NONE] = {200, "OK"},
    [ERR_MALFORMED] = {400, "Malformed request"},
    [ERR_INVALID] = {422, "Invalid content"},
    [ERR_UNAUTHENTICATED] = {401, "Not signed in"},
    [ERR_FORBIDDEN] = {403, "Not allowed"},
    [ERR_NOT_FOUND] = {404, "Not found"},
    [ERR_CONFLICT] = {409, "Conflict"},
    [ERR_TOO_LARGE] = {413, "Too large"},
    [ERR_UNSUPPORTED] = {415, "Unsupported media type"},
    [ERR_TOO_MANY] = {429, "Too many requests"},
    [ERR_BUSY] = {503, "Busy"},
    [ERR_NO_MEMORY] = {503, "Busy"},
    [ERR_IO] = {500, "Internal error"},
    [ERR_CORRUPT] = {500, "Internal error"},
};

int http_status_of(enum err err)
{
    return STATUSES[err].status;
}

void request_hold_server(struct request *request)
{
    if (!request->holds_server)
        http_server_hold(request->server);
    request->holds_server = true;
}

void request_defer(struct request *request)
{
    if (request->is_deferred)
        return;
    request->is_deferred = true;
    request_hold_server(request);
    MHD_suspend_connection(request->connection);
}

static void answer_now(struct loop_task *task)
{
    struct request *request =
        (struct request *)(void *)((char *)task - offsetof(struct request, answer_task));
    request->answer(request, request->answer_context);
}

void request_answer(struct request *request, void (*answer)(struct request *request, void *context),
                    void *context)
{
    assert(request->is_deferred);
    if (loop_is_current(request->loop)) {
        answer(request, context);
        return;
    }
    request->answer = answer;
    request->answer_context = context;
    request->answer_task.run = answer_now;
    loop_post(request->loop, &request->answer_task);
}

void reply_header(struct request *request, const char *name, const char *value)
{
    assert(request->response == NULL && request->header_count < REQUEST_HEADERS_MAX);
    request->headers[request->header_count++] =
        (struct request_header){request_text(request, name), request_text(request, value)};
}

static bool has_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES) /* a line break in the value */
        log_write(LOG_WARN, "http", "header left out", "name=%s value=%s", name, LOG_TEXT(value));
}

static void add_headers(const struct request *request, struct MHD_Response *response)
{
    for (size_t i = 0; i < request->header_count; i++)
        add(response, request->headers[i].name, request->headers[i].value);
    if (!has_header(request, "Cache-Control"))
        add(response, "Cache-Control", "no-store");
    add(response, "X-Request-Id", request->id);
    pages_add_security(response, request_is_secure(request));
}

/* The last touch by a replying thread: once resumed, the event thread may end the request. */
void reply_response(struct request *request, int status, struct MHD_Response *response)
{
    assert(request->response == NULL && response != NULL);
    request->status = status;
    request->response = response;
    if (!request->is_deferred)
        return;
    struct loop *loop = request->loop;
    MHD_resume_connection(request->connection);
    loop_wake(loop);
}

enum MHD_Result reply_queue(struct request *request)
{
    assert(request->response != NULL && !request->is_queued);
    request->is_queued = true;
    return MHD_queue_response(request->connection, (unsigned)request->status, request->response);
}

void reply_stream(struct request *request, int status, const char *content_type,
                  struct MHD_Response *response)
{
    assert(response != NULL);
    add_headers(request, response);
    if (content_type != NULL) {
        add(response, "Content-Type", content_type);
        if (strncmp(content_type, "text/html", 9) == 0)
            pages_add_policy(response);
    }
    reply_response(request, status, response);
}

void reply_take(struct request *request, int status, const char *content_type, char *bytes,
                size_t len)
{
    reply_stream(request, status, content_type,
                 MHD_create_response_from_buffer_with_free_callback(len, bytes, mem_free));
}

void reply_text(struct request *request, int status, const char *content_type, const char *bytes,
                size_t len)
{
    reply_stream(
        request, status, content_type,
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY));
}

void reply_empty(struct request *request, int status)
{
    reply_stream(request, status, NULL,
                 MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void reply_json(struct request *request, int status, json_t *body)
{
    /* 15 digits: what people wrote comes back as they wrote it, 0.1 and not 0.1000...01. */
    char *bytes = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    assert(bytes != NULL);
    json_decref(body);
    reply_take(request, status, "application/json", bytes, strlen(bytes));
}

static void reply_problem_text(struct request *request, int status, const char *title,
                               const char *code, const char *detail, const char *place)
{
    SCOPED_TEXT text;
    text_init(&text, 8192);
    text_addf(&text, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"%s\"",
              title, status, code);
    if (detail[0] != '\0') {
        text_add(&text, ",\"detail\":");
        text_add_json(&text, detail, strlen(detail));
    }
    if (place[0] != '\0') {
        text_add(&text, ",\"place\":");
        text_add_json(&text, place, strlen(place));
    }
    text_addf(&text, ",\"request_id\":\"%s\"}", request->id);
    size_t len = text.len;
    reply_take(request, status, "application/problem+json", text_take(&text), len);
}

void reply_problem_status(struct request *request, int status, const char *title,
                          const char *detail, ...)
{
    char words[256];
    va_list args;
    va_start(args, detail);
    (void)vsnprintf(words, sizeof words, detail, args);
    va_end(args);
    reply_problem_text(request, status, title, "refused", words, "");
}

void reply_problem(struct request *request, enum err err, const struct err_note *note)
{
    static const struct err_note nothing;
    SCOPED_TEXT missing;
    int status = http_status_of(err);
    note = note == NULL ? &nothing : note;
    const char *detail = note->detail, *place = note->place;
    text_init(&missing, 2048);
    if (err == ERR_NOT_FOUND && missing_tell(request, note, &place, &missing))
        detail = missing.bytes;
    if (status == 500) { /* what went wrong inside is for the log, not for the caller */
        log_write(LOG_ERROR, "http", "request failed", "id=%s error=%s place=%s detail=%s",
                  request->id, err_name(err), LOG_TEXT(place), LOG_TEXT(detail));
        detail = "Something failed inside; the log has this request's id.";
        place = "";
    }
    bool may_retry = err == ERR_BUSY || err == ERR_NO_MEMORY || err == ERR_TOO_MANY;
    if (may_retry && !has_header(request, "Retry-After"))
        reply_header(request, "Retry-After", "1");
    if (err == ERR_UNAUTHENTICATED && !has_header(request, "WWW-Authenticate"))
        reply_header(request, "WWW-Authenticate", "Bearer");
    reply_problem_text(request, status, STATUSES[err].title, err_name(err), detail, place);
}
