// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/test.h"
#include "bench/load/bodies.h"

enum { CAMERAS = 3, FRAMES = 4, PERSONS = 2, ROUNDS = 50 };

/* Checks the frames' times of a request: each later than *last_ms, none later than now. */
static void check_times(const struct load_request *request, int64_t now_ms, int64_t *last_ms)
{
    static const char MARK[] = "{\"t\":\"";
    const char *p = request->bytes;
    int frames = 0;
    while ((p = strstr(p, MARK)) != NULL) {
        int64_t at_ms = 0;
        p += sizeof MARK - 1;
        CHECK(clock_parse(p, strcspn(p, "\""), &at_ms));
        CHECK(at_ms > *last_ms && at_ms <= now_ms);
        *last_ms = at_ms;
        frames++;
    }
    CHECK(frames == FRAMES);
}

TEST(a_camera_asked_for_more_takes_more_frames_a_second_and_none_of_the_future)
{
    struct bodies bodies;
    struct bodies_options options = {.form = BODY_NATIVE,
                                     .cameras = CAMERAS,
                                     .frames = FRAMES,
                                     .persons = PERSONS,
                                     .variants = 2,
                                     .host = "h",
                                     .token = "t"};
    bodies_init(&bodies, &options);
    int64_t now_ms = clock_now_ms();
    int64_t last_ms[CAMERAS] = {0};
    for (int64_t n = 0; n < ROUNDS; n++) {
        struct load_request request;
        now_ms += 2 + n % 7; /* a camera's turn comes every 6 to 24 ms */
        bodies_request(&bodies, n, now_ms, &request);
        check_times(&request, now_ms, &last_ms[n % CAMERAS]);
        CHECK(n > ROUNDS / 2 || last_ms[n % CAMERAS] == now_ms);
    }
    bodies_fini(&bodies);
}
