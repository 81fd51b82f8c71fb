// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "feeds/recording.h"

static const struct recording_options OPTIONS = {.device = "cam-1"};

static enum err read_text(struct recording *recording, enum recording_format format,
                          const char *name, const char *text, struct err_note *note)
{
    return recording_read(recording, format, &OPTIONS, name, text, strlen(text), note);
}

TEST(ground_truth_counts_only_persons_who_are_to_be_counted)
{
    struct recording recording = {0};
    struct err_note note = {0};
    CHECK_INT(read_text(&recording, RECORDING_MOT, "gt.txt",
                        "1,1,10,20,30,40,1,1,0.9\n"
                        "1,2,11,20,30,40,0,1,0.9\n"
                        "1,3,12,20,30,40,1,8,0.9\n"
                        "3,1,13,20,30,40,1,1,0.9\n",
                        &note),
              ERR_NONE);
    recording_finish(&recording);
    CHECK_INT(recording.frame_count, 3);
    CHECK_INT(recording.frames[0].count, 1);
    CHECK_INT(recording.frames[1].count, 0); /* nobody was seen: a fact */
    CHECK_INT(recording.frames[2].count, 1);
    CHECK_INT(recording.frames[2].at_ms, 67);
    CHECK_NEAR(recording.observations[1].x, 13, 0);
    recording_fini(&recording);
}

TEST(rows_whose_frames_lie_days_apart_are_refused_before_the_days_are_made)
{
    struct recording recording = {0};
    struct err_note note = {0};
    CHECK_INT(
        read_text(&recording, RECORDING_TRAJECTORY, "walk.txt", "1 0 5 5\n1 7202000 6 5\n", &note),
        ERR_TOO_LARGE);
    CHECK_TEXT(note.detail, "has frame numbers too far apart: are they frames, or times?");
    CHECK_INT(recording.frame_count, 0);
    CHECK_INT(
        read_text(&recording, RECORDING_TRAJECTORY, "walk.txt", "1 0 5 5\n1 501999 6 5\n", &note),
        ERR_NONE);
    CHECK_INT(recording.frame_count, 502000);
    recording_fini(&recording);
}

TEST(detector_scores_outside_their_range_are_clamped)
{
    struct recording recording = {0};
    struct err_note note = {0};
    CHECK_INT(
        read_text(&recording, RECORDING_MOT, "det.txt", "1,-1,1.5,2,3,4,7.5,-1,-1,-1\r\n", &note),
        ERR_NONE);
    CHECK_INT(recording.observations[0].track, -1);
    CHECK_NEAR(recording.observations[0].confidence, 1, 0);
    recording_fini(&recording);
}

TEST(wildtrack_views_become_devices_and_unseen_persons_are_left_out)
{
    struct recording recording = {0};
    struct err_note note = {0};
    const char *json = "[{\"personID\":4,\"positionID\":1,\"views\":["
                       "{\"viewNum\":0,\"xmin\":10,\"xmax\":30,\"ymin\":-11,\"ymax\":99},"
                       "{\"viewNum\":1,\"xmin\":-1,\"xmax\":-1,\"ymin\":-1,\"ymax\":-1}]}]";
    CHECK_INT(read_text(&recording, RECORDING_WILDTRACK, "a/00000005.json", json, &note), ERR_NONE);
    CHECK_INT(read_text(&recording, RECORDING_WILDTRACK, "a/00000000.json", "[]", &note), ERR_NONE);
    recording_finish(&recording);
    CHECK_INT(recording.device_count, 7);
    CHECK_INT(recording.frame_count, 14);
    CHECK_INT(recording.frames[7].at_ms, 500);
    CHECK_INT(recording.frames[7].count, 1);
    CHECK_INT(recording.frames[8].count, 0);
    CHECK_NEAR(recording.observations[0].h, 110, 0);
    recording_fini(&recording);
}

TEST(trajectories_tell_their_rate_and_unit)
{
    struct recording recording = {0};
    struct err_note note = {0};
    CHECK_INT(
        read_text(
            &recording, RECORDING_TRAJECTORY, "t.txt",
            "# framerate: 25 fps\n# id frame x/cm y/cm z/cm\n7 1 100 -250 170\n7 2 110 -250 170\n",
            &note),
        ERR_NONE);
    recording_finish(&recording);
    CHECK(recording.is_in_metres);
    CHECK_INT(recording.frames[1].at_ms, 40);
    CHECK_NEAR(recording.observations[0].y, -2.5, 1e-12);
    recording_fini(&recording);
}

TEST(camera_messages_keep_their_devices_and_times)
{
    struct recording recording = {0};
    struct err_note note = {0};
    CHECK_INT(
        read_text(
            &recording, RECORDING_SCENESCAPE, "s.ndjson",
            "{\"id\":\"cam-b\",\"timestamp\":\"2026-06-20T10:00:01.500Z\",\"objects\":{}}\n"
            "{\"id\":\"cam-a\",\"timestamp\":\"2026-06-20T10:00:01.000Z\",\"objects\":{\"person\":["
            "{\"id\":3,\"confidence\":0.5,\"bounding_box_px\":{\"x\":1,\"y\":2,\"width\":3,"
            "\"height\":4}}]}}\n",
            &note),
        ERR_NONE);
    recording_finish(&recording);
    CHECK_INT(recording.frames[0].count, 1);
    CHECK_TEXT(recording.devices[recording.frames[0].device], "cam-a");
    CHECK_INT(recording.frames[1].at_ms, 500);
    recording_fini(&recording);
}

TEST(a_broken_file_is_refused_with_its_place_and_adds_nothing)
{
    static const struct {
        enum recording_format format;
        const char *text, *place;
    } BROKEN[] = {
        {RECORDING_MOT, "1,1,2,3,4,5,1\n1,1,2,x,4,5,1\n", "f:2:7"},
        {RECORDING_MOT, "1,1,2\n", "f:1:5"},
        {RECORDING_MOT, "1,1,2,3,nan,5,1\n", "f:1:9"},
        {RECORDING_MOT, "1,1,2,3,1e999,5,1\n", "f:1:9"},
        {RECORDING_MOT, "1,1,2,3,-4,5,1\n", "f:1:1"},
        {RECORDING_MOT, "\n", "f:1:1"},
        {RECORDING_TRAJECTORY, "# x\n1 2 3\n", "f:2:6"},
        {RECORDING_TRAJECTORY, "-1 2 3 4\n", "f:1:1"},
        {RECORDING_SCENESCAPE, "{}\n{\"id\":", "f:1:1"},
        {RECORDING_WILDTRACK, "[]", "f:1:1"},
    };
    for (size_t i = 0; i < COUNT_OF(BROKEN); i++) {
        struct recording recording = {0};
        struct err_note note = {0};
        CHECK(read_text(&recording, BROKEN[i].format, "f", BROKEN[i].text, &note) != ERR_NONE);
        CHECK_TEXT(note.place, BROKEN[i].place);
        CHECK_INT(recording.frame_count, 0);
        CHECK_INT(recording.observation_count, 0);
        recording_fini(&recording);
    }
}

TEST(formats_are_told_apart_by_their_first_bytes)
{
    static const struct {
        const char *text;
        enum recording_format format;
    } FILES[] = {
        {"1,-1,649.441,231.502,44.417,86.13,0.99,-1,-1,-1\n", RECORDING_MOT},
        {"[\n {\"personID\": 4}]", RECORDING_WILDTRACK},
        {"1 218 129.748 787.177 155.467\n", RECORDING_TRAJECTORY},
        {"# framerate: 25\n", RECORDING_TRAJECTORY},
        {" {\"id\":\"cam\"}", RECORDING_SCENESCAPE},
    };
    enum recording_format format;
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        CHECK(recording_guess("f", FILES[i].text, strlen(FILES[i].text), &format));
        CHECK_INT(format, FILES[i].format);
    }
    CHECK(!recording_guess("f", "hello", 5, &format));
    CHECK(!recording_guess("f", "", 0, &format));
}
