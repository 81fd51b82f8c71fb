// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>
#include <zstd.h>

#include "base/test.h"
#include "net/http/requests/body.h"
#include "net/http/requests/pack_test.h"

static enum err feed(struct body *body, const char *bytes, size_t len, size_t step)
{
    for (size_t at = 0; at < len; at += step)
        TRY(body_add(body, bytes + at, MIN(step, len - at), NULL));
    return body_end(body, NULL);
}

/* Packs `text`, feeds it in pieces of `step` bytes, and compares what comes out. */
static void check_round(enum body_encoding encoding, const char *text, size_t len, size_t step)
{
    size_t packed_len = 0;
    SCOPED_MEM char *packed = pack_test(encoding, text, len, &packed_len);
    struct body body;
    body_init(&body, encoding, packed_len, MAX(len, packed_len), NULL);
    CHECK(feed(&body, packed, packed_len, step) == ERR_NONE);
    CHECK_INT(body.len, len);
    CHECK(memcmp(body.bytes, text, len) == 0);
    CHECK(body.bytes[len] == '\0');
    body_fini(&body);
}

TEST(body_comes_out_as_it_went_in)
{
    char text[20000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 23);
    static const size_t STEPS[] = {1, 7, 4096, sizeof text};
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        check_round(BODY_PLAIN, text, sizeof text, STEPS[i]);
        check_round(BODY_GZIP, text, sizeof text, STEPS[i]);
        check_round(BODY_ZSTD, text, sizeof text, STEPS[i]);
    }
}

TEST(body_may_be_exactly_as_large_as_allowed_and_not_one_byte_larger)
{
    static char text[10001];
    memset(text, 'x', sizeof text);
    static const enum body_encoding ENCODINGS[] = {BODY_PLAIN, BODY_GZIP, BODY_ZSTD};
    for (size_t i = 0; i < COUNT_OF(ENCODINGS); i++) {
        for (size_t extra = 0; extra <= 1; extra++) {
            size_t packed_len = 0;
            SCOPED_MEM char *packed = pack_test(ENCODINGS[i], text, 10000 + extra, &packed_len);
            struct body body;
            body_init(&body, ENCODINGS[i], 0, 10000, NULL);
            CHECK(feed(&body, packed, packed_len, 64) == (extra == 0 ? ERR_NONE : ERR_TOO_LARGE));
            body_fini(&body);
        }
    }
}

TEST(bomb_stops_at_the_limit)
{
    size_t len = 64 * 1024 * 1024;
    SCOPED_MEM char *zeros = mem_new(len);
    static const enum body_encoding ENCODINGS[] = {BODY_GZIP, BODY_ZSTD};
    for (size_t i = 0; i < COUNT_OF(ENCODINGS); i++) {
        size_t packed_len = 0;
        SCOPED_MEM char *packed = pack_test(ENCODINGS[i], zeros, len, &packed_len);
        CHECK(packed_len < 100000);
        struct body body;
        body_init(&body, ENCODINGS[i], packed_len, 256 * 1024, NULL);
        CHECK(feed(&body, packed, packed_len, packed_len) == ERR_TOO_LARGE);
        CHECK(body.size <= 256 * 1024 + 2);
        body_fini(&body);
    }
}

TEST(members_of_gzip_and_frames_of_zstd_follow_one_another)
{
    static const enum body_encoding ENCODINGS[] = {BODY_GZIP, BODY_ZSTD};
    for (size_t i = 0; i < COUNT_OF(ENCODINGS); i++) {
        size_t packed_len = 0;
        SCOPED_MEM char *packed = pack_test(ENCODINGS[i], "half", 4, &packed_len);
        struct body body;
        body_init(&body, ENCODINGS[i], 0, 100, NULL);
        CHECK(body_add(&body, packed, packed_len, NULL) == ERR_NONE);
        CHECK(feed(&body, packed, packed_len, packed_len) == ERR_NONE);
        CHECK_TEXT(body.bytes, "halfhalf");
        body_fini(&body);
    }
}

TEST(broken_or_cut_compression_is_malformed)
{
    static const enum body_encoding ENCODINGS[] = {BODY_GZIP, BODY_ZSTD};
    for (size_t i = 0; i < COUNT_OF(ENCODINGS); i++) {
        size_t packed_len = 0;
        SCOPED_MEM char *packed =
            pack_test(ENCODINGS[i], "some text to be packed", 22, &packed_len);
        struct body body;
        body_init(&body, ENCODINGS[i], 0, 1000, NULL);
        CHECK(feed(&body, packed, packed_len - 1, 5) == ERR_MALFORMED);
        body_fini(&body);
        body_init(&body, ENCODINGS[i], 0, 1000, NULL);
        CHECK(feed(&body, "this is not packed", 18, 18) == ERR_MALFORMED);
        body_fini(&body);
        packed[packed_len - 1] ^= 0x55; /* the checksum's */
        body_init(&body, ENCODINGS[i], 0, 1000, NULL);
        CHECK(feed(&body, packed, packed_len, packed_len) == ERR_MALFORMED);
        body_fini(&body);
    }
}

TEST(empty_body_takes_no_memory)
{
    struct body body;
    body_init(&body, BODY_PLAIN, 0, 10, NULL);
    CHECK(body_end(&body, NULL) == ERR_NONE);
    CHECK(body.bytes == NULL && body.len == 0);
    body_fini(&body);
}

TEST(bodies_share_a_budget_and_give_it_back)
{
    static char text[10000];
    struct body_budget budget = {.max = 16000};
    struct body first;
    struct body second;
    struct err_note note = {0};
    body_init(&first, BODY_PLAIN, sizeof text, sizeof text, &budget);
    CHECK_INT(budget.used, 0); /* an announcement takes nothing */
    CHECK(body_add(&first, text, 10, &note) == ERR_NONE);
    CHECK_INT(budget.used, sizeof text + 1);
    body_init(&second, BODY_PLAIN, sizeof text, sizeof text, &budget);
    CHECK(body_add(&second, text, 10, &note) == ERR_BUSY);
    CHECK_INT(budget.used, sizeof text + 1);
    body_fini(&first);
    CHECK_INT(budget.used, 0);
    CHECK(body_add(&second, text, 10, &note) == ERR_NONE);
    body_fini(&second);
    CHECK_INT(budget.used, 0);
}

TEST(who_has_used_up_its_share_takes_nothing_from_all)
{
    static char text[10000];
    static const struct {
        size_t all_max, share_max;
        enum err err;
    } CASES[] = {{16000, 9000, ERR_TOO_MANY}, {9000, 16000, ERR_BUSY}, {16000, 16000, ERR_NONE}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct body_budget all = {.max = CASES[i].all_max};
        struct body_budget share = {.max = CASES[i].share_max, .of = BODY_BUDGET_OF_SENDER};
        struct body body;
        struct err_note note = {0};
        body_init(&body, BODY_PLAIN, sizeof text, sizeof text, &all);
        body_share(&body, &share);
        CHECK_INT(body_add(&body, text, 10, &note), CASES[i].err);
        size_t held = CASES[i].err == ERR_NONE ? sizeof text + 1 : 0;
        CHECK_INT(all.used, held);
        CHECK_INT(share.used, held);
        body_fini(&body);
        CHECK_INT(all.used, 0);
        CHECK_INT(share.used, 0);
    }
}

TEST(decoders_count_as_their_bodies_do)
{
    static const enum body_encoding ENCODINGS[] = {BODY_GZIP, BODY_ZSTD};
    for (size_t i = 0; i < COUNT_OF(ENCODINGS); i++) {
        static char text[1000000];
        size_t packed_len = 0;
        SCOPED_MEM char *packed = pack_test(ENCODINGS[i], text, sizeof text, &packed_len);
        struct body_budget budget = {.max = 16 * 1024 * 1024};
        struct body body;
        body_init(&body, ENCODINGS[i], packed_len, sizeof text, &budget);
        CHECK(feed(&body, packed, packed_len, 100) == ERR_NONE);
        CHECK(budget.used >= sizeof text + 32768);
        body_fini(&body);
        CHECK_INT(budget.used, 0);
        budget.max = 40000;
        body_init(&body, ENCODINGS[i], packed_len, sizeof text, &budget);
        CHECK(feed(&body, packed, packed_len, 100) == ERR_BUSY);
        body_fini(&body);
        CHECK_INT(budget.used, 0);
    }
}

TEST(large_announcement_takes_memory_only_as_bytes_come)
{
    static char text[1000];
    struct body_budget budget = {.max = 1000000};
    struct body body;
    body_init(&body, BODY_PLAIN, 4000000, 4000000, &budget);
    CHECK(body_add(&body, text, sizeof text, NULL) == ERR_NONE);
    CHECK(budget.used <= 65536);
    body_fini(&body);
}
