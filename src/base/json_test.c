// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/test.h"
#include "base/text.h"

struct stall {
    char id[LIMIT_ID_LEN + 1];
    char name[16];
    int64_t seats;
    int64_t opens_ms;
    int kind;
};
static const char *const KINDS[] = {"food", "drinks", NULL};
static const struct json_field FIELDS[] = {
    {"id", JSON_FIELD_ID, JSON_REQUIRED, JSON_AT(struct stall, id), .doc = "its id"},
    {"name", JSON_FIELD_TEXT, JSON_REQUIRED, JSON_TEXT(struct stall, name), .doc = "its name"},
    {"seats", JSON_FIELD_INT, JSON_OPTIONAL, JSON_AT(struct stall, seats), .min = 0, .max = 500},
    {"opens", JSON_FIELD_TIME, JSON_OPTIONAL, JSON_AT(struct stall, opens_ms)},
    {"kind", JSON_FIELD_ENUM, JSON_OPTIONAL, JSON_AT(struct stall, kind), .names = KINDS},
};

static enum err read_stall(const char *json, struct stall *out, struct err_note *note)
{
    SCOPED_JSON *document = NULL;
    TRY(json_parse(json, strlen(json), &document, note));
    return json_read(document, FIELDS, COUNT_OF(FIELDS), out, note);
}

TEST(a_table_reads_an_object)
{
    struct stall stall = {.seats = 7};
    struct err_note note;
    CHECK_INT(read_stall("{\"id\":\"pizza\",\"name\":\"Pizza\",\"kind\":\"drinks\","
                         "\"opens\":\"2026-06-20T10:00:00Z\"}",
                         &stall, &note),
              ERR_NONE);
    CHECK_TEXT(stall.id, "pizza");
    CHECK_INT(stall.seats, 7);
    CHECK_INT(stall.kind, 1);
    CHECK_INT(stall.opens_ms, 1781949600000);
}

TEST(a_mistake_is_named_with_its_place)
{
    static const struct {
        const char *json, *place;
        enum err err;
    } MISTAKES[] = {
        {"{\"id\":\"pizza\"}", "name", ERR_INVALID},
        {"{\"id\":\"Pizza!\",\"name\":\"x\"}", "id", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"x\",\"seats\":501}", "seats", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"x\",\"seats\":\"5\"}", "seats", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"x\",\"kind\":\"toys\"}", "kind", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"x\",\"opens\":\"noon\"}", "opens", ERR_INVALID},
        {"{\"id\":\"a\\u0000b\",\"name\":\"x\"}", "id", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"x\\u0000\"}", "name", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"x\",\"kind\":\"food\\u0000\"}", "kind", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"sixteen letters!\"}", "name", ERR_INVALID},
        {"{\"id\":\"a\",\"name\":\"x\",\"colour\":1}", "colour", ERR_INVALID},
        {"{\"id\":\"a\",\n\"id\":\"b\"}", "body:2:4", ERR_MALFORMED},
        {"{\"id\":\"a\",\"name\":\"x\",\"\":1}", "the member \"\"", ERR_INVALID},
        {"[]", "body", ERR_INVALID},
    };
    for (size_t i = 0; i < COUNT_OF(MISTAKES); i++) {
        struct stall stall = {0};
        struct err_note note = {0};
        CHECK_INT(read_stall(MISTAKES[i].json, &stall, &note), MISTAKES[i].err);
        CHECK_TEXT(note.place, MISTAKES[i].place);
    }
}

TEST(deep_nesting_is_refused_before_it_is_parsed)
{
    char deep[20001];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    json_t *document = NULL;
    struct err_note note;
    CHECK_INT(json_parse(deep, sizeof deep - 1, &document, &note), ERR_MALFORMED);
    CHECK(document == NULL);
}

static enum err parse_many(const char *each, size_t count, size_t room, struct err_note *out_note)
{
    SCOPED_TEXT list;
    SCOPED_JSON *document = NULL;
    text_init(&list, 8 << 20);
    text_add(&list, "[");
    for (size_t i = 0; i < count; i++)
        text_addf(&list, "%s%s", i == 0 ? "" : ",", each);
    text_add(&list, "]");
    return json_parse_within(list.bytes, list.len, &room, &document, out_note);
}

TEST(what_would_take_too_much_memory_is_refused_before_it_is_built)
{
    const size_t room = LIMIT_IMPORT_TREE_BYTES;
    struct err_note note = {0};
    CHECK_INT(parse_many("[1,2]", LIMIT_PLAN_BYTES / 6, room, &note), ERR_NONE);
    CHECK_INT(parse_many("{}", room / 240, room, &note), ERR_TOO_LARGE);
    CHECK_INT(parse_many("\"{[,\\\"[\"", 1000, 150 * 1000, &note), ERR_NONE);
    CHECK_INT(parse_many("{},\n[]", 1000, 450 * 1000, &note), ERR_TOO_LARGE);
    CHECK_TEXT(note.place, "body:970:6");
}

TEST(documents_share_the_room_that_there_is)
{
    size_t room = 1000;
    struct err_note note;
    json_t *document = NULL;
    CHECK_INT(json_parse_within("[{}]", 4, &room, &document, &note), ERR_NONE);
    CHECK_INT(room, 1000 - 128 - 240);
    json_decref(document);
    CHECK_INT(json_parse_within("[{}]", 4, &room, &document, &note), ERR_NONE);
    json_decref(document);
    CHECK_INT(json_parse_within("[{}]", 4, &room, &document, &note), ERR_TOO_LARGE);
    CHECK_TEXT(note.place, "body:1:2");
}
