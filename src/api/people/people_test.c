// SPDX-License-Identifier: Apache-2.0
/* An admin and the accounts of others, over HTTP. */
#include "api/site_test.h"

#include <stdio.h>

static const char OLD_PASSWORD[] = "Karussell-am-See";

static int sign_in(struct site *site, const char *password, struct answer *out)
{
    char body[300];
    (void)snprintf(body, sizeof body, "{\"email\":\"crew@example.org\",\"password\":\"%s\"}",
                   password);
    site_ask(site, "", "POST", "/api/v1/session", body, out);
    return out->status;
}

static int sign_in_status(struct site *site, const char *password)
{
    SCOPED_ANSWER answer = {0};
    return sign_in(site, password, &answer);
}

static const char *crew_path(const struct site *site, const char *rest)
{
    static char path[100];
    (void)snprintf(path, sizeof path, "/api/v1/people/%lld%s", (long long)site->person_ids[CREW],
                   rest);
    return path;
}

TEST(disabled_person_is_out_and_told_so_with_the_right_password_only)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[ADMIN], "PATCH", crew_path(site, ""), "{\"is_disabled\":true}",
             &answer);
    CHECK_INT(answer.status, 200);
    CHECK(strstr(answer.body, "\"is_disabled\":true") != NULL);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 401);
    CHECK_INT(sign_in(site, OLD_PASSWORD, &answer), 403);
    CHECK(strstr(answer.body, "disabled") != NULL);
    CHECK_INT(sign_in_status(site, "something else"), 401);
    CHECK_INT(site_status(site, ADMIN, "PATCH", "/api/v1/people/crew@example.org",
                          "{\"is_disabled\":false}"),
              200);
    CHECK_INT(sign_in_status(site, OLD_PASSWORD), 200);
}

TEST(change_of_a_person_is_shown_and_logged)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    CHECK_INT(site_status(site, ADMIN, "PATCH", crew_path(site, ""), "{\"name\":\"Cleo Vogel\"}"),
              200);
    site_ask(site, site->credentials[CREW], "GET", "/api/v1/session", NULL, &answer);
    CHECK(strstr(answer.body, "Cleo Vogel") != NULL);
    site_ask(site, site->credentials[ADMIN], "GET", crew_path(site, ""), NULL, &answer);
    CHECK(strstr(answer.body, "\"name\":\"Cleo Vogel\"") != NULL);
    CHECK(strstr(answer.body, "\"is_disabled\":false") != NULL);
    site_ask(site, site->credentials[ADMIN], "GET", "/api/v1/audit", NULL, &answer);
    CHECK(strstr(answer.body, "person.renamed") != NULL);
    CHECK_INT(site_status(site, ADMIN, "PATCH", crew_path(site, ""), "{\"name\":\"\"}"), 422);
    CHECK_INT(site_status(site, ADMIN, "PATCH", crew_path(site, ""), "{\"email\":\"a@b.c\"}"), 422);
}

TEST(reset_password_is_shown_once_to_the_admin)
{
    SCOPED(site) site = site_create();
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[ADMIN], "POST", crew_path(site, "/password"), "{}", &answer);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer_header(&answer, "Cache-Control"), "no-store");
    SCOPED_JSON *body = answer_json(&answer);
    const char *password = json_string_value(json_object_get(body, "password"));
    CHECK_INT(strlen(password), PASSWORD_RANDOM_SIZE - 1);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 401);
    CHECK_INT(sign_in_status(site, OLD_PASSWORD), 401);
    CHECK_INT(sign_in_status(site, password), 200);
    SCOPED_ANSWER log = {0};
    site_ask(site, site->credentials[ADMIN], "GET", "/api/v1/audit", NULL, &log);
    CHECK(strstr(log.body, "person.password_reset") != NULL);
    CHECK(strstr(log.body, password) == NULL);
}

TEST(admin_may_choose_the_new_password_but_not_a_bad_one)
{
    SCOPED(site) site = site_create();
    CHECK_INT(site_status(site, ADMIN, "POST", crew_path(site, "/password"),
                          "{\"password\":\"password123\"}"),
              422);
    CHECK_INT(site_status(site, CREW, "GET", "/api/v1/session", NULL), 200);
    CHECK_INT(site_status(site, ADMIN, "POST", crew_path(site, "/password"),
                          "{\"password\":\"Riesenrad-am-Fluss\"}"),
              204);
    CHECK_INT(sign_in_status(site, "Riesenrad-am-Fluss"), 200);
}

TEST(admin_neither_disables_nor_resets_themselves)
{
    SCOPED(site) site = site_create();
    CHECK_INT(site_status(site, ADMIN, "PATCH", "/api/v1/people/admin@example.org",
                          "{\"is_disabled\":true}"),
              409);
    CHECK_INT(site_status(site, ADMIN, "POST", "/api/v1/people/admin@example.org/password", "{}"),
              409);
    CHECK_INT(site_status(site, ADMIN, "GET", "/api/v1/session", NULL), 200);
}
