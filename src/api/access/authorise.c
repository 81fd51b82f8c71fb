// SPDX-License-Identifier: Apache-2.0
/* Who is it, did our page send it, and may they? Answered from memory on the event thread when the
 * principal was seen within the last two seconds, else on a worker, which may ask the database. */
#include "api/access/access.h"
#include "api/access/credentials.h"
#include "api/access/known_events.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/text.h"
#include "events/events.h"

#include <inttypes.h>
#include <stdio.h>

const struct token_role api_token_roles[] = {
    {ROLE_DEVICE, "send", "sends what devices measure"},
    {ROLE_READER, "read", "reads how many people are where, and nothing else"},
    {0, NULL, NULL}};

const struct principal *api_principal(const struct request *request)
{
    return request_principal(request);
}

static const char *event_of(const struct request *request, const struct principal *principal)
{
    const char *event = request_param(request, "event");
    if (event[0] != '\0')
        return event;
    event = request_query(request, "event");
    if (event != NULL && event[0] != '\0')
        return event;
    if (principal == NULL)
        return "";
    if (principal->kind == PRINCIPAL_TOKEN)
        return principal->event;
    return principal->membership_count == 1 ? principal->memberships[0].event : "";
}

const char *api_event(const struct request *request)
{
    return event_of(request, api_principal(request));
}

struct actor api_actor(const struct request *request)
{
    return actor_of(api_principal(request), request_peer(request));
}

static enum err check_origin(const struct request *request, const struct credential *credential,
                             struct err_note *note)
{
    struct csrf_facts facts = {.credential = credential->kind,
                               .method = request_method(request),
                               .sec_fetch_site = request_header(request, "Sec-Fetch-Site"),
                               .origin = request_header(request, "Origin"),
                               .host = request_header(request, "Host"),
                               .is_secure = request_is_secure(request)};
    if (csrf_is_safe(&facts))
        return ERR_NONE;
    return err_set(
        note, ERR_FORBIDDEN, "header Origin",
        "this request was not sent by a page of this server; a program that signs in with a "
        "cookie sends Origin with this server's address, and a proxy that ends TLS must be "
        "one of trusted-proxies");
}

/* A token has no roles to be given; its holder can ask for another one, or for what it was needed for. */
static enum err deny_token(uint32_t roles, struct err_note *note)
{
    for (const struct token_role *other = api_token_roles; other->role != 0; other++) {
        if ((roles & other->role) != 0)
            return err_set(note, ERR_FORBIDDEN, "role",
                           "this needs a token that %s; ask an organiser for one", other->may);
    }
    return err_set(note, ERR_FORBIDDEN, "role",
                   "this is for people; sign in instead of sending a token%s",
                   (roles & ROLES_EVENT) != 0 ? ", or ask an organiser to do it" : "");
}

/* Which roles would do: the same at every event, and so no secret. */
static enum err deny(uint32_t roles, const char *event, struct err_note *note)
{
    SCOPED_TEXT list;
    text_init(&list, 128);
    for (unsigned i = 0; ROLE_NAMES[i] != NULL; i++) {
        if ((roles & (uint32_t)ROLE_ORGANISER << i) != 0)
            text_addf(&list, "%s%s", list.len == 0 ? "" : " or ", ROLE_NAMES[i]);
    }
    if (roles == ROLE_DEVICE)
        return err_set(note, ERR_FORBIDDEN, "role", "this is for devices; send a device's token");
    if ((roles & ROLES_EVENT) != 0)
        return err_set(note, ERR_FORBIDDEN, "role",
                       "this needs the role %s at the event%s%.*s; ask an organiser for it",
                       list.bytes, event[0] == '\0' ? "" : " ", LIMIT_ID_LEN, event);
    bool is_for_people = (roles & ROLE_PERSON) != 0;
    return err_set(note, ERR_FORBIDDEN, "role",
                   is_for_people ? "this is for people; sign in instead of sending a token"
                                 : "this needs an admin of this installation; ask one to do it");
}

static enum err refuse(enum access access, const struct route *route,
                       const struct principal *principal, const char *event, struct err_note *note)
{
    bool is_token = principal != NULL && principal->kind == PRINCIPAL_TOKEN;
    switch (access) {
    case ACCESS_GRANTED:
        return ERR_NONE;
    case ACCESS_UNKNOWN:
        return err_set(note, ERR_UNAUTHENTICATED, "",
                       "sign in, or send a token: Authorization: Bearer mst_...");
    case ACCESS_HIDDEN:
        return err_set(note, ERR_NOT_FOUND, "event",
                       is_token
                           ? "there is no event \"%.*s\" for this token; ask an organiser of "
                             "the event that you mean for one"
                           : "there is no event \"%.*s\" for you; GET /api/v1/events lists yours",
                       LIMIT_ID_LEN, event);
    case ACCESS_DENIED:
        if (is_token && route->roles != ROLE_ADMIN)
            return deny_token(route->roles, note);
        return deny(route->roles, event, note);
    case ACCESS_UNCERTAIN:
        return err_set(note, ERR_INVALID, "event", "say which event you mean, by ?event=");
    }
    return ERR_FORBIDDEN;
}

static enum err look_up(const struct app *app, const struct credential *credential,
                        struct principal **out_principal)
{
    int64_t now_ms = clock_now_ms();
    return credential->kind == CREDENTIAL_BEARER
               ? accounts_principal_of_token(app->accounts, credential->secret, now_ms,
                                             out_principal)
               : accounts_principal_of_session(app->accounts, credential->secret, now_ms,
                                               out_principal);
}

/* Nobody is NULL and no failure; a token that was sent and is not known is one. */
static enum err find_principal(const struct app *app, const struct credential *credential,
                               struct principal **out_principal, struct err_note *note)
{
    if (credential->kind == CREDENTIAL_NONE)
        return ERR_NONE;
    enum err err = look_up(app, credential, out_principal);
    if (err == ERR_UNAUTHENTICATED && credential->kind == CREDENTIAL_BEARER)
        return err_set(note, err, "header Authorization",
                       "this token is not known here, or was revoked; ask for a new one");
    if (err == ERR_BUSY)
        return err_set(note, err, "", "the database is away; try again soon");
    return err == ERR_UNAUTHENTICATED ? ERR_NONE : err;
}

/* Roles keep others out of events that are not; an admin's reach must end there too. */
static enum err check_event_exists(const struct app *app, const char *event, struct err_note *note)
{
    struct db *db = store_reader_take(app->main_store);
    if (db == NULL)
        return err_set(note, ERR_BUSY, "", "the database is away; try again soon");
    enum err err = event_exists(db, event);
    store_reader_give(app->main_store, db);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "event", "there is no event %s", event);
    if (err == ERR_NONE)
        known_event_note(event, clock_now_ms());
    return err;
}

static void adopt(struct request *request, struct principal *principal, const char *event)
{
    char key[48];
    uint32_t roles = principal_roles(principal, event);
    if (principal->kind == PRINCIPAL_PERSON)
        roles |= ROLE_PERSON | (principal->is_admin ? ROLE_ADMIN | ROLES_EVENT : 0);
    request_set_roles(request, roles);
    request_set_principal(request, principal, principal_unref);
    if (principal->kind == PRINCIPAL_TOKEN)
        (void)snprintf(key, sizeof key, "token:%" PRId64, principal->token_id);
    else
        (void)snprintf(key, sizeof key, "person:%" PRId64, principal->person_id);
    request_set_rate_key(request, key);
}

static struct principal *remembered(const struct app *app, const struct credential *credential)
{
    if (credential->kind == CREDENTIAL_NONE)
        return NULL;
    enum principal_kind kind =
        credential->kind == CREDENTIAL_BEARER ? PRINCIPAL_TOKEN : PRINCIPAL_PERSON;
    return accounts_principal_remembered(app->accounts, kind, credential->secret, clock_now_ms());
}

enum err api_authorise(struct request *request, const struct route *route, void *context,
                       struct err_note *note)
{
    const struct app *app = context;
    struct credential credential;
    credential_read(request, &credential);
    TRY(check_origin(request, &credential, note));
    if (route->roles == 0)
        return ERR_NONE;
    struct principal *principal =
        request_is_on_worker(request) ? NULL : remembered(app, &credential);
    if (principal == NULL) {
        if (credential.kind != CREDENTIAL_NONE && request_to_worker(request))
            return ERR_NONE;
        TRY(find_principal(app, &credential, &principal, note));
    }
    const char *event = event_of(request, principal);
    bool must_look = principal != NULL && principal->is_admin && event[0] != '\0' &&
                     !known_event_is_recent(event, clock_now_ms());
    if (must_look && request_to_worker(request)) {
        principal_unref(principal);
        return ERR_NONE;
    }
    if (principal != NULL)
        adopt(request, principal, event);
    TRY(refuse(access_decide(route->roles, principal, event), route, principal, event, note));
    return must_look ? check_event_exists(app, event, note) : ERR_NONE;
}
