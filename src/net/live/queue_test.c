// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "net/live/queue.h"

static struct live_frame *frame_of(const char *text)
{
    struct live_frame *frame = live_frame_raw(text, strlen(text));
    CHECK(frame != NULL);
    return frame;
}

static enum live_push push(struct live_queue *queue, const char *text, const void *gauge,
                           size_t max)
{
    struct live_frame *frame = frame_of(text);
    enum live_push pushed = live_queue_push(queue, LIVE_WEBSOCKET, frame, gauge, max);
    live_frame_unref(frame);
    return pushed;
}

static void check_waiting(const struct live_queue *queue, const char *expected)
{
    char all[256] = "";
    const char *bytes;
    size_t len;
    size_t n = 0;
    for (uint32_t i = 0; live_queue_peek(queue, LIVE_WEBSOCKET, i, &bytes, &len); i++) {
        memcpy(all + n, bytes, len);
        n += len;
        all[n++] = '|';
    }
    all[n] = '\0';
    CHECK_TEXT(all, expected);
}

TEST(newer_gauge_takes_the_place_of_the_unsent_one)
{
    struct live_queue queue = {0};
    static const int ZONES, PEOPLE;
    CHECK(push(&queue, "z1", &ZONES, 100) == LIVE_QUEUED);
    CHECK(push(&queue, "e1", NULL, 100) == LIVE_QUEUED);
    CHECK(push(&queue, "p1", &PEOPLE, 100) == LIVE_QUEUED);
    CHECK(push(&queue, "z22", &ZONES, 100) == LIVE_REPLACED);
    CHECK(push(&queue, "e2", NULL, 100) == LIVE_QUEUED);
    check_waiting(&queue, "z22|e1|p1|e2|");
    CHECK_INT(queue.bytes, 9);
    live_queue_fini(&queue);
}

TEST(gauge_that_is_half_sent_is_finished_before_the_newer_one)
{
    struct live_queue queue = {0};
    static const int ZONES;
    CHECK(push(&queue, "abcdef", &ZONES, 100) == LIVE_QUEUED);
    live_queue_sent(&queue, LIVE_WEBSOCKET, 2);
    CHECK(push(&queue, "xyz", &ZONES, 100) == LIVE_QUEUED);
    check_waiting(&queue, "cdef|xyz|");
    live_queue_sent(&queue, LIVE_WEBSOCKET, 5);
    check_waiting(&queue, "yz|");
    live_queue_sent(&queue, LIVE_WEBSOCKET, 2);
    CHECK(queue.entries == NULL);
    live_queue_fini(&queue);
}

TEST(full_queue_refuses_but_one_large_message_always_fits)
{
    struct live_queue queue = {0};
    CHECK(push(&queue, "12345678901", NULL, 10) == LIVE_QUEUED);
    CHECK(push(&queue, "x", NULL, 10) == LIVE_FULL);
    live_queue_sent(&queue, LIVE_WEBSOCKET, 11);
    CHECK(push(&queue, "12345", NULL, 10) == LIVE_QUEUED);
    CHECK(push(&queue, "67890", NULL, 10) == LIVE_QUEUED);
    CHECK(push(&queue, "x", NULL, 10) == LIVE_FULL);
    live_queue_trim(&queue, LIVE_WEBSOCKET);
    CHECK_INT(queue.bytes, 0);
    live_queue_fini(&queue);
}

TEST(queue_of_many_keeps_its_order_around_the_ring)
{
    struct live_queue queue = {0};
    for (int round = 0; round < 3; round++) {
        CHECK(push(&queue, "a", NULL, 100) == LIVE_QUEUED);
        CHECK(push(&queue, "b", NULL, 100) == LIVE_QUEUED);
        CHECK(push(&queue, "c", NULL, 100) == LIVE_QUEUED);
        live_queue_sent(&queue, LIVE_WEBSOCKET, 2);
    }
    check_waiting(&queue, "a|b|c|");
    for (int i = 0; i < 5; i++)
        CHECK(push(&queue, "d", NULL, 100) == LIVE_QUEUED);
    check_waiting(&queue, "a|b|c|d|d|d|d|d|");
    live_queue_fini(&queue);
}

TEST(frame_lengths_are_written_as_the_standard_says)
{
    static const struct {
        size_t len;
        unsigned char head[10];
        size_t head_len;
    } CASES[] = {
        {125, {0x81, 125}, 2},
        {126, {0x81, 126, 0, 126}, 4},
        {65535, {0x81, 126, 0xFF, 0xFF}, 4},
        {65536, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        SCOPED_MEM char *text = mem_new(CASES[i].len);
        struct live_frame *frame = live_frame_text(text, CASES[i].len);
        CHECK_INT(frame->ws_len, CASES[i].head_len + CASES[i].len);
        CHECK(memcmp(frame->ws, CASES[i].head, CASES[i].head_len) == 0);
        live_frame_unref(frame);
    }
}

TEST(message_past_the_limit_is_not_made)
{
    SCOPED_MEM char *json = mem_new(LIMIT_LIVE_MESSAGE_BYTES + 1);
    memset(json, ' ', LIMIT_LIVE_MESSAGE_BYTES + 1);
    CHECK(live_frame_message("t", json, LIMIT_LIVE_MESSAGE_BYTES + 1) == NULL);
    struct live_frame *frame = live_frame_message("t", json, LIMIT_LIVE_MESSAGE_BYTES);
    CHECK(frame != NULL);
    live_frame_unref(frame);
}
