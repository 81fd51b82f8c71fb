// SPDX-License-Identifier: Apache-2.0
/* Signing in over HTTP: cookies, other sites, and what ends at once. */
#include "api/site_test.h"

#include <stdio.h>

static const char SIGN_IN[] = "{\"email\":\"crew@example.org\",\"password\":\"Karussell-am-See\"}";

TEST(cookie_over_plain_http_is_kept_from_scripts_and_other_sites)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, "", "POST", "/api/v1/session", SIGN_IN, &answer);
    CHECK_INT(answer.status, 200);
    const char *cookie = answer_header(&answer, "Set-Cookie");
    CHECK(strncmp(cookie, "muster=", 7) == 0);
    CHECK(strstr(cookie, "; Path=/;") != NULL);
    CHECK(strstr(cookie, "; HttpOnly") != NULL);
    CHECK(strstr(cookie, "; SameSite=Lax") != NULL);
    CHECK(strstr(cookie, "; Max-Age=28800") != NULL);
    CHECK(strstr(cookie, "Secure") == NULL);
    CHECK_TEXT(answer_header(&answer, "Cache-Control"), "no-store");
    SCOPED_JSON *body = answer_json(&answer);
    CHECK_TEXT(json_string_value(json_object_get(json_object_get(body, "person"), "email")),
               "crew@example.org");
    const json_t *membership = json_array_get(json_object_get(body, "memberships"), 0);
    CHECK_TEXT(json_string_value(json_object_get(membership, "event")), "fest");
    CHECK_TEXT(json_string_value(json_array_get(json_object_get(membership, "roles"), 0)), "crew");
}

TEST(cookie_over_tls_is_bound_to_the_host_and_not_taken_from_a_plain_one)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, "X-Forwarded-Proto: https\r\n", "POST", "/api/v1/session", SIGN_IN, &answer);
    CHECK_INT(answer.status, 200);
    char cookie[400];
    (void)snprintf(cookie, sizeof cookie, "%s", answer_header(&answer, "Set-Cookie"));
    CHECK(strncmp(cookie, "__Host-muster=", 14) == 0);
    CHECK(strstr(cookie, "; Path=/;") != NULL && strstr(cookie, "; Secure") != NULL);
    CHECK(strstr(cookie, "Domain") == NULL);

    char headers[600];
    int token_len = (int)strcspn(cookie + 14, ";");
    (void)snprintf(headers, sizeof headers,
                   "X-Forwarded-Proto: https\r\nCookie: __Host-muster=%.*s\r\n", token_len,
                   cookie + 14);
    site_ask(site, headers, "GET", "/api/v1/session", NULL, &answer);
    CHECK_INT(answer.status, 200);
    (void)snprintf(headers, sizeof headers, "X-Forwarded-Proto: https\r\nCookie: muster=%.*s\r\n",
                   token_len, cookie + 14);
    site_ask(site, headers, "GET", "/api/v1/session", NULL, &answer);
    CHECK_INT(answer.status, 401);
}

/* What a request of the organiser's answers with these lines instead of the Origin. */
static int status_from(struct site *site, const char *lines)
{
    SCOPED_ANSWER answer = {0};
    char headers[600];
    int cookie_len = (int)strcspn(site->credentials[ORGANISER], "\r");
    (void)snprintf(headers, sizeof headers, "%.*s\r\n%s", cookie_len, site->credentials[ORGANISER],
                   lines);
    site_ask(site, headers, "POST", "/api/v1/events/fest/tokens", "{\"name\":\"x\"}", &answer);
    return answer.status;
}

TEST(page_of_another_site_changes_nothing)
{
    SCOPED(site) site = site_create();
    CHECK_INT(status_from(site, ""), 403);
    CHECK_INT(status_from(site, "Sec-Fetch-Site: cross-site\r\n"), 403);
    CHECK_INT(status_from(site, "Sec-Fetch-Site: same-site\r\n"), 403);
    CHECK_INT(status_from(site, "Origin: https://evil.example.org\r\n"), 403);
    CHECK_INT(status_from(site, "Sec-Fetch-Site: same-origin\r\n"), 201);
    CHECK_INT(status_from(site, "Sec-Fetch-Site: none\r\n"), 201);
    SCOPED_ANSWER answer = {0};
    site_ask(site, "Sec-Fetch-Site: cross-site\r\n", "POST", "/api/v1/session", SIGN_IN, &answer);
    CHECK_INT(answer.status, 403);
}

TEST(signed_out_browser_is_nobody_at_once)
{
    SCOPED(site) site = site_create();
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 200);
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[CREW], "DELETE", "/api/v1/session", NULL, &answer);
    CHECK_INT(answer.status, 204);
    CHECK(strstr(answer_header(&answer, "Set-Cookie"), "muster=; Path=/; Max-Age=0") != NULL);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 401);
}

TEST(signing_in_again_replaces_the_browsers_session)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[CREW], "POST", "/api/v1/session", SIGN_IN, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 401);
}

TEST(one_browser_signs_another_out)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, "User-Agent: phone\r\n", "POST", "/api/v1/session", SIGN_IN, &answer);
    char phone[300];
    (void)snprintf(phone, sizeof phone, "Cookie: %.*s\r\n",
                   (int)strcspn(answer_header(&answer, "Set-Cookie"), ";"),
                   answer_header(&answer, "Set-Cookie"));
    site_ask(site, site->credentials[CREW], "GET", "/api/v1/session/list", NULL, &answer);
    CHECK_INT(answer.status, 200);
    SCOPED_JSON *list = answer_json(&answer);
    const json_t *items = json_object_get(list, "items");
    CHECK_INT(json_array_size(items), 2);
    int64_t phone_id = 0;
    for (size_t i = 0; i < 2; i++) {
        const json_t *item = json_array_get(items, i);
        bool is_phone = strcmp(json_string_value(json_object_get(item, "agent")), "phone") == 0;
        CHECK(json_is_true(json_object_get(item, "is_current")) == !is_phone);
        if (is_phone)
            phone_id = json_integer_value(json_object_get(item, "id"));
    }
    char path[100];
    (void)snprintf(path, sizeof path, "/api/v1/session/list/%lld", (long long)phone_id);
    CHECK_INT(site_status(site, DOOR, "DELETE", path, NULL), 404);
    site_ask(site, phone, "GET", "/api/v1/session", NULL, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_INT(site_status(site, CREW, "DELETE", path, NULL), 204);
    site_ask(site, phone, "GET", "/api/v1/session", NULL, &answer);
    CHECK_INT(answer.status, 401);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 200);
}

TEST(wrong_passwords_and_unknown_people_get_the_same_answer)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER wrong = {0};
    SCOPED_ANSWER unknown = {0};
    site_ask(site, "X-Request-Id: 0123456789abcdef\r\n", "POST", "/api/v1/session",
             "{\"email\":\"crew@example.org\",\"password\":\"guessed-it\"}", &wrong);
    site_ask(site, "X-Request-Id: 0123456789abcdef\r\n", "POST", "/api/v1/session",
             "{\"email\":\"nobody@example.org\",\"password\":\"guessed-it\"}", &unknown);
    CHECK_INT(wrong.status, 401);
    CHECK_INT(unknown.status, 401);
    CHECK_TEXT(wrong.body, unknown.body);
    for (int i = 0; i < 4; i++)
        site_ask(site, "", "POST", "/api/v1/session",
                 "{\"email\":\"crew@example.org\",\"password\":\"guessed-it\"}", &wrong);
    site_ask(site, "", "POST", "/api/v1/session", SIGN_IN, &wrong);
    CHECK_INT(wrong.status, 429);
    CHECK(answer_header(&wrong, "Retry-After") != NULL);
}

TEST(password_is_changed_by_who_knows_it)
{
    SCOPED(site) site = site_create();
    static const char PATH[] = "/api/v1/session/password";
    CHECK_INT(site_status(site, CREW, "POST", PATH,
                          "{\"current\":\"not-this-one\",\"next\":\"Riesenrad-am-See\"}"),
              403);
    CHECK_INT(site_status(site, CREW, "POST", PATH,
                          "{\"current\":\"Karussell-am-See\",\"next\":\"password123\"}"),
              422);
    CHECK_INT(site_status(site, CREW, "POST", PATH,
                          "{\"current\":\"Karussell-am-See\",\"next\":\"Riesenrad-am-See\"}"),
              204);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 200);
    CHECK_INT(site_status(site, NOBODY, "POST", "/api/v1/session", SIGN_IN), 401);
}
