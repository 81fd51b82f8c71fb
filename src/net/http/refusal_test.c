// SPDX-License-Identifier: Apache-2.0
/* What the server refuses, and how: status, the place of the mistake, the headers that help. */
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "net/http/requests/body.h"
#include "net/http/requests/pack_test.h"
#include "net/loopback_test.h"

static void accept_body(struct request *request, void *context)
{
    (void)context;
    size_t len = 0;
    (void)request_body(request, &len);
    reply_json(request, 200, json_pack("{s:I}", "len", (json_int_t)len));
}

struct order {
    char name[16];
    int64_t count;
};
static const struct json_field FIELDS[] = {
    {.name = "name",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct order, name),
     .min = 1},
    {.name = "count", .kind = JSON_FIELD_INT, JSON_AT(struct order, count), .min = 1, .max = 9},
};

static void take_order(struct request *request, void *context)
{
    (void)context;
    struct order order = {.count = 1};
    struct err_note note = {0};
    enum err err = request_read_json(request, &order, NULL, &note);
    int64_t limit = 10;
    if (err == ERR_NONE)
        err = request_query_int(request, "limit", 1, 100, &limit, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 201,
                   json_pack("{s:s, s:I}", "name", order.name, "limit", (json_int_t)limit));
}

static void fail_inside(struct request *request, void *context)
{
    (void)context;
    struct err_note note = {.place = "/var/lib/secret", .detail = "the disk said no"};
    reply_problem(request, ERR_IO, &note);
}

static const char *const LIMIT[] = {"limit: how many", "tag*: any number", NULL};
static const struct route ROUTES[] = {
    {.method = "POST",
     .path = "/api/v1/small",
     .body_max = 1000,
     .consumes = "text/plain",
     .handle = accept_body},
    {.method = "POST",
     .path = "/api/v1/orders",
     .body_fields = FIELDS,
     .body_field_count = 2,
     .query = LIMIT,
     .handle = take_order},
    {.method = "GET", .path = "/api/v1/orders/{order}", .handle = accept_body},
    {.method = "GET", .path = "/page", .handle = accept_body},
    {.method = "GET", .path = "/broken", .handle = fail_inside},
    {.method = "GET",
     .path = "/rare",
     .rate = {.limit = 2, .period_s = 3600, .burst = 2},
     .handle = accept_body},
};

static struct http_server *start(void)
{
    return loopback_server(ROUTES, COUNT_OF(ROUTES), NULL);
}

static void check_problem(const struct answer *answer, int status, const char *place)
{
    if (answer->status != status)
        print_error("%s\n%s\n", answer->head, answer->body);
    CHECK_INT(answer->status, status);
    CHECK_TEXT(answer_header(answer, "Content-Type"), "application/problem+json");
    SCOPED_JSON *problem = json_loads(answer->body, 0, NULL);
    CHECK(problem != NULL);
    CHECK_INT(json_integer_value(json_object_get(problem, "status")), status);
    const char *found = json_string_value(json_object_get(problem, "place"));
    CHECK_TEXT(found == NULL ? "" : found, place);
    CHECK(json_is_string(json_object_get(problem, "title")));
    CHECK_TEXT(json_string_value(json_object_get(problem, "request_id")),
               answer_header(answer, "X-Request-Id"));
}

TEST(each_mistake_in_a_request_is_named)
{
    static const struct {
        const char *head;
        const char *body;
        int status;
        const char *place;
    } CASES[] = {
        {"GET /none HTTP/1.1\r\n", NULL, 404, "path"},
        {"DELETE /page HTTP/1.1\r\n", NULL, 405, ""},
        {"GET /api/v1/orders/a%2fb HTTP/1.1\r\n", NULL, 400, "path parameter order"},
        {"GET /api/v1/orders/a%00 HTTP/1.1\r\n", NULL, 400, "path parameter order"},
        {"GET /api/v1/orders/a?typo=1 HTTP/1.1\r\n", NULL, 400, "typo"},
        {"POST /api/v1/orders?limit=0 HTTP/1.1\r\nContent-Type: application/json\r\n",
         "{\"name\":\"x\"}", 400, "limit"},
        {"POST /api/v1/orders?limit=5&limit=6 HTTP/1.1\r\nContent-Type: application/json\r\n",
         "{\"name\":\"x\"}", 400, "limit"},
        {"POST /api/v1/orders?limit=%ff HTTP/1.1\r\nContent-Type: application/json\r\n", "{}", 400,
         "limit"},
        {"POST /api/v1/orders HTTP/1.1\r\nContent-Type: text/plain\r\n", "{}", 415,
         "header Content-Type"},
        {"POST /api/v1/orders HTTP/1.1\r\n", "{}", 415, "header Content-Type"},
        {"POST /api/v1/orders HTTP/1.1\r\nContent-Type: application/json\r\nContent-Encoding: "
         "br\r\n",
         "{}", 415, "header Content-Encoding"},
        {"POST /api/v1/orders HTTP/1.1\r\nContent-Type: application/json\r\n", "{\"name\":7}", 422,
         "name"},
        {"POST /api/v1/orders HTTP/1.1\r\nContent-Type: application/json\r\n",
         "{\"name\":\"x\",\"count\":10}", 422, "count"},
        {"POST /api/v1/orders HTTP/1.1\r\nContent-Type: application/json\r\nContent-Encoding: "
         "gzip\r\n",
         "{}", 400, "body"},
    };
    struct http_server *server = start();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char head[512];
        (void)snprintf(head, sizeof head, "%sHost: a\r\n", CASES[i].head);
        SCOPED_ANSWER answer = {0};
        loopback_ask(http_server_port(server), head, CASES[i].body,
                     CASES[i].body == NULL ? 0 : strlen(CASES[i].body), &answer);
        check_problem(&answer, CASES[i].status, CASES[i].place);
    }
    http_server_stop(server);
}

TEST(what_is_right_passes_beside_them)
{
    struct http_server *server = start();
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server),
                 "POST /api/v1/orders?limit=5&tag=a&tag=b HTTP/1.1\r\nHost: a\r\n"
                 "Content-Type: application/json; charset=utf-8\r\n",
                 "{\"name\":\"x\"}", 12, &answer);
    CHECK_INT(answer.status, 201);
    CHECK_TEXT(answer.body, "{\"name\":\"x\",\"limit\":5}");
    loopback_ask(http_server_port(server), "GET /page?utm=x&utm=y HTTP/1.1\r\nHost: a\r\n", NULL, 0,
                 &answer);
    CHECK_INT(answer.status, 200);
    loopback_ask(http_server_port(server), "OPTIONS /page HTTP/1.1\r\nHost: a\r\n", NULL, 0,
                 &answer);
    CHECK_INT(answer.status, 204);
    CHECK_TEXT(answer_header(&answer, "Allow"), "GET, HEAD, OPTIONS");
    http_server_stop(server);
}

TEST(body_over_its_limit_is_413_and_the_connection_goes_on)
{
    struct http_server *server = start();
    int fd = loopback_connect(http_server_port(server));
    SCOPED_MEM char *body = mem_new(100000);
    memset(body, 'x', 100000);
    SCOPED_ANSWER answer = {0};
    static const size_t LENS[] = {1000, 1001, 100000, 1000};
    for (size_t i = 0; i < COUNT_OF(LENS); i++) {
        char head[256];
        (void)snprintf(head, sizeof head,
                       "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       LENS[i]);
        loopback_send_text(fd, head);
        loopback_send(fd, body, LENS[i]);
        loopback_read(fd, "POST", &answer);
        CHECK_INT(answer.status, LENS[i] <= 1000 ? 200 : 413);
    }
    (void)close(fd);
    http_server_stop(server);
}

TEST(sender_of_100_megabytes_learns_why_not)
{
    struct http_server *server = start();
    size_t len = 100 * 1024 * 1024;
    SCOPED_MEM char *body = mem_new(len);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server),
                 "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n", body,
                 len, &answer);
    check_problem(&answer, 413, "body");
    http_server_stop(server);
}

TEST(announced_100_megabytes_are_refused_before_they_are_sent)
{
    struct http_server *server = start();
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 104857600\r\nExpect: 100-continue\r\n\r\n");
    SCOPED_ANSWER answer = {0};
    loopback_read(fd, "POST", &answer);
    check_problem(&answer, 413, "body");
    CHECK(loopback_is_closed(fd));
    (void)close(fd);
    http_server_stop(server);
}

static void send_chunk(int fd, const char *bytes, size_t len)
{
    char head[32];
    (void)snprintf(head, sizeof head, "%zx\r\n", len);
    loopback_send_text(fd, head);
    loopback_send(fd, bytes, len);
    loopback_send_text(fd, "\r\n");
}

TEST(chunked_body_of_unknown_length_is_bounded_too)
{
    struct http_server *server = start();
    int fd = loopback_connect(http_server_port(server));
    SCOPED_ANSWER answer = {0};
    static const char HEAD[] =
        "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    char bytes[400];
    memset(bytes, 'x', sizeof bytes);
    static const int CHUNKS[] = {2, 3};
    for (size_t i = 0; i < COUNT_OF(CHUNKS); i++) {
        loopback_send_text(fd, HEAD);
        for (int n = 0; n < CHUNKS[i]; n++)
            send_chunk(fd, bytes, sizeof bytes);
        loopback_send_text(fd, "0\r\n\r\n");
        loopback_read(fd, "POST", &answer);
        CHECK_INT(answer.status, CHUNKS[i] == 2 ? 200 : 413);
    }
    (void)close(fd);
    http_server_stop(server);
}

TEST(endless_chunked_body_is_cut_off)
{
    struct http_server *server = start();
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n");
    SCOPED_MEM char *bytes = mem_new(1024 * 1024);
    for (int i = 0; i < 140; i++) /* past what the server throws away with patience */
        send_chunk(fd, bytes, 1024 * 1024);
    CHECK(loopback_is_closed(fd));
    (void)close(fd);
    http_server_stop(server);
}

TEST(announced_length_of_every_size_beyond_the_limit_is_413)
{
    static const char *const LENGTHS[] = {"1001", "9223372036854775807", "18446744073709551615"};
    struct http_server *server = start();
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        int fd = loopback_connect(http_server_port(server));
        char text[256];
        (void)snprintf(text, sizeof text,
                       "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                       "Expect: 100-continue\r\nContent-Length: %s\r\n\r\n",
                       LENGTHS[i]);
        loopback_send_text(fd, text);
        SCOPED_ANSWER answer = {0};
        loopback_read(fd, "POST", &answer);
        check_problem(&answer, 413, "body");
        (void)close(fd);
    }
    http_server_stop(server);
}

static int64_t processor_ms(void)
{
    struct timespec used;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

TEST(chunk_whose_head_never_ends_costs_no_processor)
{
    struct http_server *server = start();
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n5;");
    SCOPED_MEM char *bytes = mem_new(LIMIT_HTTP_HEADER_BYTES);
    memset(bytes, 'x', LIMIT_HTTP_HEADER_BYTES);
    loopback_send(fd, bytes, LIMIT_HTTP_HEADER_BYTES);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server), "GET /page HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    CHECK_INT(answer.status, 200);
    int64_t before_ms = processor_ms();
    struct pollfd waited = {.fd = fd, .events = POLLIN};
    CHECK_INT(poll(&waited, 1, 500), 0); /* nobody answers what has not arrived */
    CHECK(processor_ms() - before_ms < 150);
    (void)close(fd);
    http_server_stop(server);
}

TEST(bombs_of_gzip_and_zstd_are_413)
{
    struct http_server *server = start();
    SCOPED_MEM char *zeros = mem_new(1024 * 1024);
    static const struct {
        enum body_encoding encoding;
        const char *name;
    } CASES[] = {{BODY_GZIP, "gzip"}, {BODY_ZSTD, "zstd"}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char head[256];
        (void)snprintf(head, sizeof head,
                       "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                       "Content-Encoding: %s\r\n",
                       CASES[i].name);
        for (size_t len = 900; len <= 1024 * 1024; len += 1024 * 1024 - 900) {
            size_t packed_len = 0;
            SCOPED_MEM char *packed = pack_test(CASES[i].encoding, zeros, len, &packed_len);
            SCOPED_ANSWER answer = {0};
            loopback_ask(http_server_port(server), head, packed, MIN(packed_len, (size_t)1000),
                         &answer);
            CHECK_INT(answer.status, len == 900 ? 200 : 413);
        }
    }
    http_server_stop(server);
}

TEST(request_whose_end_is_in_doubt_is_refused_and_nothing_after_it_is_heard)
{
    static const struct {
        const char *head;
        const char *place;
    } CASES[] = {
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
         "chunked\r\n",
         "header Content-Length"},
        {"POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
         "header Content-Length"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 50\r\n",
         "header Content-Length"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n",
         "header Transfer-Encoding"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n",
         "header Transfer-Encoding"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n"
         "Transfer-Encoding: chunked\r\n",
         "header Transfer-Encoding"},
        {"POST /api/v1/small HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n"
         "Transfer-Encoding: chunked\r\n",
         "header Transfer-Encoding"},
        {"GET /page HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "header Host"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n", "headers"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n", "headers"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n", "headers"},
        {"POST /api/v1/small HTTP/1.1\r\nHost: a\r\nX: y\r\n Content-Length: 5\r\n", "headers"},
    };
    struct http_server *server = start();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        int fd = loopback_connect(http_server_port(server));
        char text[512];
        (void)snprintf(text, sizeof text,
                       "%sContent-Type: text/plain\r\n\r\n"
                       "0\r\n\r\nGET /page HTTP/1.1\r\nHost: a\r\n\r\n",
                       CASES[i].head);
        loopback_send_text(fd, text);
        SCOPED_ANSWER answer = {0};
        loopback_read(fd, "POST", &answer);
        check_problem(&answer, 400, CASES[i].place);
        CHECK(loopback_is_closed(fd));
        (void)close(fd);
    }
    http_server_stop(server);
}

TEST(query_of_a_thousand_parameters_is_answered)
{
    SCOPED_TEXT head;
    text_init(&head, 8192);
    text_add(&head, "GET /api/v1/orders/a?");
    for (int i = 0; i < 1000; i++)
        text_add(&head, "tag=&");
    text_add(&head, " HTTP/1.1\r\nHost: a\r\n");
    struct http_server *server = start();
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server), head.bytes, NULL, 0, &answer);
    CHECK_INT(answer.status, 400);
    http_server_stop(server);
}

TEST(nonsense_on_the_wire_harms_nobody_else)
{
    static const char *const NONSENSE[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /page\r\n\r\n",
        "GET /page HTTP/9.9\r\n\r\n",
        "GET /page HTTP/1.1\r\n\r\n" /* no Host */,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /api/v1/small HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /page HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /page HTTP/1.1\r\nHost a\r\n: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    struct http_server *server = start();
    for (size_t i = 0; i < COUNT_OF(NONSENSE); i++) {
        int fd = loopback_connect(http_server_port(server));
        loopback_send_text(fd, NONSENSE[i]);
        (void)close(fd);
        SCOPED_ANSWER answer = {0};
        loopback_ask(http_server_port(server), "GET /page HTTP/1.1\r\nHost: a\r\n", NULL, 0,
                     &answer);
        CHECK_INT(answer.status, 200);
    }
    http_server_stop(server);
}

TEST(failure_inside_tells_the_caller_nothing_but_its_id)
{
    struct http_server *server = start();
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server),
                 "GET /broken HTTP/1.1\r\nHost: a\r\nX-Request-Id: my-1\r\n", NULL, 0, &answer);
    check_problem(&answer, 500, "");
    CHECK(strstr(answer.body, "secret") == NULL && strstr(answer.body, "disk") == NULL);
    CHECK_TEXT(answer_header(&answer, "X-Request-Id"), "my-1");
    http_server_stop(server);
}

TEST(who_calls_too_often_is_told_when_to_come_back)
{
    struct http_server *server = start();
    SCOPED_ANSWER answer = {0};
    static const char HEAD[] = "GET /rare HTTP/1.1\r\nHost: a\r\n";
    loopback_ask(http_server_port(server), HEAD, NULL, 0, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer_header(&answer, "RateLimit-Policy"), "\"route\";q=2;w=3600");
    CHECK_TEXT(answer_header(&answer, "RateLimit"), "\"route\";r=1;t=1800");
    loopback_ask(http_server_port(server), HEAD, NULL, 0, &answer);
    CHECK_INT(answer.status, 200);
    loopback_ask(http_server_port(server), HEAD, NULL, 0, &answer);
    check_problem(&answer, 429, "");
    long wait_s = strtol(answer_header(&answer, "Retry-After"), NULL, 10);
    CHECK(wait_s >= 1790 && wait_s <= 1800);
    http_server_stop(server);
}
