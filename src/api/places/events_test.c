// SPDX-License-Identifier: Apache-2.0
/* Events, members, tokens and repeated POSTs over HTTP. */
#include "api/site_test.h"
#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

static const char *event_body(const char *id, const char *organiser)
{
    static char body[400];
    char starts[CLOCK_TEXT_SIZE], ends[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms() + 3600000, starts);
    clock_format(clock_now_ms() + 7200000, ends);
    (void)snprintf(body, sizeof body,
                   "{\"id\":\"%s\",\"name\":\"Lights\",\"organiser\":\"%s\",\"time_zone\":"
                   "\"Europe/Berlin\",\"starts_at\":\"%s\",\"ends_at\":\"%s\"}",
                   id, organiser, starts, ends);
    return body;
}

static json_t *get(struct site *site, enum asker asker, const char *path)
{
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[asker], "GET", path, NULL, &answer);
    CHECK_INT(answer.status, 200);
    return answer_json(&answer);
}

TEST(event_is_made_published_run_and_closed_by_its_organiser)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[ORGANISER], "POST", "/api/v1/events",
             event_body("lights", "fest"), &answer);
    CHECK_INT(answer.status, 201);
    CHECK_TEXT(answer_header(&answer, "Location"), "/api/v1/events/lights");
    static const char PATH[] = "/api/v1/events/lights";
    CHECK_INT(site_status(site, CONTROL, "GET", PATH, NULL), 404);
    CHECK_INT(site_status(site, ORGANISER, "PATCH", PATH, "{\"state\":\"running\"}"), 409);
    CHECK_INT(site_status(site, ORGANISER, "PATCH", PATH, "{\"ends_at\":\"2001-01-01T00:00:00Z\"}"),
              422);
    CHECK_INT(site_status(site, ORGANISER, "PATCH", PATH,
                          "{\"state\":\"published\",\"name\":\"Lights on the lake\"}"),
              200);
    CHECK_INT(site_status(site, ORGANISER, "DELETE", PATH, NULL), 409);
    CHECK_INT(site_status(site, ORGANISER, "PATCH", PATH, "{\"state\":\"running\"}"), 200);
    SCOPED_JSON *event = get(site, ORGANISER, PATH);
    CHECK_TEXT(json_string_value(json_object_get(event, "name")), "Lights on the lake");
    CHECK_TEXT(json_string_value(json_object_get(event, "state")), "running");
    CHECK_TEXT(json_string_value(json_object_get(event, "time_zone")), "Europe/Berlin");
    SCOPED_JSON *log = get(site, ORGANISER, "/api/v1/events/lights/audit?limit=1");
    const json_t *newest = json_array_get(json_object_get(log, "items"), 0);
    CHECK_TEXT(json_string_value(json_object_get(newest, "action")), "event.moved");
    CHECK_TEXT(json_string_value(json_object_get(newest, "detail")), "running");
    CHECK_TEXT(json_string_value(json_object_get(json_object_get(newest, "who"), "name")),
               "organiser");
    CHECK_TEXT(json_string_value(json_object_get(json_object_get(newest, "who"), "address")),
               "127.0.0.1");
    CHECK(json_is_string(json_object_get(log, "next")));
}

static enum err move_to_mars(struct db *db, void *context, struct err_note *note)
{
    (void)context;
    (void)note;
    return sql_run(db, "UPDATE event SET time_zone = 'Mars/Base'");
}

TEST(time_zone_must_be_one_of_this_machines)
{
    if (access("/usr/share/zoneinfo/Etc/UTC", R_OK) != 0)
        SKIP("tzdata is not installed");
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[ADMIN], "POST", "/api/v1/events",
             "{\"id\":\"munich\",\"name\":\"x\",\"time_zone\":\"Europe/Munich\","
             "\"starts_at\":\"2026-06-20T10:00:00Z\",\"ends_at\":\"2026-06-21T10:00:00Z\"}",
             &answer);
    CHECK_INT(answer.status, 422);
    CHECK(strstr(answer.body, "time_zone") != NULL);
    static const char PATH[] = "/api/v1/events/fest";
    CHECK_INT(site_status(site, ORGANISER, "PATCH", PATH, "{\"time_zone\":\"Mars/Base\"}"), 422);
    CHECK_INT(site_status(site, ORGANISER, "PATCH", PATH, "{\"time_zone\":\"Asia/Tokyo\"}"), 200);
    /* An event that was made on a machine with other zones can be changed all the same. */
    CHECK(store_write(site->store, move_to_mars, NULL, NULL) == ERR_NONE);
    CHECK_INT(site_status(site, ORGANISER, "PATCH", PATH, "{\"name\":\"Lights\"}"), 200);
}

TEST(only_an_organiser_of_it_makes_events_for_an_organiser)
{
    SCOPED(site) site = site_create();
    CHECK_INT(site_status(site, ORGANISER, "POST", "/api/v1/events", event_body("a", "fair")), 403);
    CHECK_INT(site_status(site, ORGANISER, "POST", "/api/v1/events", event_body("a", "new")), 403);
    CHECK_INT(site_status(site, CONTROL, "POST", "/api/v1/events", event_body("a", "fest")), 403);
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/events", event_body("a", "new")), 201);
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/events", event_body("a", "new")), 409);
}

TEST(deleted_draft_is_gone_and_its_id_is_not_given_again)
{
    SCOPED(site) site = site_create();
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/events", event_body("a", "fest")), 201);
    CHECK_INT(site_status(site, ADMIN, "PUT", "/api/v1/events/a/members/crew@example.org",
                          "{\"roles\":[\"crew\"]}"),
              200);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/events/a", NULL), 200);
    CHECK_INT(site_status(site, ADMIN, "DELETE", "/api/v1/events/a", NULL), 204);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/events/a", NULL), 404);
    CHECK_INT(site_status(site, ADMIN, "GET", "/api/v1/events/a", NULL), 404);
    CHECK_INT(site_status(site, ADMIN, "GET", "/api/v1/events/a/members", NULL), 404);
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/events", event_body("a", "fest")), 409);
}

static size_t count_events(struct site *site, enum asker asker)
{
    SCOPED_JSON *list = get(site, asker, "/api/v1/events");
    return json_array_size(json_object_get(list, "items"));
}

TEST(list_shows_the_events_where_one_has_a_role)
{
    SCOPED(site) site = site_create();
    CHECK_INT(count_events(site, ADMIN), 2);
    CHECK_INT(count_events(site, CREW), 1);
    CHECK_INT(count_events(site, DEVICE), 1);
    CHECK_INT(count_events(site, STRANGER), 0);
    SCOPED_JSON *first = get(site, ADMIN, "/api/v1/events?limit=1");
    CHECK_TEXT(json_string_value(json_object_get(first, "next")), "fair");
    SCOPED_JSON *second = get(site, ADMIN, "/api/v1/events?limit=1&cursor=fair");
    const json_t *event = json_array_get(json_object_get(second, "items"), 0);
    CHECK_TEXT(json_string_value(json_object_get(event, "id")), "fest");
    SCOPED_JSON *third = get(site, ADMIN, "/api/v1/events?limit=1&cursor=fest");
    CHECK_INT(json_array_size(json_object_get(third, "items")), 0);
    CHECK(json_is_null(json_object_get(third, "next")));
    CHECK_INT(site_status(site, ADMIN, "GET", "/api/v1/events?cursor=../x", NULL), 400);
    CHECK_INT(site_status(site, ADMIN, "GET", "/api/v1/events?limit=1001", NULL), 400);
}

TEST(new_role_is_there_with_the_next_request_and_gone_with_the_one_after)
{
    SCOPED(site) site = site_create();
    static const char EVENT[] = "/api/v1/events/fest";
    char path[100];
    (void)snprintf(path, sizeof path, "/api/v1/events/fest/members/%lld",
                   (long long)site->person_ids[STRANGER]);
    CHECK_INT(site_status(site, STRANGER, "GET", EVENT, NULL), 404);
    CHECK_INT(site_status(site, ORGANISER, "PUT", path, "{\"roles\":[\"door\",\"crew\"]}"), 200);
    CHECK_INT(site_status(site, STRANGER, "GET", EVENT, NULL), 200);
    CHECK_INT(site_status(site, ORGANISER, "DELETE", path, NULL), 204);
    CHECK_INT(site_status(site, STRANGER, "GET", EVENT, NULL), 404);
    CHECK_INT(site_status(site, ORGANISER, "PUT", path, "{\"roles\":[\"admin\"]}"), 422);
    CHECK_INT(site_status(site, ORGANISER, "PUT", path, "{\"roles\":[]}"), 422);
    CHECK_INT(site_status(site, ORGANISER, "PUT", path, "{\"roles\":\"crew\"}"), 422);
    CHECK_INT(site_status(site, ORGANISER, "PUT", "/api/v1/events/fest/members/who@example.org",
                          "{\"roles\":[\"crew\"]}"),
              404);
}

static void create_token(struct site *site, enum asker asker, const char *key, const char *body,
                         struct answer *out)
{
    char headers[600];
    (void)snprintf(headers, sizeof headers, "%sIdempotency-Key: %s\r\n", site->credentials[asker],
                   key);
    site_ask(site, headers, "POST", "/api/v1/events/fest/tokens", body, out);
}

static const char *token_of(json_t *body)
{
    return json_string_value(json_object_get(body, "token"));
}

#define TOKENS_OF_SITE 2 /* of fest: one that sends, one that reads */

static size_t count_tokens(struct site *site)
{
    SCOPED_JSON *list = get(site, ORGANISER, "/api/v1/events/fest/tokens");
    return json_array_size(json_object_get(list, "items"));
}

TEST(repeated_creation_gets_the_first_reply_and_creates_nothing)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER first = {0};
    SCOPED_ANSWER again = {0};
    create_token(site, ORGANISER, "key-1", "{\"name\":\"north\"}", &first);
    CHECK_INT(first.status, 201);
    CHECK(answer_header(&first, "Idempotency-Replayed") == NULL);
    CHECK_INT(count_tokens(site), TOKENS_OF_SITE + 1);
    create_token(site, ORGANISER, "key-1", "{\"name\":\"north\"}", &again);
    CHECK_INT(again.status, 201);
    CHECK_TEXT(again.body, first.body);
    CHECK_TEXT(answer_header(&again, "Idempotency-Replayed"), "true");
    CHECK(answer_header(&again, "Location") != NULL);
    CHECK_INT(count_tokens(site), TOKENS_OF_SITE + 1);
}

TEST(key_stands_for_one_request_of_one_person)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    create_token(site, ORGANISER, "key-1", "{\"name\":\"north\"}", &answer);
    CHECK_INT(answer.status, 201);
    create_token(site, ORGANISER, "key-1", "{\"name\":\"south\"}", &answer);
    CHECK_INT(answer.status, 422);
    create_token(site, ADMIN, "key-1", "{\"name\":\"north\"}", &answer);
    CHECK_INT(answer.status, 201);
    create_token(site, ORGANISER, "key-2", "{\"name\":\"north\"}", &answer);
    CHECK_INT(answer.status, 201);
    create_token(site, ORGANISER, "two words", "{\"name\":\"north\"}", &answer);
    CHECK_INT(answer.status, 400);
    CHECK_INT(count_tokens(site), TOKENS_OF_SITE + 3);
}

TEST(refused_creation_may_be_tried_again_with_its_key)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    char headers[600];
    (void)snprintf(headers, sizeof headers, "%sIdempotency-Key: k\r\n", site->credentials[ADMIN]);
    char body[400];
    (void)snprintf(body, sizeof body, "%s", event_body("fest", "fest"));
    site_ask(site, headers, "POST", "/api/v1/events", body, &answer);
    CHECK_INT(answer.status, 409);
    site_ask(site, headers, "POST", "/api/v1/events", event_body("fest-2", "fest"), &answer);
    CHECK_INT(answer.status, 201);
}

/* Among the stored replies. */
static bool replies_hold(struct site *site, const char *needle)
{
    struct db *db = store_reader_take(site->store);
    struct sql_rows rows;
    bool is_found = false;
    CHECK(sql_query(db, &rows, "SELECT sealed FROM api_reply") == ERR_NONE);
    size_t count = 0;
    while (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        is_found = is_found || memmem(bytes, len, needle, strlen(needle)) != NULL;
        count++;
    }
    CHECK(sql_end(&rows) == ERR_NONE);
    store_reader_give(site->store, db);
    CHECK(count > 0);
    return is_found;
}

TEST(token_works_until_it_is_revoked_and_is_stored_nowhere)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    create_token(site, ORGANISER, "key-1", "{\"name\":\"north\",\"device\":\"cam-1\"}", &answer);
    SCOPED_JSON *token = answer_json(&answer);
    CHECK(!replies_hold(site, token_of(token)));
    CHECK(!replies_hold(site, "north"));
    char headers[200], path[200];
    (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", token_of(token));
    (void)snprintf(path, sizeof path, "%s", answer_header(&answer, "Location"));
    site_ask(site, headers, "GET", "/api/v1/events/fest", NULL, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_INT(site_status(site, ORGANISER, "DELETE", path, NULL), 204);
    site_ask(site, headers, "GET", "/api/v1/events/fest", NULL, &answer);
    CHECK_INT(answer.status, 401);
    CHECK_INT(site_status(site, ORGANISER, "DELETE", path, NULL), 404);
    SCOPED_JSON *list = get(site, ORGANISER, "/api/v1/events/fest/tokens");
    json_t *item;
    size_t i;
    json_array_foreach(json_object_get(list, "items"), i, item)
        CHECK(json_object_get(item, "token") == NULL);
}

static enum err give_unknown_purpose(struct db *db, void *context, struct err_note *note)
{
    (void)context;
    (void)note;
    return sql_run(db, "UPDATE device_token SET purpose = 'rule' WHERE purpose = 'send'");
}

TEST(token_of_another_versions_purpose_is_listed_refused_and_revoked)
{
    SCOPED(site) site = site_create();
    CHECK_INT(store_write(site->store, give_unknown_purpose, NULL, NULL), ERR_NONE);
    CHECK_INT(site_status(site, DEVICE, "GET", "/api/v1/events/fest", NULL), 401);
    CHECK_INT(count_tokens(site), TOKENS_OF_SITE);
    SCOPED_JSON *list = get(site, ORGANISER, "/api/v1/events/fest/tokens");
    json_t *item, *unknown = NULL;
    size_t i;
    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        const char *purpose = json_string_value(json_object_get(item, "purpose"));
        unknown = strcmp(purpose, "unknown") == 0 ? item : unknown;
    }
    CHECK(unknown != NULL);
    char path[100];
    (void)snprintf(path, sizeof path, "/api/v1/events/fest/tokens/%lld",
                   (long long)json_integer_value(json_object_get(unknown, "id")));
    CHECK_INT(site_status(site, ORGANISER, "DELETE", path, NULL), 204);
}

TEST(admin_creates_people_who_can_sign_in)
{
    SCOPED(site) site = site_create();
    static const char BODY[] = "{\"email\":\"Eva@Example.org\",\"name\":\"Eva\",\"password\":"
                               "\"Riesenrad-am-See\"}";
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/people", BODY), 201);
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/people", BODY), 409);
    CHECK_INT(site_status(site, NOBODY, "POST", "/api/v1/session",
                          "{\"email\":\"eva@example.org\",\"password\":\"Riesenrad-am-See\"}"),
              200);
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/people",
                          "{\"email\":\"uwe@example.org\",\"name\":\"Uwe\",\"password\":"
                          "\"password\"}"),
              422);
    SCOPED_JSON *page = get(site, ADMIN, "/api/v1/people?limit=3");
    CHECK_INT(json_array_size(json_object_get(page, "items")), 3);
    char path[100];
    (void)snprintf(path, sizeof path, "/api/v1/people?cursor=%s",
                   json_string_value(json_object_get(page, "next")));
    SCOPED_JSON *rest = get(site, ADMIN, path);
    CHECK_INT(json_array_size(json_object_get(rest, "items")), 6);
}
