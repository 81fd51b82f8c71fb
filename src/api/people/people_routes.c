// SPDX-License-Identifier: Apache-2.0
/* The people of the installation, for admins: who there is, who may sign in, new passwords. */
#include "api/api.h"
#include "api/people/people_json.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

/* --- new ones, and the list --- */

static const struct json_field PERSON_FIELDS[] = {
    {.name = "email",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     .min = 3,
     JSON_TEXT(struct person_new, email),
     .doc = "What they sign in with; unique."},
    {.name = "name",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     .min = 1,
     JSON_TEXT(struct person_new, name),
     .doc = "What others see."},
    {.name = "password",
     .kind = JSON_FIELD_TEXT,
     .need = JSON_REQUIRED,
     JSON_TEXT(struct person_new, password),
     .doc = "A first one: 8 to 256 bytes, and not an obvious one."},
    {.name = "is_admin",
     .kind = JSON_FIELD_BOOL,
     JSON_AT(struct person_new, is_admin),
     .doc = "May do everything in the whole installation."},
};

struct person_creation {
    struct person_draft draft;
    struct actor actor;
};

static enum err insert_person(struct db *db, void *context, struct created *out,
                              struct err_note *note)
{
    const struct person_creation *creation = context;
    TRY(person_insert(db, &creation->draft, &creation->actor, note));
    out->body = json_of_person(&creation->draft.person);
    (void)snprintf(out->location, sizeof out->location, "/api/v1/people/%" PRId64,
                   creation->draft.person.id);
    return ERR_NONE;
}

static enum err prepare_person(const struct request *request, const struct app *app,
                               struct person_draft *out_draft, struct err_note *note)
{
    struct person_new wanted = {.email = ""};
    TRY(request_read_json(request, &wanted, NULL, note));
    enum err err = person_prepare(app->accounts, &wanted, clock_now_ms(), out_draft, note);
    explicit_bzero(&wanted, sizeof wanted);
    return err;
}

static void create_person(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    struct person_creation creation = {.actor = api_actor(request)};
    enum err err = prepare_person(request, app, &creation.draft, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        api_create(request, app, insert_person, NULL, &creation);
}

static enum err read_people(const struct request *request, struct db *db, struct id_page *page)
{
    (void)request;
    SCOPED_MEM struct person *people = NULL;
    size_t count = 0;
    TRY(person_list(db, page->after_id, page->limit, &people, &count));
    for (size_t i = 0; i < count; i++)
        id_page_add(page, people[i].id, json_of_person(&people[i]));
    return ERR_NONE;
}

static void list_people(struct request *request, void *context)
{
    api_list_by_id(request, context, read_people);
}

/* --- one of them --- */

static void tell_person(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    struct person person;
    enum err err = person_of_path(request, context, &person, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, json_of_person(&person));
}

static const struct json_field CHANGE_FIELDS[] = {
    {.name = "name",
     .kind = JSON_FIELD_TEXT,
     .min = 1,
     JSON_TEXT(struct person_change, name),
     .present_offset = offsetof(struct person_change, has_name),
     .doc = "What others see."},
    {.name = "is_disabled",
     .kind = JSON_FIELD_BOOL,
     JSON_AT(struct person_change, is_disabled),
     .present_offset = offsetof(struct person_change, has_is_disabled),
     .doc = "May not sign in; every session of theirs ends at once."},
};

static enum err do_change(const struct request *request, const struct app *app,
                          struct person *out_person, struct err_note *note)
{
    struct person_change change = {.name = ""};
    struct person person;
    TRY(request_read_json(request, &change, NULL, note));
    TRY(person_of_path(request, app, &person, note));
    struct actor actor = api_actor(request);
    return person_change(app->accounts, &actor, person.id, &change, clock_now_ms(), out_person,
                         note);
}

static void change_person(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    struct person person;
    enum err err = do_change(request, context, &person, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, json_of_person(&person));
}

struct reset {
    char password[LIMIT_PASSWORD_LEN + 1];
    bool is_given;
};

static const struct json_field RESET_FIELDS[] = {
    {.name = "password",
     .kind = JSON_FIELD_TEXT,
     JSON_TEXT(struct reset, password),
     .present_offset = offsetof(struct reset, is_given),
     .doc = "The new one: 8 to 256 bytes, and not an obvious one; a random one when absent."},
};

static enum err do_reset(const struct request *request, const struct app *app, struct reset *reset,
                         struct err_note *note)
{
    struct person person;
    TRY(request_read_json(request, reset, NULL, note));
    TRY(person_of_path(request, app, &person, note));
    if (!reset->is_given)
        password_random(reset->password);
    struct actor actor = api_actor(request);
    return person_password_reset(app->accounts, &actor, person.id, reset->password, clock_now_ms(),
                                 note);
}

static void reset_password(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    struct reset reset = {.password = ""};
    enum err err = do_reset(request, context, &reset, &note);
    reply_header(request, "Cache-Control", "no-store");
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else if (reset.is_given)
        reply_empty(request, 204);
    else
        reply_json(request, 200, json_pack("{s:s}", "password", reset.password));
    explicit_bzero(&reset, sizeof reset);
}

const struct route people_routes[] = {
    {.method = "GET",
     .path = "/api/v1/people",
     .roles = ROLE_ADMIN,
     .thread = ROUTE_WORKER,
     .handle = list_people,
     .tag = "People",
     .summary = "Everybody who can sign in.",
     .query = api_page_query},
    {.method = "POST",
     .path = "/api/v1/people",
     .roles = ROLE_ADMIN,
     .thread = ROUTE_WORKER,
     .rate = {.limit = 120, .period_s = 60, .burst = 60}, /* each hashes a password */
     .handle = create_person,
     .tag = "People",
     .summary = "Creates a person; takes an Idempotency-Key.",
     .body_fields = PERSON_FIELDS,
     .body_field_count = COUNT_OF(PERSON_FIELDS)},
    {.method = "GET",
     .path = "/api/v1/people/{person}",
     .roles = ROLE_ADMIN,
     .thread = ROUTE_WORKER,
     .handle = tell_person,
     .tag = "People",
     .summary = "One person, named by id or e-mail address."},
    {.method = "PATCH",
     .path = "/api/v1/people/{person}",
     .roles = ROLE_ADMIN,
     .thread = ROUTE_WORKER,
     .handle = change_person,
     .tag = "People",
     .summary = "Changes what is given; who is disabled is signed out everywhere.",
     .body_fields = CHANGE_FIELDS,
     .body_field_count = COUNT_OF(CHANGE_FIELDS)},
    {.method = "POST",
     .path = "/api/v1/people/{person}/password",
     .roles = ROLE_ADMIN,
     .thread = ROUTE_WORKER,
     .body_max = 4096,
     .rate = {.limit = 30, .period_s = 60, .burst = 30},
     .handle = reset_password,
     .tag = "People",
     .summary = "Gives somebody else a new password, a random one shown this once; signs them out "
                "everywhere.",
     .body_fields = RESET_FIELDS,
     .body_field_count = COUNT_OF(RESET_FIELDS)},
};
const size_t people_route_count = COUNT_OF(people_routes);
