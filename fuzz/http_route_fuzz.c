// SPDX-License-Identifier: Apache-2.0
/* Whatever a stranger can put into a request's head and body, on any bytes. The first byte picks what is
 * read; every answer must keep the promises of its header. */
#include <strings.h>

#include "base/text.h"
#include "net/http/callers/peer.h"
#include "net/http/callers/throttle.h"
#include "net/http/requests/body.h"
#include "net/http/requests/trace.h"
#include "net/http/requests/url.h"
#include "net/http/routes/router.h"
#include "net/live/handshake.h"
#include "net/mail/mail_text.h"
#include "net/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void nothing(struct request *request, void *context)
{
    (void)request;
    (void)context;
}

static const struct route ROUTES[] = {
    {.method = "GET", .path = "/", .handle = nothing},
    {.method = "GET", .path = "/a/{x}", .handle = nothing},
    {.method = "POST", .path = "/a/b", .handle = nothing},
    {.method = "PUT", .path = "/a/{x}/c/{y}", .handle = nothing},
    {.method = "GET", .path = "/a/b/c/{rest*}", .handle = nothing},
};

static bool is_clean(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return false;
    }
    return text_is_utf8(text, strlen(text));
}

static void try_target(const char *text, size_t len)
{
    static struct router *router;
    if (router == NULL) {
        struct route_table table = {.routes = ROUTES, .route_count = COUNT_OF(ROUTES)};
        enum err err = router_create(&table, 1, &router, NULL);
        assert(err == ERR_NONE);
    }
    struct route_match match = {0};
    SCOPED_MEM char *decoded = mem_new(len + 1);
    char allow[ROUTE_ALLOW_SIZE];
    router_allow(router, text, len, allow);
    enum route_outcome outcome = router_match(router, "PUT", text, len, &match);
    assert((outcome == ROUTE_NO_PATH) == (allow[0] == '\0'));
    for (size_t i = 0; outcome == ROUTE_FOUND && i < match.param_count; i++) {
        const struct route_slice *slice = &match.params[i];
        assert(slice->text >= text && slice->text + slice->len <= text + len && slice->len > 0);
        if (url_decode(slice->text, slice->len, URL_SEGMENT, decoded))
            assert(is_clean(decoded) && strchr(decoded, '/') == NULL);
    }
}

static void try_query(const char *text, size_t len)
{
    SCOPED_MEM char *storage = mem_new(len + 2 * 16 + 2);
    struct url_query pairs[16];
    size_t count = 0;
    if (url_query_parse(text, len, storage, pairs, COUNT_OF(pairs), &count, NULL) != ERR_NONE)
        return;
    assert(count <= COUNT_OF(pairs));
    for (size_t i = 0; i < count; i++)
        assert(is_clean(pairs[i].name) && is_clean(pairs[i].value));
}

static void try_headers(const char *text)
{
    struct random_sequence random = {.state = 7};
    char trace[TRACE_TEXT_SIZE];
    trace_continue(text, &random, trace);
    assert(trace_is_valid(trace));
    if (trace_request_id_is_valid(text))
        assert(is_clean(text) && strlen(text) <= 64);
    static const struct peer_address DIRECT = {.bytes = {[10] = 0xFF, [11] = 0xFF, [12] = 127}};
    struct peer_networks proxies = {.count = 0};
    if (peer_networks_parse(text, &proxies, NULL) == ERR_NONE)
        assert(proxies.count == 0 || peer_networks_have(&proxies, &proxies.items[0].address));
    enum err err = peer_networks_parse("127.0.0.0/8, 10.0.0.0/8", &proxies, NULL);
    assert(err == ERR_NONE);
    struct peer_claims claims = {.forwarded_for = text, .forwarded_proto = text};
    struct peer peer = peer_behind_proxies(&proxies, &DIRECT, &claims);
    char address[PEER_TEXT_SIZE];
    peer_text(&peer.address, address);
    assert(strspn(address, "0123456789abcdefABCDEF:.") == strlen(address));
    struct origin_facts facts = {.method = "POST", .origin = text, .host = "muster.test"};
    if (origin_is_ours(&facts))
        assert(strncasecmp(text, "http://muster.test", strlen("http://muster.test")) == 0);
    char accept[WS_ACCEPT_SIZE];
    struct ws_offer offer = {"websocket", "upgrade", "13", text};
    if (ws_handshake(&offer, accept) == WS_ACCEPTED)
        assert(strlen(accept) == WS_ACCEPT_SIZE - 1 && strlen(text) == 24);
}

static void try_mail(const char *text)
{
    struct mail_address address;
    if (mail_address_parse(text, &address))
        assert(is_clean(address.name) && is_clean(address.address));
    SCOPED_TEXT header;
    text_init(&header, 1 << 20);
    mail_add_header(&header, "Subject", text);
    /* Every line break is followed by a space: it folds, and never starts a header. */
    for (const char *p = header.bytes; (p = strchr(p, '\r')) != NULL; p++)
        assert(p[1] == '\n' && p[2] == ' ');
}

static void try_throttle(const uint8_t *bytes, size_t len)
{
    struct route_rate rate = {.limit = 3, .period_s = 1, .burst = 5};
    int64_t arrival_us = 0;
    int64_t now_us = 1;
    int allowed = 0;
    for (size_t i = 0; i < len; i++) {
        now_us += bytes[i] * INT64_C(1000);
        struct throttle_answer answer = gcra_decide(&rate, &arrival_us, now_us);
        allowed += answer.is_allowed;
        assert(answer.remaining >= 0 && answer.remaining <= rate.burst);
        assert(answer.is_allowed == (answer.retry_us == 0));
        assert(allowed <= rate.burst + now_us * rate.limit / 1000000 + 1);
    }
}

static void try_body(const uint8_t *bytes, size_t len)
{
    struct body body;
    body_init(&body, (enum body_encoding)(bytes[0] % BODY_UNKNOWN), 0, 5000, NULL);
    enum err err = ERR_NONE;
    size_t step = 1 + bytes[0] / 3;
    for (size_t at = 1; at < len && err == ERR_NONE; at += step)
        err = body_add(&body, (const char *)bytes + at, MIN(step, len - at), NULL);
    if (err == ERR_NONE)
        err = body_end(&body, NULL);
    assert(body.size <= 5002);
    assert(err != ERR_NONE || body.bytes == NULL ||
           (body.len <= 5000 && body.bytes[body.len] == '\0'));
    body_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    SCOPED_MEM char *text = mem_text_len((const char *)bytes + 1, len - 1);
    switch (bytes[0] % 6) {
    case 0:
        try_target(text, len - 1);
        break;
    case 1:
        try_query(text, len - 1);
        break;
    case 2:
        try_headers(text);
        break;
    case 3:
        try_mail(text);
        break;
    case 4:
        try_throttle(bytes + 1, len - 1);
        break;
    default:
        try_body(bytes + 1, len - 1);
    }
    return 0;
}
