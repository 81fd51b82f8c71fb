// SPDX-License-Identifier: Apache-2.0
/* Who may do what at an event: its members, the tokens of its devices, and the log of changes. */
#include "api/api.h"
#include "api/people/people_json.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

/* --- members --- */

static json_t *member_json(const struct member *member)
{
    return json_pack("{s:{s:I, s:s, s:s}, s:o}", "person", "id", (json_int_t)member->person.id,
                     "email", member->person.email, "name", member->person.name, "roles",
                     json_of_roles(member->roles));
}

static enum err read_members(const struct request *request, struct db *db, struct id_page *page)
{
    SCOPED_MEM struct member *members = NULL;
    size_t count = 0;
    TRY(member_list(db, api_event(request), page->after_id, page->limit, &members, &count));
    for (size_t i = 0; i < count; i++)
        id_page_add(page, members[i].person.id, member_json(&members[i]));
    return ERR_NONE;
}

static void list_members(struct request *request, void *context)
{
    api_list_by_id(request, context, read_members);
}

struct roles_body {
    json_t *roles;
};

static const struct json_field ROLES_FIELDS[] = {
    {.name = "roles",
     .kind = JSON_FIELD_ANY,
     .need = JSON_REQUIRED,
     JSON_AT(struct roles_body, roles),
     .doc = "A list of organiser, control, crew, door, guest; at least one."},
};

static enum err parse_roles(const json_t *list, uint32_t *out_roles, struct err_note *note)
{
    uint32_t roles = 0;
    size_t i;
    json_t *name;
    if (!json_is_array(list) || json_array_size(list) == 0)
        return err_set(note, ERR_INVALID, "roles",
                       "must be a list of one or more of organiser, control, crew, door, guest");
    json_array_foreach(list, i, name)
    {
        uint32_t role = json_is_string(name) ? role_of_name(json_string_value(name)) : 0;
        char place[32];
        (void)snprintf(place, sizeof place, "roles[%zu]", i);
        if (role == 0)
            return err_set(note, ERR_INVALID, place,
                           "must be one of: organiser, control, crew, door, guest");
        roles |= role;
    }
    *out_roles = roles;
    return ERR_NONE;
}

static enum err do_set(const struct request *request, const struct app *app,
                       struct member *out_member, struct err_note *note)
{
    struct roles_body body = {.roles = NULL};
    SCOPED_JSON *document = NULL;
    TRY(request_read_json(request, &body, &document, note));
    TRY(parse_roles(body.roles, &out_member->roles, note));
    TRY(person_of_path(request, app, &out_member->person, note));
    struct actor actor = api_actor(request);
    return member_set(app->accounts, &actor, api_event(request), out_member->person.id,
                      out_member->roles, clock_now_ms(), note);
}

static void set_member(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    struct member member = {.roles = 0};
    enum err err = do_set(request, context, &member, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, member_json(&member));
}

static enum err do_remove(const struct request *request, const struct app *app,
                          struct err_note *note)
{
    struct person person;
    TRY(person_of_path(request, app, &person, note));
    struct actor actor = api_actor(request);
    return member_remove(app->accounts, &actor, api_event(request), person.id, clock_now_ms(),
                         note);
}

static void remove_member(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    enum err err = do_remove(request, context, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_empty(request, 204);
}

/* --- tokens --- */

static const struct json_field TOKEN_FIELDS[] = {
    {.name = "name",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     .min = 1,
     JSON_TEXT(struct device_token, name),
     .doc = "What it is for."},
    {.name = "device",
     .kind = JSON_FIELD_ID,
     JSON_AT(struct device_token, device),
     .doc = "The only device that may use it; any device of the event when absent."},
    {.name = "purpose",
     .kind = JSON_FIELD_ENUM,
     JSON_AT(struct device_token, purpose),
     .names = token_purpose_names,
     .doc = "send, when absent: sends what devices measure. read: reads how many people are where, "
            "for another platform, and nothing else; of no device."},
};

static json_t *token_json(const struct device_token *token)
{
    return json_pack(
        "{s:I, s:s, s:s, s:s, s:s*, s:o, s:o, s:o}", "id", (json_int_t)token->id, "event",
        token->event, "name", token->name, "purpose", token_purpose_name(token->purpose), "device",
        token->device[0] == '\0' ? NULL : token->device, "created_at",
        json_of_time(token->created_at_ms), "last_used_at", json_of_time(token->last_used_at_ms),
        "revoked_at", json_of_time(token->revoked_at_ms));
}

static enum err read_tokens(const struct request *request, struct db *db, struct id_page *page)
{
    SCOPED_MEM struct device_token *tokens = NULL;
    size_t count = 0;
    TRY(token_list(db, api_event(request), page->after_id, page->limit, &tokens, &count));
    for (size_t i = 0; i < count; i++)
        id_page_add(page, tokens[i].id, token_json(&tokens[i]));
    return ERR_NONE;
}

static void list_tokens(struct request *request, void *context)
{
    api_list_by_id(request, context, read_tokens);
}

struct token_creation {
    struct actor actor;
    struct device_token wanted;
    int64_t now_ms;
};

static enum err insert_token(struct db *db, void *context, struct created *out,
                             struct err_note *note)
{
    const struct token_creation *creation = context;
    struct device_token token;
    char secret[TOKEN_SECRET_SIZE];
    TRY(token_insert(db, &creation->actor, &creation->wanted, creation->now_ms, &token, secret,
                     note));
    out->body = token_json(&token);
    (void)json_object_set_new(out->body, "token", json_string(secret));
    (void)snprintf(out->location, sizeof out->location, "/api/v1/events/%s/tokens/%" PRId64,
                   token.event, token.id);
    return ERR_NONE;
}

static void create_token(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    struct token_creation creation = {.actor = api_actor(request), .now_ms = clock_now_ms()};
    (void)text_copy(creation.wanted.event, sizeof creation.wanted.event, api_event(request));
    enum err err = request_read_json(request, &creation.wanted, NULL, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        api_create(request, app, insert_token, NULL, &creation);
}

static void revoke_token(struct request *request, void *context)
{
    const struct app *app = context;
    struct actor actor = api_actor(request);
    int64_t id = api_param_id(request, "token");
    enum err err = token_revoke(app->accounts, &actor, api_event(request), id, clock_now_ms());
    if (err != ERR_NONE)
        reply_problem(request, err, NULL);
    else
        reply_empty(request, 204);
}

/* --- the log --- */

static json_t *audit_json(const struct audit_row *row)
{
    return json_pack("{s:o, s:s, s:s, s:s, s:{s:I, s:I, s:s, s:s}}", "at", json_of_time(row->at_ms),
                     "action", row->action, "subject", row->subject, "detail", row->detail, "who",
                     "person", (json_int_t)row->person_id, "token", (json_int_t)row->token_id,
                     "name", row->name, "address", row->address);
}

static enum err read_audit_cursor(const struct request *request, struct audit_cursor *out_cursor,
                                  struct err_note *note)
{
    struct audit_cursor cursor = {0};
    const char *text = request_query(request, "cursor");
    int end = 0;
    if (text != NULL && (strspn(text, "0123456789.") != strlen(text) || strlen(text) > 60 ||
                         sscanf(text, "%" SCNd64 ".%" SCNd64 ".%" SCNd64 "%n", &cursor.at_ms,
                                &cursor.chain, &cursor.number, &end) != 3 ||
                         text[end] != '\0'))
        return err_set(note, ERR_MALFORMED, "cursor", "is not one that this list gave");
    *out_cursor = cursor;
    return ERR_NONE;
}

static enum err read_audit(const struct request *request, const struct app *app, size_t *out_limit,
                           struct audit_row **out_rows, size_t *out_count, struct err_note *note)
{
    struct audit_cursor cursor;
    TRY(read_audit_cursor(request, &cursor, note));
    TRY(api_page_limit(request, out_limit, note));
    struct db *db = NULL;
    TRY(api_reader_take(app, &db, note));
    /* The path's event, and none where the path has none: the installation's own rows. */
    enum err err =
        audit_list(db, request_param(request, "event"), cursor, *out_limit, out_rows, out_count);
    store_reader_give(app->main_store, db);
    return err;
}

static void list_audit(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    SCOPED_MEM struct audit_row *rows = NULL;
    size_t count = 0, limit = 0;
    enum err err = read_audit(request, context, &limit, &rows, &count, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(items, audit_json(&rows[i]));
    char next[64] = "";
    if (count == limit)
        (void)snprintf(next, sizeof next, "%" PRId64 ".%" PRId64 ".%" PRId64, rows[count - 1].at_ms,
                       rows[count - 1].chain, rows[count - 1].number);
    api_reply_page(request, items, next);
}

const struct route members_routes[] = {
    {.method = "GET",
     .path = "/api/v1/events/{event}/members",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = list_members,
     .tag = "Members",
     .summary = "Who has which roles at the event.",
     .query = api_page_query},
    {.method = "PUT",
     .path = "/api/v1/events/{event}/members/{person}",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = set_member,
     .tag = "Members",
     .summary = "Sets the roles of a person, named by id or e-mail address.",
     .body_fields = ROLES_FIELDS,
     .body_field_count = COUNT_OF(ROLES_FIELDS)},
    {.method = "DELETE",
     .path = "/api/v1/events/{event}/members/{person}",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = remove_member,
     .tag = "Members",
     .summary = "Takes all roles at the event from a person."},
    {.method = "GET",
     .path = "/api/v1/events/{event}/tokens",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = list_tokens,
     .tag = "Tokens",
     .summary = "The tokens of devices and programs, without their secrets.",
     .query = api_page_query},
    {.method = "POST",
     .path = "/api/v1/events/{event}/tokens",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = create_token,
     .tag = "Tokens",
     .summary = "Creates a token and shows it, this once; takes an Idempotency-Key.",
     .body_fields = TOKEN_FIELDS,
     .body_field_count = COUNT_OF(TOKEN_FIELDS)},
    {.method = "DELETE",
     .path = "/api/v1/events/{event}/tokens/{token}",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = revoke_token,
     .tag = "Tokens",
     .summary = "Revokes a token at once."},
    {.method = "GET",
     .path = "/api/v1/events/{event}/audit",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = list_audit,
     .tag = "Audit",
     .summary = "Who changed what at the event, when, from where; newest first.",
     .query = api_page_query},
    {.method = "GET",
     .path = "/api/v1/audit",
     .roles = ROLE_ADMIN,
     .thread = ROUTE_WORKER,
     .handle = list_audit,
     .tag = "Audit",
     .summary = "The same of the installation: people and sessions.",
     .query = api_page_query},
};
const size_t members_route_count = COUNT_OF(members_routes);
