// SPDX-License-Identifier: Apache-2.0
/* Rules, incidents and the outbox over HTTP. */
#include "api/site_test.h"
#include "base/clock.h"
#include "readings/readings.h"

#include <stdio.h>

#define RULES     "/api/v1/events/fest/rules"
#define INCIDENTS "/api/v1/events/fest/incidents"
#define OUTBOX    "/api/v1/events/fest/outbox"

static json_t *ask(struct site *site, const char *method, const char *path, const char *body,
                   int status)
{
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[CONTROL], method, path, body, &answer);
    if (answer.status != status)
        print_error("%s %s: %d: %s\n", method, path, answer.status, answer.body);
    CHECK_INT(answer.status, status);
    return answer.body_len == 0 ? json_null() : answer_json(&answer);
}

static void ask_only(struct site *site, const char *method, const char *path, const char *body,
                     int status)
{
    json_decref(ask(site, method, path, body, status));
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static const char DENSE[] =
    "{\"id\":\"dense\",\"name\":\"Too dense\",\"series\":\"zone.*:density\","
    "\"threshold\":5,\"hold_ms\":0,\"severity\":\"critical\","
    "\"recipients\":[\"duty@example.org\"]}";

TEST(rule_is_made_changed_listed_and_removed)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER made = {0};
    site_ask(site, site->credentials[CONTROL], "POST", RULES, DENSE, &made);
    CHECK_INT(made.status, 201);
    CHECK_TEXT(answer_header(&made, "Location"), RULES "/dense");
    ask_only(site, "POST", RULES, DENSE, 409);
    SCOPED_JSON *changed =
        ask(site, "PATCH", RULES "/dense", "{\"threshold\":6,\"enabled\":false}", 200);
    CHECK_NEAR(json_number_value(json_object_get(changed, "threshold")), 6, 0);
    CHECK_NEAR(json_number_value(json_object_get(changed, "recovery")), 4.5, 1e-9);
    CHECK_TEXT(text_of(changed, "name"), "Too dense");
    ask_only(site, "PATCH", RULES "/dense", "{\"threshold\":4}", 422);
    ask_only(site, "POST", RULES,
             "{\"id\":\"hot\",\"series\":\"lift-3:temperature\",\"threshold\":40}", 201);
    SCOPED_JSON *first = ask(site, "GET", RULES "?limit=1", NULL, 200);
    CHECK_TEXT(text_of(json_array_get(json_object_get(first, "items"), 0), "id"), "dense");
    CHECK_TEXT(text_of(first, "next"), "dense");
    SCOPED_JSON *second = ask(site, "GET", RULES "?limit=1&cursor=dense", NULL, 200);
    CHECK_TEXT(text_of(json_array_get(json_object_get(second, "items"), 0), "id"), "hot");
    CHECK(json_is_null(json_object_get(second, "next")));
    CHECK_INT(site_status(site, CONTROL, "DELETE", RULES "/dense", NULL), 204);
    ask_only(site, "GET", RULES "/dense", NULL, 404);
}

TEST(rule_that_cannot_work_is_refused_with_its_place)
{
    SCOPED(site) site = site_create();
    SCOPED_JSON *problem = ask(site, "POST", RULES,
                               "{\"id\":\"a\",\"series\":\"hall:co2\",\"threshold\":5,"
                               "\"recovery\":5}",
                               422);
    char *words = json_dumps(problem, 0);
    CHECK(strstr(words, "recovery") != NULL);
    free(words); /* jansson's own allocation */
    SCOPED_JSON *list = ask(site, "GET", RULES, NULL, 200);
    CHECK_INT(json_array_size(json_object_get(list, "items")), 0);
}

static enum err breach_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct reading reading = {"zone.stage-a:density", *(int64_t *)context, 5.5};
    return readings_append(db, "fest", "park", &reading, 1, NULL);
}

static void breach(struct site *site)
{
    int64_t now_ms = clock_now_ms();
    CHECK(store_write(site->telemetry, breach_run, &now_ms, NULL) == ERR_NONE);
    CHECK(alerts_wait_idle(site->app.alerts, now_ms + 20000) == ERR_NONE);
    CHECK(notify_wait_idle(site->app.notify, now_ms + 20000) == ERR_NONE);
}

TEST(incident_is_seen_acknowledged_and_resolved)
{
    SCOPED(site) site = site_create();
    ask_only(site, "POST", RULES, DENSE, 201);
    breach(site);
    SCOPED_JSON *list = ask(site, "GET", INCIDENTS "?state=unresolved", NULL, 200);
    const json_t *incident = json_array_get(json_object_get(list, "items"), 0);
    CHECK_INT(json_integer_value(json_object_get(incident, "id")), 1);
    CHECK_TEXT(text_of(incident, "state"), "open");
    CHECK_TEXT(text_of(incident, "zone"), "stage-a");
    CHECK(json_is_null(json_object_get(incident, "acknowledged_at")));
    SCOPED_JSON *seen = ask(site, "POST", INCIDENTS "/1/acknowledge", NULL, 200);
    CHECK_TEXT(text_of(seen, "state"), "acknowledged");
    CHECK_TEXT(text_of(seen, "acknowledged_by"), "control");
    ask_only(site, "POST", INCIDENTS "/1/acknowledge", NULL, 409);
    SCOPED_JSON *undone = ask(site, "DELETE", INCIDENTS "/1/acknowledge", NULL, 200);
    CHECK_TEXT(text_of(undone, "state"), "open");
    CHECK(json_is_null(json_object_get(undone, "acknowledged_by")));
    ask_only(site, "DELETE", INCIDENTS "/1/acknowledge", NULL, 409);
    ask_only(site, "POST", INCIDENTS "/1/resolve", NULL, 200);
    SCOPED_JSON *one = ask(site, "GET", INCIDENTS "/1", NULL, 200);
    CHECK_TEXT(text_of(one, "state"), "resolved");
    const json_t *timeline = json_object_get(one, "timeline");
    CHECK_INT(json_array_size(timeline), 4);
    CHECK_TEXT(text_of(json_array_get(timeline, 0), "kind"), "opened");
    CHECK_TEXT(text_of(json_array_get(timeline, 2), "kind"), "unacknowledged");
    CHECK_TEXT(text_of(json_array_get(timeline, 2), "by"), "control");
    SCOPED_JSON *open = ask(site, "GET", INCIDENTS "?state=open", NULL, 200);
    CHECK_INT(json_array_size(json_object_get(open, "items")), 0);
    ask_only(site, "GET", INCIDENTS "?state=loud", NULL, 400);
    ask_only(site, "GET", INCIDENTS "/1x", NULL, 404);
}

TEST(event_that_is_called_off_leaves_no_incident_open)
{
    SCOPED(site) site = site_create();
    ask_only(site, "POST", RULES, DENSE, 201);
    breach(site);
    CHECK_INT(site_status(site, ORGANISER, "PATCH", "/api/v1/events/fest", "{\"state\":\"over\"}"),
              200);
    SCOPED_JSON *one = ask(site, "GET", INCIDENTS "/1", NULL, 200);
    CHECK_TEXT(text_of(one, "state"), "resolved");
    CHECK_TEXT(text_of(one, "resolution"), "event over");
}

TEST(mail_stands_in_the_outbox)
{
    SCOPED(site) site = site_create();
    ask_only(site, "POST", RULES, DENSE, 201);
    breach(site);
    SCOPED_JSON *list = ask(site, "GET", OUTBOX "?state=kept", NULL, 200);
    const json_t *mail = json_array_get(json_object_get(list, "items"), 0);
    CHECK_TEXT(text_of(mail, "recipient"), "duty@example.org");
    CHECK(json_is_null(json_object_get(mail, "sent_at")));
    SCOPED_JSON *one = ask(site, "GET", OUTBOX "/1", NULL, 200);
    CHECK(strstr(text_of(one, "text"), "Where: zone stage-a, venue park") != NULL);
    CHECK(strstr(text_of(one, "html"), "<table") != NULL);
    SCOPED_JSON *sent = ask(site, "GET", OUTBOX "?state=sent", NULL, 200);
    CHECK_INT(json_array_size(json_object_get(sent, "items")), 0);
    ask_only(site, "POST", OUTBOX "/1/retry", NULL, 409);
}
