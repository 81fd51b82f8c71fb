// SPDX-License-Identifier: Apache-2.0
#include "base/folder.h"
#include "base/test.h"
#include "client/replay_position.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/muster-position-XXXXXX";
static char path[sizeof folder + 20];

static void make_folder(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/position", folder);
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "we");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static struct recording two_frames(struct recorded_frame frames[2],
                                   struct observation observations[2])
{
    static char devices[1][LIMIT_ID_LEN + 1] = {"cam-1"};
    frames[0] = (struct recorded_frame){.at_ms = 0, .count = 1};
    frames[1] = (struct recorded_frame){.at_ms = 100, .count = 1, .first = 1};
    observations[0] = (struct observation){.track = 1, .x = 5, .y = 6, .confidence = 1};
    observations[1] = (struct observation){.track = 1, .x = 7, .y = 6, .confidence = 1};
    return (struct recording){.devices = devices,
                              .device_count = 1,
                              .frames = frames,
                              .frame_count = 2,
                              .observations = observations,
                              .observation_count = 2};
}

TEST(position_comes_back_as_it_was_written)
{
    make_folder();
    struct err_note note;
    struct replay_position found;
    CHECK(replay_position_read(path, "abc", 10, &found, &note) == ERR_NOT_FOUND);
    struct replay_position position = {.start_ms = 1781990043000, .next_frame = 0};
    CHECK(replay_position_write(path, "abc", &position, &note) == ERR_NONE);
    position.next_frame = 10;
    CHECK(replay_position_write(path, "abc", &position, &note) == ERR_NONE);
    CHECK(replay_position_read(path, "abc", 10, &found, &note) == ERR_NONE);
    CHECK(found.start_ms == position.start_ms && found.next_frame == 10);
    folder_remove(folder);
}

TEST(broken_or_foreign_position_is_refused_with_place_and_remedy)
{
    static const struct {
        const char *text;
        const char *words;
    } BROKEN[] = {
        {"", "line 1"},
        {"{\"recording\":\"abc\",\n\"start_ms\":", "line 2"},
        {"[1]", "is no position"},
        {"{\"recording\":\"abc\",\"start_ms\":1}", "is no position"},
        {"{\"recording\":\"abc\",\"start_ms\":1,\"next_frame\":\"2\"}", "is no position"},
        {"{\"recording\":\"abc\",\"start_ms\":1,\"next_frame\":11}", "next_frame: is 11"},
        {"{\"recording\":\"abc\",\"start_ms\":1,\"next_frame\":-1}", "next_frame: is -1"},
        {"{\"recording\":\"abd\",\"start_ms\":1,\"next_frame\":2}", "another recording"},
    };
    make_folder();
    for (size_t i = 0; i < COUNT_OF(BROKEN); i++) {
        struct err_note note = {0};
        struct replay_position found;
        write_text(BROKEN[i].text);
        CHECK(replay_position_read(path, "abc", 10, &found, &note) == ERR_INVALID);
        CHECK_TEXT(note.place, path);
        CHECK(strstr(note.detail, BROKEN[i].words) != NULL);
        CHECK(strstr(note.detail, "--restart") != NULL);
    }
    folder_remove(folder);
}

TEST(folder_that_is_not_there_is_named)
{
    struct err_note note = {0};
    struct replay_position position = {0};
    CHECK(replay_position_write("/nowhere/at/all", "abc", &position, &note) == ERR_IO);
    CHECK_TEXT(note.place, "/nowhere/at/all.part");
}

TEST(recordings_of_equal_length_are_told_apart)
{
    struct recorded_frame frames[2];
    struct observation observations[2];
    char same[REPLAY_IDENTITY_SIZE];
    char other[REPLAY_IDENTITY_SIZE];
    struct recording recording = two_frames(frames, observations);
    replay_identify(&recording, "fair", same);
    replay_identify(&recording, "fair", other);
    CHECK_TEXT(other, same);
    replay_identify(&recording, "fete", other);
    CHECK(strcmp(same, other) != 0);
    observations[1].x = 8;
    replay_identify(&recording, "fair", other);
    CHECK(strcmp(same, other) != 0);
    observations[1].x = 7;
    frames[1].at_ms = 200;
    replay_identify(&recording, "fair", other);
    CHECK(strcmp(same, other) != 0);
    frames[1].at_ms = 100;
    recording.first_ms = 5;
    replay_identify(&recording, "fair", other);
    CHECK(strcmp(same, other) != 0);
    char renamed[1][LIMIT_ID_LEN + 1] = {"cam-2"};
    recording.first_ms = 0;
    recording.devices = renamed;
    replay_identify(&recording, "fair", other);
    CHECK(strcmp(same, other) != 0);
}
