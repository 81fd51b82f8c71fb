// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <strings.h>

#include "net/curl.h"

struct http_client {
    CURL *curl;
};

struct http_client *http_client_create(void)
{
    struct http_client *client = mem_new(sizeof *client);
    curl_start_once();
    client->curl = curl_easy_init();
    assert(client->curl != NULL);
    return client;
}

void http_client_destroy(struct http_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    mem_free(client);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_answer *answer = context;
    text_add_bytes(&answer->body, bytes, size * count);
    return answer->body.overflowed ? 0 : size * count;
}

/* The value behind "name:" when the line has that name, else NULL. */
static const char *value_of(const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
        return NULL;
    const char *value = line + name_len + 1;
    return value + strspn(value, " ");
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_answer *answer = context;
    size_t len = size * count;
    char line[1024];
    size_t kept = MIN(len, sizeof line - 1);
    memcpy(line, bytes, kept);
    line[kept] = '\0';
    const char *cookie = value_of(line, kept, "Set-Cookie");
    const char *retry = value_of(line, kept, "Retry-After");
    if (cookie != NULL && answer->cookie[0] == '\0') {
        size_t end = strcspn(cookie, ";\r\n");
        if (end < sizeof answer->cookie) {
            memcpy(answer->cookie, cookie, end);
            answer->cookie[end] = '\0';
        }
    }
    if (retry != NULL)
        answer->retry_after_s = strtol(retry, NULL, 10);
    return len;
}

static struct curl_slist *header_list(const struct http_call *call)
{
    /* No "Expect: 100-continue": it costs a round trip and our server takes the body anyway. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; call->headers != NULL && call->headers[i] != NULL; i++)
        list = curl_slist_append(list, call->headers[i]);
    return list;
}

static void set_up(CURL *curl, const struct http_call *call, struct http_answer *answer,
                   struct curl_slist *headers)
{
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, call->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    if (strcmp(call->method, "HEAD") == 0)
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (call->ca_file != NULL)
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca_file);
    if (call->body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    }
}

static enum err failure(CURLcode code, bool is_too_large, const struct http_call *call,
                        struct err_note *note)
{
    if (is_too_large)
        return err_set(note, ERR_TOO_LARGE, call->url, "the answer is larger than %zu bytes",
                       call->answer_max);
    bool is_away = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
                   code == CURLE_OPERATION_TIMEDOUT;
    return err_set(note, is_away ? ERR_BUSY : ERR_IO, call->url, "%s", curl_easy_strerror(code));
}

enum err http_client_call(struct http_client *client, const struct http_call *call,
                          struct http_answer *out_answer, struct err_note *note)
{
    for (size_t i = 0; call->headers != NULL && call->headers[i] != NULL; i++) {
        if (strpbrk(call->headers[i], "\r\n") != NULL) /* it would be two headers */
            return err_set(note, ERR_INVALID, "header", "must be one line.");
    }
    struct http_answer answer = {0};
    text_init(&answer.body, call->answer_max);
    struct curl_slist *headers = header_list(call);
    set_up(client->curl, call, &answer, headers);
    CURLcode code = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        enum err err = failure(code, answer.body.overflowed, call, note);
        http_answer_fini(&answer);
        return err;
    }
    long status = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (int)status;
    *out_answer = answer;
    return ERR_NONE;
}

void http_answer_fini(struct http_answer *answer)
{
    text_fini(&answer->body);
}
