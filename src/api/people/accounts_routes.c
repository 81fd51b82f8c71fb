// SPDX-License-Identifier: Apache-2.0
/* Signing in and out, one's own sessions and password. */
#include "api/access/session_cookie.h"
#include "api/api.h"
#include "api/people/people_json.h"
#include "base/clock.h"

/* --- the session --- */

struct sign_in_body {
    char email[LIMIT_EMAIL_LEN + 1];
    char password[LIMIT_PASSWORD_LEN + 1];
};

static const struct json_field SIGN_IN_FIELDS[] = {
    {.name = "email",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct sign_in_body, email),
     .doc = "The person's e-mail address."},
    {.name = "password",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct sign_in_body, password),
     .doc = "The person's password."},
};

static void reply_session(struct request *request, const struct principal *principal)
{
    json_t *memberships = json_array();
    for (size_t i = 0; i < principal->membership_count; i++)
        (void)json_array_append_new(
            memberships, json_pack("{s:s, s:o}", "event", principal->memberships[i].event, "roles",
                                   json_of_roles(principal->memberships[i].roles)));
    reply_header(request, "Cache-Control", "no-store");
    reply_json(request, 200,
               json_pack("{s:{s:I, s:s, s:s, s:b}, s:o, s:{s:I}}", "person", "id",
                         (json_int_t)principal->person_id, "name", principal->name, "email",
                         principal->email, "is_admin", principal->is_admin, "memberships",
                         memberships, "session", "id", (json_int_t)principal->session_id));
}

/* The route is open, so nobody was looked up: the browser may still hold a former session. */
static int64_t former_session(const struct request *request, const struct app *app, int64_t now_ms)
{
    char token[SESSION_TOKEN_SIZE + 1];
    struct principal *principal = NULL;
    if (session_cookie_read(request, token) == NULL ||
        accounts_principal_of_session(app->accounts, token, now_ms, &principal) != ERR_NONE)
        return 0;
    int64_t session_id = principal->session_id;
    principal_unref(principal);
    return session_id;
}

static enum err start_session(struct request *request, const struct app *app,
                              struct principal **out_principal, struct err_note *note)
{
    struct sign_in_body body = {.email = ""};
    TRY(request_read_json(request, &body, NULL, note));
    int64_t now_ms = clock_now_ms();
    struct sign_in sign_in = {.email = body.email,
                              .password = body.password,
                              .address = request_peer(request),
                              .agent = request_header(request, "User-Agent"),
                              .replaces_session_id = former_session(request, app, now_ms)};
    char token[SESSION_TOKEN_SIZE];
    struct session session;
    enum err err = session_sign_in(app->accounts, &sign_in, now_ms, token, &session, note);
    explicit_bzero(&body, sizeof body);
    TRY(err);
    session_cookie_set(request, token, (session.expires_at_ms - session.created_at_ms) / 1000);
    return accounts_principal_of_session(app->accounts, token, now_ms, out_principal);
}

static void sign_in(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    struct principal *principal = NULL;
    enum err err = start_session(request, context, &principal, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_session(request, principal);
    principal_unref(principal);
}

static void tell_session(struct request *request, void *context)
{
    (void)context;
    reply_session(request, api_principal(request));
}

static void end_session(struct request *request, const struct app *app, int64_t session_id)
{
    struct actor actor = api_actor(request);
    enum err err =
        session_revoke(app->accounts, &actor, actor.person_id, session_id, clock_now_ms());
    struct err_note note = {
        .place = "session",
        .detail = "you have no such session; GET /api/v1/session/list has those that go on"};
    if (err != ERR_NONE)
        reply_problem(request, err, err == ERR_NOT_FOUND ? &note : NULL);
    else
        reply_empty(request, 204);
}

static void sign_out(struct request *request, void *context)
{
    session_cookie_clear(request);
    end_session(request, context, api_principal(request)->session_id);
}

static void revoke_session(struct request *request, void *context)
{
    end_session(request, context, api_param_id(request, "session"));
}

static void list_sessions(struct request *request, void *context)
{
    const struct app *app = context;
    const struct principal *principal = api_principal(request);
    SCOPED_MEM struct session *sessions = NULL;
    size_t count = 0;
    enum err err =
        session_list(app->accounts, principal->person_id, clock_now_ms(), &sessions, &count);
    if (err != ERR_NONE) {
        reply_problem(request, err, NULL);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            items,
            json_pack("{s:I, s:o, s:o, s:o, s:s, s:s, s:b}", "id", (json_int_t)sessions[i].id,
                      "created_at", json_of_time(sessions[i].created_at_ms), "seen_at",
                      json_of_time(sessions[i].seen_at_ms), "expires_at",
                      json_of_time(sessions[i].expires_at_ms), "address", sessions[i].address,
                      "agent", sessions[i].agent, "is_current",
                      sessions[i].id == principal->session_id));
    api_reply_page(request, items, NULL);
}

static const struct json_field PASSWORD_FIELDS[] = {
    {.name = "current",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct password_change, current),
     .doc = "The password until now."},
    {.name = "next",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct password_change, next),
     .doc = "The new one: 8 to 256 bytes, better 15, and not an obvious one."},
};

static enum err do_change_password(const struct request *request, const struct app *app,
                                   struct err_note *note)
{
    struct password_change change = {.current = ""};
    TRY(request_read_json(request, &change, NULL, note));
    struct actor actor = api_actor(request);
    enum err err = person_password_change(app->accounts, &actor, &change,
                                          api_principal(request)->session_id, clock_now_ms(), note);
    explicit_bzero(&change, sizeof change);
    return err;
}

static void change_password(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    enum err err = do_change_password(request, context, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_empty(request, 204);
}

const struct route accounts_routes[] = {
    {.method = "POST",
     .path = "/api/v1/session",
     .thread = ROUTE_WORKER,
     .body_max = 4096,
     .rate = {.limit = 120, .period_s = 60, .burst = 60},
     .handle = sign_in,
     .tag = "Session",
     .summary = "Signs in and sets the session's cookie.",
     .body_fields = SIGN_IN_FIELDS,
     .body_field_count = COUNT_OF(SIGN_IN_FIELDS)},
    {.method = "GET",
     .path = "/api/v1/session",
     .roles = ROLE_PERSON,
     .handle = tell_session,
     .tag = "Session",
     .summary = "Who is signed in, with the roles at each event."},
    {.method = "DELETE",
     .path = "/api/v1/session",
     .roles = ROLE_PERSON,
     .thread = ROUTE_WORKER,
     .handle = sign_out,
     .tag = "Session",
     .summary = "Signs out."},
    {.method = "GET",
     .path = "/api/v1/session/list",
     .roles = ROLE_PERSON,
     .thread = ROUTE_WORKER,
     .handle = list_sessions,
     .tag = "Session",
     .summary = "One's own signed-in browsers."},
    {.method = "DELETE",
     .path = "/api/v1/session/list/{session}",
     .roles = ROLE_PERSON,
     .thread = ROUTE_WORKER,
     .handle = revoke_session,
     .tag = "Session",
     .summary = "Signs one of one's own browsers out."},
    {.method = "POST",
     .path = "/api/v1/session/password",
     .roles = ROLE_PERSON,
     .thread = ROUTE_WORKER,
     .body_max = 4096,
     .rate = {.limit = 10, .period_s = 60, .burst = 10},
     .handle = change_password,
     .tag = "Session",
     .summary = "Changes one's own password and signs all other browsers out.",
     .body_fields = PASSWORD_FIELDS,
     .body_field_count = COUNT_OF(PASSWORD_FIELDS)},
};
const size_t accounts_route_count = COUNT_OF(accounts_routes);
