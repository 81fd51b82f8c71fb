// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "evaluation/positions.h"

static const struct positions_options TRUTH = {.side = POSITIONS_OF_TRUTH};
static const struct positions_options TRACKS = {.side = POSITIONS_OF_TRACKS};

static enum err read_text(struct positions *positions, enum positions_format format,
                          const struct positions_options *options, const char *name,
                          const char *text, struct err_note *note)
{
    *positions = (struct positions){0};
    return positions_read(positions, format, options, name, text, strlen(text), note);
}

/* Joins two texts; both positions are freed. The sequence belongs to the caller. */
static enum err join_texts(enum positions_format truth_format, const char *truth_text,
                           enum positions_format tracks_format, const char *tracks_text,
                           struct positions_alignment alignment, struct evaluation_sequence *out,
                           struct positions_report *out_report, struct err_note *note)
{
    struct positions truth, tracks;
    alignment.truth_name = "folder/truth.txt";
    alignment.tracks_name = "folder/tracks.txt";
    CHECK(read_text(&truth, truth_format, &TRUTH, alignment.truth_name, truth_text, note) ==
          ERR_NONE);
    CHECK(read_text(&tracks, tracks_format, &TRACKS, alignment.tracks_name, tracks_text, note) ==
          ERR_NONE);
    enum err err = positions_join(&truth, &tracks, &alignment, out, out_report, note);
    positions_fini(&truth);
    positions_fini(&tracks);
    return err;
}

static const struct positions_alignment PLAIN = {.gap_ms = 2000};

TEST(of_mot_truth_people_count_and_others_keep_their_role)
{
    struct positions truth;
    struct err_note note = {0};
    const char *text = "1,1,10,20,30,40,1,1,0.9\n"     /* a pedestrian */
                       "1,2,10,20,30,40,0,1,0.9\n"     /* one that does not count */
                       "1,3,10,20,30,40,0,7,0.9\n"     /* a static person */
                       "2,4,10,20,30,40,1,3,0.9\r\n"   /* a car */
                       "2,5,10,20,30,40,0,6,1\n"       /* a tram */
                       "3,6,10,20,30,40,1,-1,-1,-1\n"; /* MOT15: no classes */
    CHECK(read_text(&truth, POSITIONS_MOT, &TRUTH, "gt.txt", text, &note) == ERR_NONE);
    CHECK_INT(truth.count, 6);
    static const enum evaluation_role ROLES[] = {EVALUATION_PERSON,     EVALUATION_IGNORED,
                                                 EVALUATION_DISTRACTOR, EVALUATION_IGNORED,
                                                 EVALUATION_IGNORED,    EVALUATION_PERSON};
    for (size_t i = 0; i < COUNT_OF(ROLES); i++)
        CHECK_INT(truth.items[i].role, ROLES[i]);
    CHECK_NEAR(truth.items[0].h, 40, 0);
    CHECK_INT(truth.first, 1);
    CHECK_INT(truth.last, 3);
    positions_fini(&truth);
    CHECK(read_text(&truth, POSITIONS_MOT20, &TRUTH, "gt.txt", text, &note) == ERR_NONE);
    CHECK_INT(truth.items[4].role, EVALUATION_DISTRACTOR);
    positions_fini(&truth);
}

TEST(wildtrack_tells_the_floor_by_the_cell)
{
    struct positions truth = {0};
    struct err_note note = {0};
    const char *text = "[{\"personID\":122,\"positionID\":456826,\"views\":[]}]";
    CHECK(positions_read(&truth, POSITIONS_WILDTRACK, &TRUTH, "a/00000005.json", text, strlen(text),
                         &note) == ERR_NONE);
    CHECK(positions_read(&truth, POSITIONS_WILDTRACK, &TRUTH, "a/00000015.json", "[]", 2, &note) ==
          ERR_NONE);
    CHECK_INT(truth.count, 1);
    /* 456826 = 951 * 480 + 346 */
    CHECK_NEAR(truth.items[0].x, -3.0 + 0.025 * 346, 1e-12);
    CHECK_NEAR(truth.items[0].y, -9.0 + 0.025 * 951, 1e-12);
    CHECK_INT(truth.last, 15);
    CHECK_INT(truth.step, 10);
    positions_fini(&truth);
}

TEST(columns_are_found_by_their_names)
{
    struct positions tracks;
    struct err_note note = {0};
    const char *text = "venue, Y ,\"at\",X,id,confidence\n"
                       "hall,2.5,2026-06-20T21:14:03.100Z,1.5,\"p-2\",0.9\n"
                       "\"a, b\",3,1781990043100.9,4,p-1,\n";
    CHECK(read_text(&tracks, POSITIONS_COLUMNS, &TRACKS, "t.csv", text, &note) == ERR_NONE);
    CHECK(tracks.has_times);
    CHECK_INT(tracks.kind, EVALUATION_FLOOR);
    CHECK_INT(tracks.items[0].at, 1781990043100);
    CHECK_INT(tracks.items[1].at, 1781990043100);
    CHECK_NEAR(tracks.items[0].x, 1.5, 0);
    CHECK_NEAR(tracks.items[0].y, 2.5, 0);
    CHECK_INT(tracks.items[0].id, 1); /* in the order of the texts */
    CHECK_INT(tracks.items[1].id, 0);
    positions_fini(&tracks);
    CHECK(read_text(&tracks, POSITIONS_COLUMNS, &TRACKS, "t.csv", "frame;id;x;y;w;h\n7;a;1;2;3;4\n",
                    &note) == ERR_NONE);
    CHECK(!tracks.has_times);
    CHECK_INT(tracks.kind, EVALUATION_BOXES);
    CHECK_INT(tracks.items[0].at, 7);
    positions_fini(&tracks);
}

TEST(what_cannot_be_read_is_refused_with_its_place)
{
    static const struct {
        enum positions_format format;
        enum positions_side side;
        const char *text, *place, *detail;
    } BAD[] = {
        {POSITIONS_MOT, POSITIONS_OF_TRUTH, "1,1,2,3,4,5,1,1\n1,2,x,3,4,5,1,1\n", "f.txt:2:5",
         "numbers"},
        {POSITIONS_MOT, POSITIONS_OF_TRUTH, "1,1,2,3,4\n", "f.txt:1:9", "fewer than 6"},
        {POSITIONS_MOT, POSITIONS_OF_TRUTH, "1.5,1,2,3,4,5\n", "f.txt:1:1", "whole frame"},
        {POSITIONS_MOT, POSITIONS_OF_TRUTH, "1,-1,2,3,4,5,9,-1,-1,-1\n", "f.txt:1:1",
         "give the ground truth"},
        {POSITIONS_MOT, POSITIONS_OF_TRUTH, "1,1,2,3,-4,5\n", "f.txt:1:1", "negative size"},
        {POSITIONS_MOT, POSITIONS_OF_TRUTH, "1,1,2,3,4,5,1,14\n", "f.txt:1:1", "class"},
        {POSITIONS_MOT, POSITIONS_OF_TRUTH, "1,1,2e9,3,4,5\n", "f.txt:1:1", "further away"},
        {POSITIONS_MOT, POSITIONS_OF_TRACKS, "1,1,2,3,4,5,0.5,3\n", "f.txt:1:1",
         "class other than 1"},
        {POSITIONS_TRAJECTORY, POSITIONS_OF_TRUTH, "# c\n1 2 3\n", "f.txt:2:6", "id frame x y"},
        {POSITIONS_TRAJECTORY, POSITIONS_OF_TRUTH, "1 2.5 3 4\n", "f.txt:1:1", "whole"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "at,id,x\n", "f.txt:1:1", "no y"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "id,x,y\n", "f.txt:1:1", "no frame and no at"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "at,id,x,y,w\n", "f.txt:1:1", "w and h"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "at,id,x,y\n1,a,2\n", "f.txt:2:5", "fewer cells"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "at,id,x,y\n1,a,2,y\n", "f.txt:2:7", "a number"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "at,id,x,y\nnoon,a,2,3\n", "f.txt:2:1", "a time"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "frame,id,x,y\n1.5,a,2,3\n", "f.txt:2:1",
         "whole frame"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "at,id,x,y\n1,,2,3\n", "f.txt:2:3", "needs an id"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRUTH, "at,id,x,y\n1,a,2,3\n", "f.txt:1:1", "by frames"},
        {POSITIONS_COLUMNS, POSITIONS_OF_TRACKS, "", "f.txt:1:1", "no header"},
        {POSITIONS_WILDTRACK, POSITIONS_OF_TRUTH, "[]", "f.txt:1:1", "frame's number"},
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct positions positions;
        struct positions_options options = {.side = BAD[i].side};
        struct err_note note = {0};
        CHECK(read_text(&positions, BAD[i].format, &options, "a/f.txt", BAD[i].text, &note) !=
              ERR_NONE);
        CHECK_TEXT(note.place, BAD[i].place);
        if (strstr(note.detail, BAD[i].detail) == NULL)
            print_error("%s: %s\n", BAD[i].text, note.detail);
        CHECK(strstr(note.detail, BAD[i].detail) != NULL);
        positions_fini(&positions);
    }
    struct positions positions;
    struct err_note note = {0};
    CHECK(read_text(&positions, POSITIONS_WILDTRACK, &TRUTH, "5.json",
                    "[{\"personID\":1,\"positionID\":0},{\"personID\":2,\"positionID\":691200}]",
                    &note) == ERR_INVALID);
    CHECK_TEXT(note.place, "5.json:1:2");
    positions_fini(&positions);
}

TEST(formats_are_recognised)
{
    static const struct {
        const char *text;
        enum positions_format format;
    } FILES[] = {{"1,2,3,4,5,6\n", POSITIONS_MOT},      {"\n# x\n1 2 3 4", POSITIONS_TRAJECTORY},
                 {"1 2 3 4, 5\n", POSITIONS_MOT},       {"1 2 3 4\n5,6", POSITIONS_TRAJECTORY},
                 {" [{}]", POSITIONS_WILDTRACK},        {"at,id,x,y\n", POSITIONS_COLUMNS},
                 {"\"id\";\"x\"\n", POSITIONS_COLUMNS}, {"-1 2 3 4\n", POSITIONS_TRAJECTORY}};
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        enum positions_format format = POSITIONS_FORMATS;
        CHECK(positions_guess(FILES[i].text, strlen(FILES[i].text), &format));
        CHECK_INT(format, FILES[i].format);
    }
    enum positions_format format;
    CHECK(!positions_guess("", 0, &format));
    CHECK(!positions_guess("\xfd"
                           "7zXZ",
                           5, &format));
}

TEST(frames_are_those_of_the_truth_and_ids_become_small)
{
    struct evaluation_sequence sequence;
    struct positions_report report;
    struct err_note note = {0};
    /* Truth at frames 10, 20 and 40: frame 30 is empty. Tracks at 5, 20, 25 and 50. */
    CHECK(join_texts(POSITIONS_TRAJECTORY, "9000000 20 1 1\n9000000 10 0 0\n5 40 2 2\n",
                     POSITIONS_TRAJECTORY, "7 5 0 0\n7 20 1 1\n7 25 1 1\n7 50 1 1\n", PLAIN,
                     &sequence, &report, &note) == ERR_NONE);
    CHECK_INT(sequence.frame_count, 4);
    CHECK_INT(sequence.truth_count, 3);
    CHECK_INT(sequence.truths[0].frame, 0);
    CHECK_INT(sequence.truths[0].id, 1);
    CHECK_INT(sequence.truths[1].frame, 1);
    CHECK_INT(sequence.truths[2].frame, 3);
    CHECK_INT(sequence.truths[2].id, 0);
    CHECK_INT(sequence.track_count, 1);
    CHECK_INT(sequence.tracks[0].frame, 1);
    CHECK_INT(report.outside, 2);
    evaluation_sequence_fini(&sequence);
}

TEST(a_range_of_frames_may_go_beyond_those_that_the_truth_names)
{
    struct evaluation_sequence sequence;
    struct positions_report report;
    struct err_note note = {0};
    struct positions_alignment alignment = PLAIN;
    alignment.has_range = true;
    alignment.first = 1;
    alignment.last = 10;
    CHECK(join_texts(POSITIONS_TRAJECTORY, "1 4 0 0\n1 6 0 0\n1 12 0 0\n", POSITIONS_TRAJECTORY,
                     "1 2 0 0\n1 3 0 0\n1 10 0 0\n1 12 0 0\n", alignment, &sequence, &report,
                     &note) == ERR_NONE);
    CHECK_INT(sequence.frame_count, 5); /* 2, 4, 6, 8, 10 */
    CHECK_INT(sequence.truth_count, 2);
    CHECK_INT(sequence.track_count, 2);
    CHECK_INT(sequence.tracks[1].frame, 4);
    CHECK_INT(report.outside, 1);
    evaluation_sequence_fini(&sequence);
    alignment.first = 5;
    CHECK(join_texts(POSITIONS_TRAJECTORY, "1 4 0 0\n1 6 0 0\n1 12 0 0\n", POSITIONS_TRAJECTORY,
                     "1 6 0 0\n", alignment, &sequence, &report, &note) == ERR_NONE);
    CHECK_INT(sequence.frame_count, 3); /* 6, 8, 10 */
    CHECK_INT(sequence.tracks[0].frame, 0);
    evaluation_sequence_fini(&sequence);
}

/* Truth at 2 frames a second from 12:00:00, frames 100 to 106. */
static const char *const NOON = "# framerate: 2 fps\n1 100 0 0\n1 101 0 0\n1 102 0 0\n1 103 0 0\n"
                                "1 104 0 0\n1 105 0 0\n1 106 0 0\n";

static size_t check_noon(const char *tracks, int64_t gap_ms, size_t count, const uint32_t *frames,
                         const double *xs)
{
    struct evaluation_sequence sequence;
    struct positions_report report;
    struct err_note note = {0};
    struct positions_alignment alignment = {
        .has_start = true, .start_ms = 1781956800000, .gap_ms = gap_ms}; /* 2026-06-20T12:00:00Z */
    CHECK(join_texts(POSITIONS_TRAJECTORY, NOON, POSITIONS_COLUMNS, tracks, alignment, &sequence,
                     &report, &note) == ERR_NONE);
    CHECK_INT(sequence.track_count, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(sequence.tracks[i].frame, frames[i]);
        CHECK_NEAR(sequence.tracks[i].x, xs[i], 1e-9);
    }
    evaluation_sequence_fini(&sequence);
    return report.outside;
}

TEST(between_two_times_a_track_walks_straight)
{
    (void)check_noon(
        "at,id,x,y\n2026-06-20T12:00:00.25Z,a,1,0\n2026-06-20T14:00:01.25+02:00,a,5,0\n", 2000, 3,
        (const uint32_t[]){1, 2, 3}, (const double[]){2, 4, 5});
    /* At 12:00:00 the start is half a frame away, which is too far; at 1.5 s the end is near enough. */
}

TEST(half_a_frame_before_and_after_is_not_outside)
{
    CHECK_INT(
        check_noon("at,id,x,y\n1781956799749,a,1,0\n1781956799750,b,2,0\n1781956803250,c,3,0\n"
                   "1781956803251,d,4,0\n",
                   2000, 1, (const uint32_t[]){0}, (const double[]){2}),
        2);
}

TEST(a_time_on_the_frame_is_taken_as_it_is)
{
    (void)check_noon("at,id,x,y\n1781956800000,a,1,0\n1781956800500,a,7,0\n1781956801000,a,2,0\n",
                     2000, 3, (const uint32_t[]){0, 1, 2}, (const double[]){1, 7, 2});
}

TEST(over_a_long_gap_nobody_is_invented)
{
    /* 0.1 s and 2.9 s: with the gap allowed every frame between is filled, else the nearest two. */
    static const char TRACK[] = "at,id,x,y\n1781956800100,a,1,0\n1781956802900,a,29,0\n";
    (void)check_noon(TRACK, 2000, 2, (const uint32_t[]){0, 6}, (const double[]){1, 29});
    (void)check_noon(TRACK, 2800, 7, (const uint32_t[]){0, 1, 2, 3, 4, 5, 6},
                     (const double[]){1, 5, 10, 15, 20, 25, 29});
}

TEST(by_default_only_the_usual_step_is_filled)
{
    /* Steps of 0.4 s, and once an absence of 0.8 s between 1.2 s and 2.0 s. */
    (void)check_noon("at,id,x,y\n1781956800000,a,0,0\n1781956800400,a,4,0\n1781956800800,a,8,0\n"
                     "1781956801200,a,12,0\n1781956802000,a,20,0\n1781956802400,a,24,0\n",
                     0, 5, (const uint32_t[]){0, 1, 2, 4, 5}, (const double[]){0, 5, 10, 20, 24});
}

TEST(what_cannot_be_compared_is_refused_with_the_remedy)
{
    static const struct {
        enum positions_format truth_format;
        const char *truth;
        enum positions_format tracks_format;
        const char *tracks, *place, *detail;
    } BAD[] = {
        {POSITIONS_MOT, "", POSITIONS_MOT, "1,1,2,3,4,5\n", "truth.txt", "give the ground truth"},
        {POSITIONS_MOT, "1,1,2,3,4,5,0,7\n", POSITIONS_MOT, "1,1,2,3,4,5\n", "truth.txt",
         "give the ground truth"},
        {POSITIONS_MOT, "1,1,2,3,4,5\n", POSITIONS_TRAJECTORY, "1 1 2 3\n", "tracks.txt",
         "holds floor positions, the truth boxes"},
        {POSITIONS_MOT, "1,1,2,3,4,5\n", POSITIONS_MOT, "2,1,2,3,4,5\n", "tracks.txt",
         "no position in the truth's frames, 1 to 1"},
        {POSITIONS_TRAJECTORY, "1 1 0 0\n1 1 2 2\n", POSITIONS_TRAJECTORY, "1 1 0 0\n",
         "truth.txt:2:1", "already stands in this frame"},
        {POSITIONS_TRAJECTORY, "1 1 0 0\n", POSITIONS_COLUMNS,
         "at,id,x,y\n5,a,0,0\n6,b,0,0\n5,a,1,1\n", "tracks.txt:4:1", "already stands at this time"},
        {POSITIONS_TRAJECTORY, "1 1 0 0\n", POSITIONS_COLUMNS,
         "at,id,x,y\n2026-06-20T12:00:00Z,a,0,0\n", "--start", "tells times of day"},
        {POSITIONS_COLUMNS, "frame,id,x,y\n1,a,0,0\n", POSITIONS_COLUMNS, "at,id,x,y\n5,a,0,0\n",
         "--frames-per-s", "are a second"},
        {POSITIONS_TRAJECTORY, "1 0 0 0\n1 1 0 0\n1 20000000 0 0\n", POSITIONS_TRAJECTORY,
         "1 1 0 0\n", "truth.txt", "more than 10,000,000 frames"},
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct evaluation_sequence sequence;
        struct positions_report report;
        struct err_note note = {0};
        CHECK(join_texts(BAD[i].truth_format, BAD[i].truth, BAD[i].tracks_format, BAD[i].tracks,
                         PLAIN, &sequence, &report, &note) == ERR_INVALID);
        CHECK_TEXT(note.place, BAD[i].place);
        CHECK(strstr(note.detail, BAD[i].detail) != NULL);
    }
}

TEST(a_tracker_that_found_nobody_is_judged_too)
{
    struct evaluation_sequence sequence;
    struct positions_report report;
    struct err_note note = {0};
    CHECK(join_texts(POSITIONS_MOT, "1,1,2,3,4,5\n", POSITIONS_TRAJECTORY, "# nobody\n", PLAIN,
                     &sequence, &report, &note) == ERR_NONE);
    CHECK_INT(sequence.track_count, 0);
    CHECK_INT(sequence.truth_count, 1);
    evaluation_sequence_fini(&sequence);
}
