// SPDX-License-Identifier: Apache-2.0
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/certificate_test.h"
#include "net/live.h"
#include "net/live/ws_client_test.h"

static const char *const TOPIC[] = {"topic*: what to follow", NULL};
static const struct route ROUTES[] = {
    {.method = "GET", .path = "/live", .handle = live_websocket_handle},
    {.method = "GET", .path = "/api/v1/live", .query = TOPIC, .handle = live_sse_handle},
};

static bool follows_unless_secret(void *context, void *principal, const char *topic)
{
    (void)context;
    (void)principal;
    return strncmp(topic, "secret", 6) != 0;
}

static atomic_bool has_ended; /* the session of everybody here */

static bool goes_on(void *context, void *principal)
{
    (void)context;
    (void)principal;
    return !atomic_load(&has_ended);
}

struct stage {
    struct live *live;
    struct http_server *server;
    uint16_t port;
};

static struct stage open_stage(void)
{
    static const char *const ORIGINS[] = {"https://friend.test", NULL};
    struct stage stage = {0};
    struct live_options options = {
        .may_follow = follows_unless_secret, .is_current = goes_on, .origins = ORIGINS};
    CHECK(live_start(&options, &stage.live) == ERR_NONE);
    stage.server = loopback_server(ROUTES, COUNT_OF(ROUTES), stage.live);
    stage.port = http_server_port(stage.server);
    return stage;
}

static void close_stage(struct stage *stage)
{
    http_server_stop(stage->server);
    live_stop(stage->live);
}

static void say(struct stage *stage, const char *topic, enum publish_kind kind, const char *json)
{
    live_publish(stage->live, topic, kind, json, strlen(json));
}

static int follow(struct stage *stage, const char *topic)
{
    int fd = ws_test_open(stage->port, "/live");
    char text[256];
    (void)snprintf(text, sizeof text, "{\"subscribe\":[\"%s\"]}", topic);
    ws_test_send_text(fd, text);
    (void)snprintf(text, sizeof text, "{\"subscribed\":[\"%s\"],\"refused\":[]}", topic);
    CHECK_TEXT(ws_test_read_text(fd), text);
    return fd;
}

TEST(follower_gets_each_message_of_its_topic_in_order)
{
    struct stage stage = open_stage();
    int fd = follow(&stage, "incidents");
    say(&stage, "incidents", PUBLISH_EVENT, "{\"id\":1}");
    say(&stage, "other", PUBLISH_EVENT, "{\"id\":9}");
    say(&stage, "incidents", PUBLISH_EVENT, "{\"id\":2}");
    CHECK_TEXT(ws_test_read_text(fd), "{\"topic\":\"incidents\",\"data\":{\"id\":1}}");
    CHECK_TEXT(ws_test_read_text(fd), "{\"topic\":\"incidents\",\"data\":{\"id\":2}}");
    (void)close(fd);
    close_stage(&stage);
}

TEST(last_value_of_a_gauge_comes_with_the_subscription)
{
    struct stage stage = open_stage();
    say(&stage, "zones", PUBLISH_GAUGE, "1");
    say(&stage, "zones", PUBLISH_GAUGE, "2");
    int fd = follow(&stage, "zones");
    CHECK_TEXT(ws_test_read_text(fd), "{\"topic\":\"zones\",\"data\":2}");
    (void)close(fd);
    close_stage(&stage);
}

TEST(topic_that_one_may_not_follow_is_refused_and_the_rest_is_not)
{
    struct stage stage = open_stage();
    int fd = ws_test_open(stage.port, "/live");
    ws_test_send_text(fd, "{\"subscribe\":[\"secret/1\",\"open\"]}");
    CHECK_TEXT(
        ws_test_read_text(fd),
        "{\"subscribed\":[\"open\"],\"refused\":[{\"topic\":\"secret/1\",\"why\":\"not allowed, "
        "or no such topic\"}]}");
    say(&stage, "secret/1", PUBLISH_GAUGE, "1");
    say(&stage, "open", PUBLISH_GAUGE, "2");
    CHECK_TEXT(ws_test_read_text(fd), "{\"topic\":\"open\",\"data\":2}");
    (void)close(fd);
    close_stage(&stage);
}

TEST(after_unsubscribing_nothing_more_comes)
{
    struct stage stage = open_stage();
    int fd = follow(&stage, "a");
    ws_test_send_text(fd, "{\"unsubscribe\":[\"a\"],\"subscribe\":[\"b\"]}");
    CHECK_TEXT(ws_test_read_text(fd), "{\"subscribed\":[\"b\"],\"refused\":[]}");
    say(&stage, "a", PUBLISH_EVENT, "1");
    say(&stage, "b", PUBLISH_EVENT, "2");
    CHECK_TEXT(ws_test_read_text(fd), "{\"topic\":\"b\",\"data\":2}");
    (void)close(fd);
    close_stage(&stage);
}

TEST(page_of_another_site_gets_no_socket)
{
    struct stage stage = open_stage();
    static const struct {
        const char *lines;
        int status;
    } CASES[] = {
        {"Origin: https://evil.test\r\n", 403},
        {"Origin: http://muster.test.evil.test\r\n", 403},
        {"Origin: null\r\n", 403},
        {"Sec-Fetch-Site: cross-site\r\nOrigin: https://muster.test\r\n", 403},
        {"Origin: http://muster.test\r\n", 101},
        {"Origin: https://muster.test\r\n", 403}, /* it came without TLS */
        {"Origin: http://muster.test:81\r\n", 403},
        {"Sec-Fetch-Site: same-origin\r\nOrigin: https://muster.test\r\n", 101},
        {"Origin: https://friend.test\r\n", 101},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        SCOPED_ANSWER answer = {0};
        int fd = ws_test_handshake(stage.port, "/live", CASES[i].lines, &answer);
        CHECK_INT(answer.status, CASES[i].status);
        (void)close(fd);
    }
    close_stage(&stage);
}

TEST(plain_get_of_the_socket_address_is_told_to_upgrade)
{
    struct stage stage = open_stage();
    SCOPED_ANSWER answer = {0};
    loopback_ask(stage.port, "GET /live HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    CHECK_INT(answer.status, 426);
    CHECK_TEXT(answer_header(&answer, "Upgrade"), "websocket");
    close_stage(&stage);
}

/* What a client sends, and the close status of RFC 6455 that it gets. */
TEST(who_breaks_the_protocol_is_told_how)
{
    struct stage stage = open_stage();
    static char big[LIMIT_LIVE_COMMAND_BYTES + 1];
    memset(big, ' ', sizeof big);
    static const struct {
        unsigned char first;
        const char *payload;
        size_t len;
        enum ws_test_mask mask;
        int status;
    } CASES[] = {
        {0x81, "{}", 2, WS_UNMASKED, 1002},
        {0x81, "\xff\xfe", 2, WS_MASKED, 1007},
        {0x83, "x", 1, WS_MASKED, 1002}, /* reserved opcode */
        {0xC1, "x", 1, WS_MASKED, 1002}, /* reserved bit */
        {0x80, "x", 1, WS_MASKED, 1002}, /* continues nothing */
        {0x09, "x", 1, WS_MASKED, 1002}, /* fragmented ping */
        {0x82, "x", 1, WS_MASKED, 1003}, /* binary */
        {0x88, "\x03\xe8", 2, WS_MASKED, 1000},
        {0x88, "x", 1, WS_MASKED, 1005}, /* half a status is none */
        {0x81, big, sizeof big, WS_MASKED, 1009},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        int fd = ws_test_open(stage.port, "/live");
        ws_test_send(fd, CASES[i].first, CASES[i].payload, CASES[i].len, CASES[i].mask);
        int status = ws_test_read_close(fd);
        if (status != CASES[i].status)
            print_error("case %zu\n", i);
        CHECK_INT(status, CASES[i].status);
        CHECK(loopback_is_closed(fd));
        (void)close(fd);
    }
    close_stage(&stage);
}

TEST(message_in_fragments_with_a_ping_between_is_understood)
{
    struct stage stage = open_stage();
    int fd = ws_test_open(stage.port, "/live");
    ws_test_send(fd, 0x01, "{\"subscr", 8, WS_MASKED);
    ws_test_send(fd, 0x89, "are you there", 13, WS_MASKED);
    ws_test_send(fd, 0x00, "ibe\":[", 6, WS_MASKED);
    struct ws_test_frame *frame = mem_new(sizeof *frame);
    CHECK(ws_test_read(fd, frame));
    CHECK_INT(frame->first, 0x8A);
    CHECK_TEXT(frame->payload, "are you there");
    ws_test_send(fd, 0x80, "\"a\"]}", 5, WS_MASKED);
    CHECK_TEXT(ws_test_read_text(fd), "{\"subscribed\":[\"a\"],\"refused\":[]}");
    mem_free(frame);
    (void)close(fd);
    close_stage(&stage);
}

TEST(frame_that_arrives_byte_by_byte_is_understood)
{
    struct stage stage = open_stage();
    int fd = ws_test_open(stage.port, "/live");
    static const unsigned char FRAME[] = {0x81, 0x80 | 19, 0,   0,   0,   0,   '{', '"', 's',
                                          'u',  'b',       's', 'c', 'r', 'i', 'b', 'e', '"',
                                          ':',  '[',       '"', 'a', '"', ']', '}'};
    for (size_t i = 0; i < sizeof FRAME; i++)
        loopback_send(fd, FRAME + i, 1);
    CHECK_TEXT(ws_test_read_text(fd), "{\"subscribed\":[\"a\"],\"refused\":[]}");
    (void)close(fd);
    close_stage(&stage);
}

TEST(client_that_does_not_read_events_is_disconnected_with_1013)
{
    struct stage stage = open_stage();
    int slow = follow(&stage, "e");
    int quick = follow(&stage, "e");
    char *event = mem_new(20003);
    memset(event, 'x', 20002);
    event[0] = event[20001] = '"';
    struct ws_test_frame *frame = mem_new(sizeof *frame);
    for (int i = 0; i < 1000; i++) {
        say(&stage, "e", PUBLISH_EVENT, event);
        CHECK(ws_test_read(quick, frame));
        CHECK_INT(frame->first, 0x81);
    }
    CHECK_INT(ws_test_read_close(slow), 1013);
    CHECK(live_client_count(stage.live) >= 1);
    mem_free(frame);
    mem_free(event);
    (void)close(slow);
    (void)close(quick);
    close_stage(&stage);
}

TEST(client_that_does_not_read_gauges_gets_the_newest_later)
{
    struct stage stage = open_stage();
    int slow = follow(&stage, "g");
    int quick = follow(&stage, "g");
    char *value = mem_new(20003);
    memset(value, 'x', 20002);
    value[0] = value[20001] = '"';
    for (int i = 0; i < 400; i++) {
        value[1] = (char)('a' + i % 26);
        say(&stage, "g", PUBLISH_GAUGE, value);
        CHECK(ws_test_read_text(quick)[0] == '{');
    }
    say(&stage, "g", PUBLISH_GAUGE, "\"last\"");
    int count = 0;
    const char *text = "";
    while (strcmp(text, "{\"topic\":\"g\",\"data\":\"last\"}") != 0) {
        text = ws_test_read_text(slow);
        CHECK(text[0] == '{');
        count++;
    }
    CHECK(count < 400);
    mem_free(value);
    (void)close(slow);
    (void)close(quick);
    close_stage(&stage);
}

TEST(curl_follows_the_same_topics_as_events)
{
    struct stage stage = open_stage();
    say(&stage, "zones", PUBLISH_GAUGE, "{\"at\":1,\n\"people\":2}");
    int fd = loopback_connect(stage.port);
    loopback_send_text(fd, "GET /api/v1/live?topic=zones&topic=e HTTP/1.1\r\nHost: a\r\n\r\n");
    char head[2048];
    size_t len = 0;
    do {
        CHECK(loopback_read_exact(fd, head + len, 1));
        head[++len] = '\0';
    } while (strstr(head, "\r\n\r\n") == NULL);
    CHECK(strstr(head, "Content-Type: text/event-stream") != NULL);
    static const char FIRST[] = "29\r\nevent: zones\ndata: {\"at\":1, \"people\":2}\n\n\r\n";
    char got[128] = "";
    CHECK(loopback_read_exact(fd, got, sizeof FIRST - 1));
    CHECK_TEXT(got, FIRST);
    say(&stage, "e", PUBLISH_EVENT, "7");
    static const char SECOND[] = "12\r\nevent: e\ndata: 7\n\n\r\n";
    memset(got, 0, sizeof got);
    CHECK(loopback_read_exact(fd, got, sizeof SECOND - 1));
    CHECK_TEXT(got, SECOND);
    (void)close(fd);
    close_stage(&stage);
}

TEST(event_stream_of_a_forbidden_topic_is_refused)
{
    struct stage stage = open_stage();
    SCOPED_ANSWER answer = {0};
    loopback_ask(stage.port, "GET /api/v1/live?topic=secret HTTP/1.1\r\nHost: a\r\n", NULL, 0,
                 &answer);
    CHECK_INT(answer.status, 403);
    loopback_ask(stage.port, "GET /api/v1/live HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    CHECK_INT(answer.status, 422);
    close_stage(&stage);
}

TEST(after_a_resync_everybody_has_to_come_back_and_may)
{
    struct stage stage = open_stage();
    int ws = follow(&stage, "a");
    live_resync(stage.live);
    CHECK_INT(ws_test_read_close(ws), 1013);
    (void)close(ws);
    ws = follow(&stage, "a");
    say(&stage, "a", PUBLISH_EVENT, "1");
    CHECK_TEXT(ws_test_read_text(ws), "{\"topic\":\"a\",\"data\":1}");
    (void)close(ws);
    close_stage(&stage);
}

TEST(stopping_tells_every_client_to_go)
{
    struct stage stage = open_stage();
    int ws = follow(&stage, "a");
    int sse = loopback_connect(stage.port);
    loopback_send_text(sse, "GET /api/v1/live?topic=a HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(!loopback_is_closed(sse)); /* its answer has begun */
    close_stage(&stage);
    CHECK_INT(ws_test_read_close(ws), 1001);
    (void)close(ws);
    (void)close(sse);
}

static void read_last_chunk(int fd)
{
    static const char LAST[] = "\r\n0\r\n";
    size_t met = 0;
    while (met < sizeof LAST - 1) {
        char byte;
        CHECK(loopback_read_exact(fd, &byte, 1));
        met = byte == LAST[met] ? met + 1 : byte == LAST[0];
    }
}

TEST(who_is_not_current_any_more_is_sent_away)
{
    struct stage stage = open_stage();
    int fd = follow(&stage, "a");
    int sse = loopback_connect(stage.port);
    loopback_send_text(sse, "GET /api/v1/live?topic=a HTTP/1.1\r\nHost: a\r\n\r\n");
    say(&stage, "a", PUBLISH_GAUGE, "1");
    CHECK_TEXT(ws_test_read_text(fd), "{\"topic\":\"a\",\"data\":1}");
    atomic_store(&has_ended, true);
    CHECK_INT(ws_test_read_close(fd), 1008);
    read_last_chunk(sse);
    atomic_store(&has_ended, false);
    (void)close(fd);
    (void)close(sse);
    close_stage(&stage);
}

TEST(followers_may_leave_in_any_order)
{
    struct stage stage = open_stage();
    int fds[4];
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = follow(&stage, "a");
    static const size_t LEAVERS[] = {0, 3, 1}; /* each time somebody else moves into the gap */
    for (size_t i = 0; i < COUNT_OF(LEAVERS); i++) {
        ws_test_send_text(fds[LEAVERS[i]], "{\"unsubscribe\":[\"a\"],\"subscribe\":[\"b\"]}");
        CHECK(ws_test_read_text(fds[LEAVERS[i]])[0] == '{');
    }
    say(&stage, "a", PUBLISH_EVENT, "1");
    say(&stage, "b", PUBLISH_EVENT, "2");
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        CHECK_TEXT(ws_test_read_text(fds[i]),
                   i == 2 ? "{\"topic\":\"a\",\"data\":1}" : "{\"topic\":\"b\",\"data\":2}");
        (void)close(fds[i]);
    }
    close_stage(&stage);
}

TEST(clients_that_vanish_leave_nothing_behind)
{
    struct stage stage = open_stage();
    int fds[100];
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = follow(&stage, "a");
    CHECK_INT(live_client_count(stage.live), COUNT_OF(fds));
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        (void)close(fds[i]);
    int last = follow(&stage, "a");
    say(&stage, "a", PUBLISH_EVENT, "1");
    CHECK_TEXT(ws_test_read_text(last), "{\"topic\":\"a\",\"data\":1}");
    (void)close(last);
    close_stage(&stage);
}

static void tls_read_until(SSL *tls, const char *wanted)
{
    char got[4096];
    size_t len = 0;
    while (memmem(got, len, wanted, strlen(wanted)) == NULL) {
        size_t part = 0;
        CHECK(SSL_read_ex(tls, got + len, sizeof got - len, &part) == 1);
        len += part;
    }
}

TEST(sockets_go_by_tls_too)
{
    const char *folder = test_folder();
    certificate_test_write(folder);
    char certificate[4200];
    char key[4200];
    (void)snprintf(certificate, sizeof certificate, "%s/cert.pem", folder);
    (void)snprintf(key, sizeof key, "%s/key.pem", folder);
    struct live_options live_options = {0};
    struct stage stage = {0};
    CHECK(live_start(&live_options, &stage.live) == ERR_NONE);
    struct http_server_options options = {.tls_certificate_file = certificate, .tls_key_file = key};
    stage.server = loopback_server_with(options, ROUTES, COUNT_OF(ROUTES), stage.live);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *tls = SSL_new(context);
    int fd = loopback_connect(http_server_port(stage.server));
    CHECK(SSL_set_fd(tls, fd) == 1 && SSL_connect(tls) == 1);
    static const char HELLO[] =
        "GET /live HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        "\x81\x93\0\0\0\0{\"subscribe\":[\"a\"]}"; /* in one go: the frame comes early */
    CHECK(SSL_write(tls, HELLO, sizeof HELLO - 1) == sizeof HELLO - 1);
    tls_read_until(tls, "\"subscribed\":[\"a\"],\"refused\":[]}");
    say(&stage, "a", PUBLISH_EVENT, "7");
    tls_read_until(tls, "{\"topic\":\"a\",\"data\":7}");
    int64_t closing_us = clock_monotonic_us();
    close_stage(&stage); /* while it is open: libmicrohttpd insists on the right order */
    CHECK(clock_monotonic_us() - closing_us < 20000000);
    SSL_free(tls);
    SSL_CTX_free(context);
    (void)close(fd);
}
