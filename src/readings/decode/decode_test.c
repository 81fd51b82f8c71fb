// SPDX-License-Identifier: Apache-2.0
#include "readings/decode/decode.h"

#include "base/random.h"
#include "base/test.h"
#include "base/text.h"
#include "readings/decode/decode_reference.h"
#include "readings/pack.h"

static const struct decode_options OPTIONS = {
    .oldest_ms = 1781900000000, .newest_ms = 1782000000000, .device = ""};

#define T0 "\"2026-06-20T21:14:03.100Z\""
#define FRAMES(persons)                                                                            \
    "{\"device\":\"cam-1\",\"frames\":[{\"t\":" T0 ",\"persons\":[" persons "]}]}"

static struct decoded taken(const char *body)
{
    struct decoded decoded;
    struct err_note note = {0};
    enum err err = decode_detections(body, strlen(body), &OPTIONS, &decoded, &note);
    if (err != ERR_NONE)
        print_error("%s: %s\n", note.place, note.detail);
    CHECK_INT(err, ERR_NONE);
    CHECK(decode_agrees(body, strlen(body), &OPTIONS));
    return decoded;
}

TEST(native_message_becomes_columns)
{
    struct decoded decoded = taken("{\"device\": \"cam-017\", \"fields\": [\"track\", \"x\", "
                                   "\"y\", \"w\", \"h\", \"confidence\"],\n"
                                   " \"frames\": [{\"t\": \"2026-06-20T21:14:03.100Z\", "
                                   "\"persons\": [[412, 1031.5, 388, 42, 118, "
                                   "0.93], [415, 988, -402.4, 40, 121, 0.88]]}, {\"t\": "
                                   "\"2026-06-20T21:14:03.200Z\", \"persons\": []}]}");
    CHECK_INT(decoded.batch_count, 1);
    const struct detection_batch *batch = decoded.batches[0];
    CHECK_TEXT(batch->device, "cam-017");
    CHECK_INT(batch->frame_count, 2);
    CHECK_INT(batch->frame_at_ms[0], 1781990043100);
    CHECK_INT(batch->frame_at_ms[1], 1781990043200);
    CHECK_INT(batch->frame_first[1], 2);
    CHECK_INT(batch->frame_first[2], 2);
    CHECK_INT(batch->track[0], 412);
    CHECK_INT(batch->x[0], 1032);
    CHECK_INT(batch->y[1], -402);
    CHECK_INT(batch->w[1], 40);
    CHECK_INT(batch->h[1], 121);
    CHECK_INT(batch->confidence[0], 237);
    CHECK_INT(decoded.errors.count, 0);
    decoded_fini(&decoded);
}

TEST(scenescape_message_becomes_the_same_columns)
{
    struct decoded decoded = taken(
        "{\"id\":\"cam-2\",\"debug_mac\":\"02:42\",\"timestamp\":" T0
        ",\"rate\":9.8,\"objects\":{\"vehicle\":[{}],"
        "\"person\":[{\"id\":1,\"category\":\"person\",\"confidence\":0.5,\"bounding_box_px\":{"
        "\"x\":10,\"y\":20.4,"
        "\"width\":30,\"height\":40},\"center_of_mass\":{\"x\":1}},"
        "{\"id\":\"7f0c-a\",\"bounding_box_px\":{\"x\":1,\"y\":2,\"width\":3,\"height\":4}}]}}");
    const struct detection_batch *batch = decoded.batches[0];
    CHECK_TEXT(batch->device, "cam-2");
    CHECK_INT(batch->person_count, 2);
    CHECK_INT(batch->track[0], 1);
    CHECK_INT(batch->y[0], 20);
    CHECK_INT(batch->confidence[0], 128);
    CHECK_INT(batch->confidence[1], 255);
    CHECK((batch->track[1] & BATCH_TRACK_HASHED) != 0);
    CHECK_INT(batch->track[1], batch_track_of_text("7f0c-a", 6));
    decoded_fini(&decoded);
}

TEST(lines_of_several_devices_are_grouped_by_device)
{
    struct decoded decoded = taken(FRAMES("[1,1,1,1,1,1]") "\n" FRAMES(
        "[2,1,1,1,1,1],[3,1,1,1,1,1]") "\r\n"
                                       "{\"id\":\"cam-2\",\"timestamp\":" T0
                                       ",\"objects\":{}}\n\n");
    CHECK_INT(decoded.message_count, 3);
    CHECK_INT(decoded.batch_count, 2);
    CHECK_INT(decoded.batches[0]->frame_count, 2);
    CHECK_INT(decoded.batches[0]->person_count, 3);
    CHECK_INT(decoded.batches[1]->frame_count, 1);
    CHECK_INT(decoded.batches[1]->person_count, 0);
    decoded_fini(&decoded);
}

TEST(members_are_read_in_any_order)
{
    struct decoded decoded = taken("{\"frames\":[{\"persons\":[[1.25,2.5]],\"t\":" T0
                                   "}],\"unit\":\"m\",\"fields\":[\"x\",\"y\"],"
                                   "\"device\":\"cam-1\",\"precision\":{\"position\":0.01}}");
    const struct detection_batch *batch = decoded.batches[0];
    CHECK(batch->is_in_metres);
    CHECK_INT(batch->x[0], 125);
    CHECK_INT(batch->y[0], 250);
    CHECK_INT(batch->track[0], -1);
    CHECK_INT(batch->confidence[0], 255);
    CHECK_INT(decoded.errors.count, 0);
    decoded_fini(&decoded);
}

TEST(metres_are_kept_to_the_millimetre_and_pixels_to_the_declared_step)
{
    struct decoded decoded =
        taken("{\"device\":\"a\",\"unit\":\"m\",\"frames\":[{\"t\":" T0
              ",\"persons\":[[1,-3.0004,12.3456,0,0,1]]}]}\n"
              "{\"device\":\"a\",\"precision\":{\"position\":0.1,\"confidence\":0.001},"
              "\"frames\":[{\"t\":" T0 ",\"persons\":[[1,10.55,12.3,4,5.04,0.9316]]}]}");
    CHECK_INT(decoded.batch_count, 2);
    CHECK_INT(decoded.batches[0]->x[0], -3000);
    CHECK_INT(decoded.batches[0]->y[0], 12346);
    CHECK_INT(decoded.batches[1]->x[0], 106);
    CHECK_INT(decoded.batches[1]->h[0], 50);
    CHECK_INT(decoded.batches[1]->confidence[0], 932);
    decoded_fini(&decoded);
}

TEST(persons_of_another_class_are_left_out_and_counted)
{
    struct decoded decoded =
        taken("{\"device\":\"a\",\"fields\":[\"x\",\"y\",\"w\",\"h\",\"class\",\"feature\"],"
              "\"frames\":[{\"t\":" T0 ",\"persons\":[[1,2,3,4,\"person\",\"AAEC\"],[1,2,3,5,"
              "\"dog\",null],[1,2,3,6,null,\"AAE\"]]}]}");
    CHECK_INT(decoded.batches[0]->person_count, 1);
    CHECK_INT(decoded.skipped, 1);
    CHECK_INT(decoded.errors.count, 1);
    CHECK_TEXT(decoded.errors.items[0].place, "frames[0].persons[2][5]");
    decoded_fini(&decoded);
}

static struct packer packed(const char *body, enum seal seal)
{
    struct packer packer = {0};
    struct decoded decoded = taken(body);
    CHECK_INT(decoded.errors.count, 0);
    detections_pack(&packer, decoded.batches[0], seal);
    CHECK(!packer.is_broken);
    decoded_fini(&decoded);
    return packer;
}

/* What goes to the stream, and what goes to history. */
TEST(what_is_stored_of_a_person_is_the_same_with_looks_and_without)
{
    for (enum seal seal = SEAL_FAST; seal <= SEAL_SMALL; seal++) {
        struct packer with = packed("{\"device\":\"a\",\"unit\":\"m\",\"fields\":[\"x\",\"y\","
                                    "\"feature\"],\"frames\":[{\"t\":" T0
                                    ",\"persons\":[[1,2,\"AAECAwQFBgcICQ==\"],[3,4,null]]}]}",
                                    seal);
        struct packer without = packed(
            "{\"device\":\"a\",\"unit\":\"m\",\"fields\":[\"x\",\"y\"],\"frames\":[{\"t\":" T0
            ",\"persons\":[[1,2],[3,4]]}]}",
            seal);
        CHECK_INT(with.len, without.len);
        CHECK(memcmp(with.bytes, without.bytes, with.len) == 0);
        packer_fini(&with);
        packer_fini(&without);
    }
}

TEST(a_frame_of_nobody_but_mistakes_does_not_pass_for_an_empty_one)
{
    struct decoded decoded =
        taken("{\"device\":\"a\",\"frames\":[{\"t\":" T0 ",\"persons\":[[1,2,3,-4,5,1]]},{\"t\":" T0
              ",\"persons\":[]}]}");
    CHECK_INT(decoded.batches[0]->frame_count, 1);
    CHECK_INT(decoded.errors.count, 1);
    decoded_fini(&decoded);
    decoded = taken("{\"id\":\"a\",\"timestamp\":" T0 ",\"objects\":{\"person\":[7]}}");
    CHECK_INT(decoded.batch_count, 0);
    decoded_fini(&decoded);
}

struct wrong_item {
    const char *body;
    const char *place;
};

TEST(wrong_items_are_named_and_the_rest_is_kept)
{
    static const struct wrong_item ITEMS[] = {
        {FRAMES("[1,2,\"x\",4,5,0.5]"), "frames[0].persons[0][2]"},
        {FRAMES("[1,1,1,1,1,1],[1,2,3,-4,5,0.5]"), "frames[0].persons[1][3]"},
        {FRAMES("[1,2,3,4,5,1.5]"), "frames[0].persons[0][5]"},
        {FRAMES("[1,2,3,4,5,-0.1]"), "frames[0].persons[0][5]"},
        {FRAMES("[1,2e30,3,4,5,1]"), "frames[0].persons[0][1]"},
        {FRAMES("[1.5,2,3,4,5,1]"), "frames[0].persons[0][0]"},
        {FRAMES("[-2,2,3,4,5,1]"), "frames[0].persons[0][0]"},
        {FRAMES("[true,2,3,4,5,1]"), "frames[0].persons[0][0]"},
        {FRAMES("[1,2,3,4,5]"), "frames[0].persons[0]"},
        {FRAMES("[1,2,3,4,5,1,7]"), "frames[0].persons[0]"},
        {FRAMES("{}"), "frames[0].persons[0]"},
        {"{\"device\":\"a\",\"frames\":[7]}", "frames[0]"},
        {"{\"device\":\"a\",\"frames\":[{\"persons\":[]}]}", "frames[0].t"},
        {"{\"device\":\"a\",\"frames\":[{\"t\":" T0 "}]}", "frames[0].persons"},
        {"{\"device\":\"a\",\"frames\":[{\"t\":\"1970-01-01T00:00:00Z\",\"persons\":[]}]}",
         "frames[0].t"},
        {"{\"device\":\"a\",\"frames\":[{\"t\":\"2100-01-01T00:00:00Z\",\"persons\":[[1]]}]}",
         "frames[0].t"},
        {"{\"device\":\"a\",\"frames\":[]}", "frames"},
        {"{\"device\":\"A b\",\"frames\":[{\"t\":" T0 ",\"persons\":[]}]}", "device"},
        {"{\"frames\":[{\"t\":" T0 ",\"persons\":[]}]}", "device"},
        {"{\"device\":\"a\"}", "frames"},
        {"{\"device\":\"a\",\"fields\":[\"x\",\"y\"],\"frames\":[{\"t\":" T0 ",\"persons\":[]}]}",
         "fields"},
        {"{\"device\":\"a\",\"fields\":[\"x\",\"x\"],\"frames\":[]}", "fields"},
        {"{\"device\":\"a\",\"unit\":\"ft\",\"frames\":[]}", "unit"},
        {"{\"device\":\"a\",\"precision\":{\"position\":0.3},\"frames\":[]}", "precision"},
        {"{\"id\":\"a\",\"objects\":{}}", "timestamp"},
        {"{\"id\":\"a\",\"timestamp\":" T0 ",\"objects\":{\"person\":[{\"id\":1}]}}",
         "objects.person[0].bounding_box_px"},
        {"{\"id\":\"a\",\"timestamp\":" T0
         ",\"objects\":{\"person\":[{\"bounding_box_px\":{\"x\":1,\"y\":1,"
         "\"width\":-1,\"height\":1}}]}}",
         "objects.person[0].bounding_box_px.width"},
        {"[]", "body"},
        {"{\"id\":\"a\",\"timestamp\":" T0 ",\"objects\":{}}\n{\"id\":\"b\"}",
         "messages[1].frames"},
    };
    for (size_t i = 0; i < COUNT_OF(ITEMS); i++) {
        struct decoded decoded = taken(ITEMS[i].body);
        CHECK_INT(decoded.errors.count, 1);
        CHECK_TEXT(decoded.errors.items[0].place, ITEMS[i].place);
        decoded_fini(&decoded);
    }
}

TEST(what_is_no_json_refuses_the_whole_body)
{
    static const char *const BODIES[] = {
        "",
        " \n",
        "nope",
        "7",
        FRAMES("[1,2,3,4,5,1]") "x",
        FRAMES("[1,2,3,4,5,1]") FRAMES("[1,2,3,4,5,1]"),
        FRAMES("[1,2,3,4,5,1]") "\n{",
        FRAMES("[1,2,3,4,5,1],"),
        FRAMES("[1,2,3,4,5,NaN]"),
        FRAMES("[1,2,3,4,5,1e999]"),
        FRAMES("[1,2,3,4,5,.5]"),
        FRAMES("[1,2,3,4,5,5.]"),
        FRAMES("[01,2,3,4,5,1]"),
        FRAMES("[9223372036854775808,2,3,4,5,1]"),
        FRAMES("[1,2,3,4,5,1"),
        "{\"device\":\"a\",\"device\":\"b\"}",
        "{\"x\":{\"a\":1,\"\\u0061\":2}}",
        "{\"x\\u0000\":1}",
        "{\"x\":\"\xff\"}",
        "{\"x\":\"\xed\xa0\x80\"}",
        "{\"x\":\"\\ud800\"}",
        "{\"x\":\"\\q\"}",
        "{\"x\":\"\n\"}",
        "{\"x\":tru}",
        "{'x':1}",
        "\xef\xbb\xbf{}",
        "{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
    };
    for (size_t i = 0; i < COUNT_OF(BODIES); i++) {
        struct decoded decoded;
        struct err_note note;
        CHECK_INT(decode_detections(BODIES[i], strlen(BODIES[i]), &OPTIONS, &decoded, &note),
                  ERR_MALFORMED);
        CHECK(decode_agrees(BODIES[i], strlen(BODIES[i]), &OPTIONS));
    }
}

TEST(syntax_errors_are_named_by_line_and_column)
{
    struct decoded decoded;
    struct err_note note;
    static const char BODY[] = "{\"device\":\"a\",\n \"frames\": ]}";
    CHECK_INT(decode_detections(BODY, sizeof BODY - 1, &OPTIONS, &decoded, &note), ERR_MALFORMED);
    CHECK_TEXT(note.place, "body:2:12");
}

TEST(ten_thousand_levels_are_refused_without_a_stack_for_them)
{
    char body[20006];
    memset(body, '[', sizeof body);
    memcpy(body, "{\"x\":", 5);
    struct decoded decoded;
    CHECK_INT(decode_detections(body, sizeof body, &OPTIONS, &decoded, NULL), ERR_MALFORMED);
}

/* `start`, `each` so often, `end`: what becomes of it, and in *out_place where a refusal is. */
static enum err decode_many(const char *start, const char *each, int count, const char *end,
                            struct err_note *out_note)
{
    SCOPED_TEXT body;
    text_init(&body, 4 << 20);
    text_add(&body, start);
    for (int i = 0; i < count; i++)
        text_addf(&body, "%s%s", i == 0 || each[0] == '\n' ? "" : ",", each);
    text_add(&body, end);
    CHECK(decode_agrees(body.bytes, body.len, &OPTIONS));
    struct decoded decoded;
    *out_note = (struct err_note){0};
    enum err err = decode_detections(body.bytes, body.len, &OPTIONS, &decoded, out_note);
    decoded_fini(&decoded);
    return err;
}

#define FRAME_START "{\"t\":" T0 ",\"persons\":["
#define START       "{\"device\":\"a\",\"frames\":[" FRAME_START
#define SCENE_START "{\"id\":\"a\",\"timestamp\":" T0 ",\"objects\":{\"person\":["
#define LINE_START  "{\"device\":\"b\",\"frames\":[" FRAME_START "[1,2,3,4,5,1]]}]}\n"

TEST(what_is_in_a_list_counts_good_or_not_and_the_list_that_is_too_long_is_named)
{
    static const struct {
        const char *start, *each, *end, *place;
        int most;
    } LISTS[] = {
        {START, "[1,1,1,1,1,1]", "]}]}", "frames[0].persons", LIMIT_FRAME_PERSONS},
        {START, "[]", "]}]}", "frames[0].persons", LIMIT_FRAME_PERSONS},
        {START, "7", "]}]}", "frames[0].persons", LIMIT_FRAME_PERSONS},
        {START "]}," FRAME_START, "[]", "]}]}", "frames[1].persons", LIMIT_FRAME_PERSONS},
        {LINE_START START, "[]", "]}]}", "messages[1].frames[0].persons", LIMIT_FRAME_PERSONS},
        {START, "[]", "]}],\"unit\":7}", "frames[0].persons", LIMIT_FRAME_PERSONS},
        {"{\"fields\":[],\"frames\":[" FRAME_START, "[]", "]}]}", "frames[0].persons",
         LIMIT_FRAME_PERSONS},
        {START, "[1,2]", "]}],\"fields\":[\"x\",\"y\"],\"unit\":\"m\"}", "frames[0].persons",
         LIMIT_FRAME_PERSONS},
        {SCENE_START, "{}", "]}}", "objects.person", LIMIT_FRAME_PERSONS},
        {"{\"device\":\"a\",\"frames\":[", "7", "]}", "frames", LIMIT_BATCH_FRAMES},
        {"{}", "\n[]", "", "messages[10000].frames", LIMIT_BATCH_FRAMES - 1},
        {LINE_START "{\"device\":\"a\",\"frames\":[", "7", "]}", "messages[1].frames",
         LIMIT_BATCH_FRAMES - 1},
    };
    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        struct err_note note;
        CHECK_INT(decode_many(LISTS[i].start, LISTS[i].each, LISTS[i].most, LISTS[i].end, &note),
                  ERR_NONE);
        CHECK_INT(
            decode_many(LISTS[i].start, LISTS[i].each, LISTS[i].most + 1, LISTS[i].end, &note),
            ERR_TOO_LARGE);
        CHECK_TEXT(note.place, LISTS[i].place);
    }
}

TEST(persons_of_all_frames_of_a_body_count_good_or_not)
{
    SCOPED_TEXT frame;
    struct err_note note;
    text_init(&frame, 1 << 16);
    text_add(&frame, "\n{\"device\":\"a\",\"frames\":[" FRAME_START "[]");
    for (int i = 1; i < LIMIT_FRAME_PERSONS; i++)
        text_add(&frame, ",[]");
    text_add(&frame, "]}]}");
    const int most = LIMIT_BATCH_PERSONS / LIMIT_FRAME_PERSONS;
    const char *one_more = "\n" START "[1,2,3,4,5,1]]}]}";
    CHECK_INT(decode_many("", frame.bytes, most, "", &note), ERR_NONE);
    CHECK_INT(decode_many("", frame.bytes, most, one_more, &note), ERR_TOO_LARGE);
    CHECK_TEXT(note.place, "messages[10].frames[0].persons");
    CHECK_TEXT(note.detail, "more than 50000 persons in one body; send several");
}

TEST(nothing_is_read_after_a_list_that_is_too_long)
{
    struct err_note note;
    CHECK_INT(decode_many(START, "[]", LIMIT_FRAME_PERSONS + 1, ",{nonsense", &note),
              ERR_TOO_LARGE);
    CHECK_TEXT(note.detail, "more than 5000 persons in one frame; send several");
}

/* Numbers as senders write them, and as nobody should. */
static void add_number(struct text *body, struct random_sequence *chance)
{
    static const char *const ODD[] = {"0",
                                      "-0",
                                      "1e2",
                                      "1E-3",
                                      "0.1e1",
                                      "123456789012345678",
                                      "1.0",
                                      "null",
                                      "-1",
                                      "1e400",
                                      "00",
                                      "12345678901234567890",
                                      "\"7\"",
                                      "true",
                                      "0.30000000000000004",
                                      "9007199254740993.0"};
    if (random_below(chance, 40) == 0)
        text_add(body, ODD[random_below(chance, COUNT_OF(ODD))]);
    else if (random_below(chance, 2) == 0)
        text_addf(body, "%d", (int)random_below(chance, 2000));
    else
        text_addf(body, "%.*f", (int)random_below(chance, 17), random_uniform(chance) * 3 - 0.5);
}

static void add_random_body(struct text *body, struct random_sequence *chance)
{
    text_add(body,
             "{\"device\":\"a\",\"precision\":{\"position\":0.125},\"frames\":[{\"persons\":[");
    uint64_t persons = random_below(chance, 30);
    for (uint64_t i = 0; i < persons; i++) {
        text_add(body, i == 0 ? "[" : ", [");
        for (int field = 0; field < 6; field++) {
            text_add(body, field == 0 ? "" : random_below(chance, 3) == 0 ? " , " : ",");
            add_number(body, chance);
        }
        text_add(body, "]");
    }
    text_add(body, "],\"t\":" T0 "}]}");
}

TEST(random_and_damaged_bodies_get_the_same_answer_as_from_a_tree)
{
    struct random_sequence chance = {.state = 20260620};
    for (int round = 0; round < 4000; round++) {
        SCOPED_TEXT body;
        text_init(&body, 1 << 20);
        add_random_body(&body, &chance);
        uint64_t damages = random_below(&chance, 3);
        for (uint64_t i = 0; i < damages; i++)
            body.bytes[random_below(&chance, body.len)] =
                "\"[]{},:.-0e\\u \n\xc3"[random_below(&chance, 16)];
        CHECK(decode_agrees(body.bytes, body.len, &OPTIONS));
    }
}

#define A44  "////////////////////////////////////////////" /* 33 bytes of -1 */
#define LOOK A44 A44 A44 "//////////////////////////////////////8="

TEST(a_vector_of_128_small_numbers_goes_aside_and_not_into_the_batch)
{
    struct decoded decoded =
        taken("{\"fields\":[\"track\",\"x\",\"y\",\"w\",\"h\",\"feature\"],\"frames\":[{\"t\":" T0
              ",\"persons\":[[7,1,2,3,4,\"" LOOK "\"],[8,1,2,3,5,\"AAEC\"],[null,1,2,3,6,\"" LOOK
              "\"],[9,1,2,3,7,null]]}],\"device\":\"late\"}");
    CHECK_INT(decoded.batches[0]->person_count, 4);
    CHECK_INT(decoded.errors.count, 0);
    CHECK_INT(decoded.look_count, 1);
    CHECK_TEXT(decoded.looks[0].device, "late");
    CHECK_INT(decoded.looks[0].appearance.track, 7);
    CHECK_INT(decoded.looks[0].appearance.v[0], -1);
    CHECK_INT(decoded.looks[0].appearance.v[127], -1);
    decoded_fini(&decoded);
}

TEST(vectors_of_what_is_refused_are_not_kept)
{
    struct decoded decoded = taken(
        "{\"device\":\"a\",\"fields\":[\"track\",\"x\",\"y\",\"w\",\"h\",\"feature\"],"
        "\"frames\":[{\"t\":" T0 ",\"persons\":[[1,1,2,3,4,null]]},{\"t\":\"never\",\"persons\":"
        "[[7,1,2,3,4,\"" LOOK "\"]]}]}");
    CHECK_INT(decoded.look_count, 0);
    decoded_fini(&decoded);
}

TEST(scenescapes_vector_is_taken_in_both_of_its_forms)
{
    struct decoded decoded = taken(
        "{\"id\":\"a\",\"timestamp\":" T0 ",\"objects\":{\"person\":[{\"id\":3,\"reid\":\"" LOOK
        "\",\"bounding_box_px\":{\"x\":1,\"y\":2,\"width\":3,\"height\":4}},{\"id\":4,\"reid\":{"
        "\"model_name\":\"m\",\"embedding_vector\":\"" LOOK
        "\"},\"bounding_box_px\":{\"x\":1,\"y\":2,\"width\":3,\"height\":5}},{\"id\":5,\"reid\":[1]"
        ","
        "\"bounding_box_px\":{\"x\":1,\"y\":2,\"width\":3,\"height\":6}}]}}");
    CHECK_INT(decoded.batches[0]->person_count, 3);
    CHECK_INT(decoded.look_count, 2);
    CHECK_INT(decoded.looks[1].appearance.track, 4);
    decoded_fini(&decoded);
}

TEST(a_vector_of_float32_is_scaled_by_its_largest_number)
{
    float values[APPEARANCE_DIMS] = {0.5F, -0.25F};
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char bytes[sizeof values + 1] = {0};
    char text[sizeof values * 4 / 3 + 8];
    int8_t v[APPEARANCE_DIMS];
    size_t len = 0;
    memcpy(bytes, values, sizeof values);
    for (size_t i = 0; i < sizeof values; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 |
                        (i + 2 < sizeof values ? bytes[i + 2] : 0);
        for (int k = 18; k >= 0; k -= 6)
            text[len++] = DIGITS[bits >> k & 63];
    }
    text[len - 1] = '='; /* 512 bytes: two in the last group */
    CHECK(decode_appearance(text, len, v));
    CHECK_INT(v[0], 127);
    CHECK_INT(v[1], -64);
    CHECK_INT(v[2], 0);
    CHECK(!decode_appearance("AAEC", 4, v));
    CHECK(!decode_appearance("not base64!", 11, v));
}
