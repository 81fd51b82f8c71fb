// SPDX-License-Identifier: Apache-2.0
/* Sessions, tokens, roles and the first admin, on real stores. */
#include "accounts/accounts_internal.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "store/place_test.h"

static const int64_t NOW_MS = 1750000000000;
static const int64_t MINUTE_MS = 60000;
static const char PASSWORD[] = "Karussell-am-See";

static struct store *open_store(const struct place *place)
{
    return place_open(place, &accounts_store_module, 1);
}

static struct accounts *open_accounts(struct store *store)
{
    struct accounts_options options = {
        .store = store, .password_passes = 1, .password_bytes = 8192};
    struct accounts *accounts = NULL;
    struct err_note note = {.detail = ""};
    CHECK(accounts_open(&options, &accounts, &note) == ERR_NONE);
    return accounts;
}

static int64_t make_person(struct accounts *accounts, const char *email)
{
    struct person_new wanted = {.name = "Anna"};
    (void)text_copy(wanted.email, sizeof wanted.email, email);
    (void)text_copy(wanted.password, sizeof wanted.password, PASSWORD);
    struct actor actor = actor_program("test");
    struct person person;
    CHECK(person_create(accounts, &wanted, &actor, NOW_MS, &person, NULL) == ERR_NONE);
    return person.id;
}

/* Waits for what the writer had to do before. */
static enum err do_nothing(struct db *db, void *context, struct err_note *note)
{
    (void)db;
    (void)context;
    (void)note;
    return ERR_NONE;
}

struct
try {
    enum err err;
    char token[SESSION_TOKEN_SIZE];
    struct session session;
};

static struct try sign_in_replacing(struct accounts *accounts, const char *email,
                                    const char *password, int64_t replaces, int64_t now_ms)
{
    struct try try = {.token = ""};
    struct sign_in sign_in = {.email = email,
                              .password = password,
                              .address = "192.0.2.1",
                              .agent = "test",
                              .replaces_session_id = replaces};
    try.err = session_sign_in(accounts, &sign_in, now_ms, try.token, &try.session, NULL);
    return try;
}

static struct try sign_in(struct accounts *accounts, const char *email, const char *password,
                          int64_t now_ms)
{
    return sign_in_replacing(accounts, email, password, 0, now_ms);
}

/* The roles at "fest", or -1 for an unknown session. */
static int64_t roles_by(struct accounts *accounts, const char *token, int64_t now_ms)
{
    struct principal *principal = NULL;
    if (accounts_principal_of_session(accounts, token, now_ms, &principal) != ERR_NONE)
        return -1;
    int64_t roles = principal_roles(principal, "fest") & ~(uint32_t)ROLE_PERSON;
    principal_unref(principal);
    return roles;
}

ON_BOTH_ENGINES(right_password_opens_a_session_and_a_wrong_one_does_not)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    int64_t person_id = make_person(accounts, "anna@example.org");
    CHECK(sign_in(accounts, "anna@example.org", "Karussell-am-sEE", NOW_MS).err ==
          ERR_UNAUTHENTICATED);
    CHECK(sign_in(accounts, "bert@example.org", PASSWORD, NOW_MS).err == ERR_UNAUTHENTICATED);
    CHECK(sign_in(accounts, "not an address", PASSWORD, NOW_MS).err == ERR_UNAUTHENTICATED);
    struct try try = sign_in(accounts, " ANNA@example.org", PASSWORD, NOW_MS);
    CHECK(try.err == ERR_NONE);
    CHECK_INT(strlen(try.token), 43);
    struct principal *principal = NULL;
    CHECK(accounts_principal_of_session(accounts, try.token, NOW_MS, &principal) == ERR_NONE);
    CHECK_INT(principal->person_id, person_id);
    CHECK_INT(principal->session_id, try.session.id);
    CHECK_TEXT(principal->email, "anna@example.org");
    principal_unref(principal);
    CHECK(accounts_principal_of_token(accounts, try.token, NOW_MS, &principal) ==
          ERR_UNAUTHENTICATED);
    CHECK_INT(roles_by(accounts, "no such token", NOW_MS), -1);
}

ON_BOTH_ENGINES(guessing_is_stopped_even_with_the_right_password)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    (void)make_person(accounts, "anna@example.org");
    for (int i = 0; i < 5; i++)
        CHECK(sign_in(accounts, "anna@example.org", "guess-number-1", NOW_MS).err ==
              ERR_UNAUTHENTICATED);
    CHECK(sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS).err == ERR_TOO_MANY);
    CHECK(sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS + MINUTE_MS).err == ERR_NONE);
}

ON_BOTH_ENGINES(session_ends_when_idle_and_in_any_case_after_its_time)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    (void)make_person(accounts, "anna@example.org");
    struct try idle = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    CHECK_INT(roles_by(accounts, idle.token, NOW_MS + 30 * MINUTE_MS - 1), 0);
    /* That request counts: it was written that somebody was there. */
    CHECK(store_write(store, do_nothing, NULL, NULL) == ERR_NONE);
    CHECK_INT(roles_by(accounts, idle.token, NOW_MS + 60 * MINUTE_MS - 2), 0);
    CHECK(store_write(store, do_nothing, NULL, NULL) == ERR_NONE);
    CHECK_INT(roles_by(accounts, idle.token, NOW_MS + 90 * MINUTE_MS), -1);

    int64_t at_ms = NOW_MS;
    struct try busy = sign_in(accounts, "anna@example.org", PASSWORD, at_ms);
    for (; at_ms < NOW_MS + 8 * 60 * MINUTE_MS; at_ms += 20 * MINUTE_MS) {
        CHECK_INT(roles_by(accounts, busy.token, at_ms), 0);
        CHECK(store_write(store, do_nothing, NULL, NULL) == ERR_NONE);
    }
    CHECK_INT(roles_by(accounts, busy.token, at_ms), -1);
}

TEST(session_times_are_what_the_options_say)
{
    SCOPED(store) store = open_store(place_sqlite());
    struct accounts_options options = {.store = store,
                                       .session_idle_ms = 40000,
                                       .session_absolute_ms = 100000,
                                       .password_passes = 1,
                                       .password_bytes = 8192};
    SCOPED(accounts) accounts = NULL;
    CHECK(accounts_open(&options, &accounts, NULL) == ERR_NONE);
    (void)make_person(accounts, "anna@example.org");
    struct try try = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    CHECK_INT(try.session.expires_at_ms, NOW_MS + 100000);
    /* Shorter than the minute that "last seen" is kept to: who is active must not idle away. */
    for (int64_t at_ms = NOW_MS; at_ms < NOW_MS + 100000; at_ms += 11000) {
        CHECK_INT(roles_by(accounts, try.token, at_ms), 0);
        CHECK(store_write(store, do_nothing, NULL, NULL) == ERR_NONE);
    }
    CHECK_INT(roles_by(accounts, try.token, NOW_MS + 100000), -1);
    struct try idle = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    CHECK_INT(roles_by(accounts, idle.token, NOW_MS + 40000), -1);
}

ON_BOTH_ENGINES(signing_out_and_revoking_work_at_once)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    int64_t anna = make_person(accounts, "anna@example.org");
    int64_t bert = make_person(accounts, "bert@example.org");
    struct actor actor = actor_program("test");
    struct try first = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    struct try second = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS + 1);
    CHECK_INT(roles_by(accounts, first.token, NOW_MS + 2), 0);
    CHECK_INT(roles_by(accounts, second.token, NOW_MS + 2), 0);

    struct session *sessions = NULL;
    size_t count = 0;
    CHECK(session_list(accounts, anna, NOW_MS + 2, &sessions, &count) == ERR_NONE);
    CHECK_INT(count, 2);
    CHECK_INT(sessions[0].id, second.session.id);
    CHECK_TEXT(sessions[0].address, "192.0.2.1");
    mem_free(sessions);

    CHECK(session_revoke(accounts, &actor, bert, first.session.id, NOW_MS) == ERR_NOT_FOUND);
    CHECK(session_revoke(accounts, &actor, anna, first.session.id, NOW_MS) == ERR_NONE);
    CHECK_INT(roles_by(accounts, first.token, NOW_MS + 2), -1);
    CHECK_INT(roles_by(accounts, second.token, NOW_MS + 2), 0);
    struct try third =
        sign_in_replacing(accounts, "anna@example.org", PASSWORD, second.session.id, NOW_MS + 3);
    CHECK_INT(roles_by(accounts, second.token, NOW_MS + 3), -1);
    CHECK_INT(roles_by(accounts, third.token, NOW_MS + 3), 0);
}

ON_BOTH_ENGINES(person_has_a_bounded_number_of_sessions)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    int64_t anna = make_person(accounts, "anna@example.org");
    struct try first = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    for (int i = 1; i <= LIMIT_SESSIONS_PER_PERSON; i++)
        CHECK(sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS + i).err == ERR_NONE);
    struct session *sessions = NULL;
    size_t count = 0;
    CHECK(session_list(accounts, anna, NOW_MS + 100, &sessions, &count) == ERR_NONE);
    mem_free(sessions);
    CHECK_INT(count, LIMIT_SESSIONS_PER_PERSON);
    CHECK_INT(roles_by(accounts, first.token, NOW_MS + 100), -1);
}

ON_BOTH_ENGINES(new_password_ends_the_other_sessions)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    int64_t anna = make_person(accounts, "anna@example.org");
    struct try here = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    struct try there = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    CHECK_INT(roles_by(accounts, there.token, NOW_MS), 0);
    struct actor actor = {.person_id = anna, .address = "192.0.2.1"};
    struct password_change wrong = {.current = "Karussell-am-sEE", .next = "Riesenrad-am-See"};
    struct password_change weak = {.current = "Karussell-am-See", .next = "password123"};
    struct password_change good = {.current = "Karussell-am-See", .next = "Riesenrad-am-See"};
    CHECK(person_password_change(accounts, &actor, &wrong, here.session.id, NOW_MS, NULL) ==
          ERR_FORBIDDEN);
    CHECK(person_password_change(accounts, &actor, &weak, here.session.id, NOW_MS, NULL) ==
          ERR_INVALID);
    CHECK_INT(roles_by(accounts, there.token, NOW_MS), 0);
    CHECK(person_password_change(accounts, &actor, &good, here.session.id, NOW_MS, NULL) ==
          ERR_NONE);
    CHECK_INT(roles_by(accounts, here.token, NOW_MS), 0);
    CHECK_INT(roles_by(accounts, there.token, NOW_MS), -1);
    CHECK(sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS).err == ERR_UNAUTHENTICATED);
    CHECK(sign_in(accounts, "anna@example.org", "Riesenrad-am-See", NOW_MS).err == ERR_NONE);
}

ON_BOTH_ENGINES(roles_change_at_once_here_and_within_two_seconds_elsewhere)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    int64_t anna = make_person(accounts, "anna@example.org");
    struct actor actor = actor_program("test");
    struct try try = sign_in(accounts, "anna@example.org", PASSWORD, NOW_MS);
    CHECK_INT(roles_by(accounts, try.token, NOW_MS), 0);
    CHECK(member_set(accounts, &actor, "fest", anna, ROLE_CREW | ROLE_DOOR, NOW_MS, NULL) ==
          ERR_NONE);
    CHECK_INT(roles_by(accounts, try.token, NOW_MS), ROLE_CREW | ROLE_DOOR);
    CHECK(member_set(accounts, &actor, "fest", anna, ROLE_CONTROL, NOW_MS, NULL) == ERR_NONE);
    CHECK_INT(roles_by(accounts, try.token, NOW_MS), ROLE_CONTROL);
    CHECK(member_set(accounts, &actor, "fest", anna, ROLE_ADMIN, NOW_MS, NULL) == ERR_INVALID);
    CHECK(member_set(accounts, &actor, "fest", anna, 0, NOW_MS, NULL) == ERR_INVALID);
    CHECK(member_set(accounts, &actor, "fest", 12345, ROLE_CREW, NOW_MS, NULL) == ERR_NOT_FOUND);

    /* A process that heard nothing: written past this one's memory. */
    CHECK(place_write(store, "DELETE FROM membership") == ERR_NONE);
    CHECK_INT(roles_by(accounts, try.token, NOW_MS + PRINCIPAL_RENEW_MS - 1), ROLE_CONTROL);
    CHECK_INT(roles_by(accounts, try.token, NOW_MS + PRINCIPAL_TTL_MS), 0);
    CHECK(member_remove(accounts, &actor, "fest", anna, NOW_MS, NULL) == ERR_NOT_FOUND);
}

ON_BOTH_ENGINES(token_is_known_until_it_is_revoked_and_nowhere_in_the_clear)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    struct actor actor = actor_program("test");
    struct device_token wanted = {.event = "fest", .device = "cam-1", .name = "North gate"};
    struct device_token token;
    char secret[TOKEN_SECRET_SIZE];
    CHECK(token_create(accounts, &actor, &wanted, NOW_MS, &token, secret, NULL) == ERR_NONE);
    CHECK(strncmp(secret, "mst_", 4) == 0 && strlen(secret) == 47);
    struct principal *principal = NULL;
    CHECK(accounts_principal_of_token(accounts, secret, NOW_MS, &principal) == ERR_NONE);
    CHECK_TEXT(principal->event, "fest");
    CHECK_TEXT(principal->device, "cam-1");
    principal_unref(principal);
    CHECK(accounts_principal_of_session(accounts, secret, NOW_MS, &principal) ==
          ERR_UNAUTHENTICATED);

    CHECK(store_write(store, do_nothing, NULL, NULL) == ERR_NONE);
    struct db *db = store_reader_take(store);
    struct device_token *tokens = NULL;
    size_t count = 0;
    CHECK(token_list(db, "fest", 0, 10, &tokens, &count) == ERR_NONE);
    CHECK_INT(count, 1);
    CHECK_INT(tokens[0].last_used_at_ms, NOW_MS);
    mem_free(tokens);
    int64_t readable;
    CHECK(sql_one_int(db, &readable, "SELECT COUNT(*) FROM device_token WHERE name = $1",
                      SQL_TEXT(secret)) == ERR_NONE);
    CHECK_INT(readable, 0);
    store_reader_give(store, db);

    CHECK(token_revoke(accounts, &actor, "fair", token.id, NOW_MS) == ERR_NOT_FOUND);
    CHECK(accounts_principal_of_token(accounts, secret, NOW_MS, &principal) == ERR_NONE);
    principal_unref(principal);
    CHECK(token_revoke(accounts, &actor, "fest", token.id, NOW_MS) == ERR_NONE);
    CHECK(accounts_principal_of_token(accounts, secret, NOW_MS, &principal) == ERR_UNAUTHENTICATED);
    CHECK(token_revoke(accounts, &actor, "fest", token.id, NOW_MS) == ERR_NOT_FOUND);
}

ON_BOTH_ENGINES(token_that_reads_is_known_as_one_and_is_of_no_device)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    struct actor actor = actor_program("test");
    struct device_token wanted = {.purpose = TOKEN_READS, .event = "fest", .name = "City"};
    struct device_token token;
    struct err_note note;
    char secret[TOKEN_SECRET_SIZE];
    CHECK(token_create(accounts, &actor, &wanted, NOW_MS, &token, secret, NULL) == ERR_NONE);
    struct principal *principal = NULL;
    CHECK(accounts_principal_of_token(accounts, secret, NOW_MS, &principal) == ERR_NONE);
    CHECK_INT(principal_roles(principal, "fest"), ROLE_READER);
    CHECK_INT(principal_roles(principal, "fair"), 0);
    principal_unref(principal);
    struct db *db = store_reader_take(store);
    struct device_token *tokens = NULL;
    size_t count = 0;
    CHECK(token_list(db, "fest", 0, 10, &tokens, &count) == ERR_NONE);
    CHECK_INT(count, 1);
    CHECK_INT(tokens[0].purpose, TOKEN_READS);
    mem_free(tokens);
    store_reader_give(store, db);
    (void)text_copy(wanted.device, sizeof wanted.device, "cam-1");
    CHECK(token_create(accounts, &actor, &wanted, NOW_MS, &token, secret, &note) == ERR_INVALID);
    CHECK_TEXT(note.place, "device");
}

static enum err run_sql(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    return sql_run(db, (const char *)context);
}

static void run_on(struct store *store, const char *sql)
{
    CHECK_INT(store_write(store, run_sql, (void *)(uintptr_t)sql, NULL), ERR_NONE);
}

/* Made with the table of version 3. */
static void make_old_token(const struct place *place, char out_secret[TOKEN_SECRET_SIZE])
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    struct actor actor = actor_program("test");
    struct device_token wanted = {.event = "fest", .name = "Camera"};
    struct device_token token;
    CHECK(token_create(accounts, &actor, &wanted, NOW_MS, &token, out_secret, NULL) == ERR_NONE);
    run_on(store, "ALTER TABLE device_token DROP COLUMN purpose");
    run_on(store, "DELETE FROM store_migration WHERE module = 'accounts' AND number = 4");
}

ON_BOTH_ENGINES(
    token_of_before_there_were_purposes_sends_and_one_of_an_unknown_purpose_does_nothing)
{
    char secret[TOKEN_SECRET_SIZE];
    make_old_token(place, secret);
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    struct principal *principal = NULL;
    CHECK(accounts_principal_of_token(accounts, secret, NOW_MS, &principal) == ERR_NONE);
    CHECK_INT(principal_roles(principal, "fest"), ROLE_DEVICE);
    principal_unref(principal);
    run_on(store, "UPDATE device_token SET purpose = 'rule'");
    CHECK(accounts_principal_of_token(accounts, secret, NOW_MS + PRINCIPAL_TTL_MS, &principal) ==
          ERR_UNAUTHENTICATED);
}

ON_BOTH_ENGINES(token_of_an_unknown_purpose_is_listed_among_the_others_and_can_be_revoked)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    struct actor actor = actor_program("test");
    struct device_token wanted = {.event = "fest", .name = "Camera"}, first, second;
    char secret[TOKEN_SECRET_SIZE];
    CHECK(token_create(accounts, &actor, &wanted, NOW_MS, &first, secret, NULL) == ERR_NONE);
    run_on(store, "UPDATE device_token SET purpose = 'rule'");
    CHECK(token_create(accounts, &actor, &wanted, NOW_MS, &second, secret, NULL) == ERR_NONE);
    struct db *db = store_reader_take(store);
    SCOPED_MEM struct device_token *tokens = NULL;
    size_t count = 0;
    CHECK(token_list(db, "fest", 0, 10, &tokens, &count) == ERR_NONE);
    store_reader_give(store, db);
    CHECK_INT(count, 2);
    bool is_first = tokens[0].id == first.id;
    CHECK_TEXT(token_purpose_name(tokens[is_first ? 0 : 1].purpose), "unknown");
    CHECK_TEXT(token_purpose_name(tokens[is_first ? 1 : 0].purpose), "send");
    CHECK(token_revoke(accounts, &actor, "fest", first.id, NOW_MS) == ERR_NONE);
}

ON_BOTH_ENGINES(first_start_makes_one_admin_and_the_second_none)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    struct accounts_first_admin settings = {.password = "Riesenrad-am-See"};
    char email[LIMIT_EMAIL_LEN + 1];
    bool is_empty = false;
    CHECK(accounts_is_empty(accounts, &is_empty, NULL) == ERR_NONE && is_empty);
    CHECK(accounts_bootstrap(accounts, &settings, NOW_MS, email, NULL) == ERR_NONE);
    CHECK_TEXT(email, "admin@localhost");
    struct try try = sign_in(accounts, email, settings.password, NOW_MS);
    CHECK(try.err == ERR_NONE);
    CHECK((roles_by(accounts, try.token, NOW_MS) & ROLE_ADMIN) != 0);
    CHECK(accounts_is_empty(accounts, &is_empty, NULL) == ERR_NONE && !is_empty);
    CHECK(accounts_bootstrap(accounts, &settings, NOW_MS, email, NULL) == ERR_NONE);
    CHECK_TEXT(email, "");
}

ON_BOTH_ENGINES(address_belongs_to_one_person)
{
    SCOPED(store) store = open_store(place);
    SCOPED(accounts) accounts = open_accounts(store);
    (void)make_person(accounts, "anna@example.org");
    struct person_new wanted = {
        .email = "Anna@Example.org", .name = "Another", .password = "Riesenrad-am-See"};
    struct actor actor = actor_program("test");
    struct person person;
    CHECK(person_create(accounts, &wanted, &actor, NOW_MS, &person, NULL) == ERR_CONFLICT);
}

/* Hears what another process announces. */
struct ear {
    struct lock lock;
    struct signal heard;
    int64_t mark; /* the latest token that was named */
};

static void ear_hear(void *context, const char *message, size_t len)
{
    struct ear *ear = context;
    char copy[64] = "";
    memcpy(copy, message, MIN(len, sizeof copy - 1));
    LOCKED(&ear->lock);
    if (strncmp(copy, "token ", 6) == 0)
        ear->mark = strtoll(copy + 6, NULL, 10);
    signal_wake_all(&ear->heard);
}

/* Waits until all that `accounts` said before has been heard: messages keep their order, so a mark at
 * the end is enough. It is said again while the listener may not be connected yet. */
static void ear_catch_up(struct ear *ear, struct accounts *accounts, int64_t mark)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    bool is_heard = false;
    while (!is_heard) {
        CHECK(clock_monotonic_us() < deadline_us);
        accounts_forget_token(accounts, mark);
        int64_t until_us = clock_monotonic_us() + 200000;
        LOCKED(&ear->lock);
        while (ear->mark != mark && signal_wait_until(&ear->heard, &ear->lock, until_us))
            continue;
        is_heard = ear->mark == mark;
    }
}

TEST(other_processes_hear_of_a_change_before_their_memory_is_over)
{
    struct place place = *place_postgres();
    SCOPED(store) here = open_store(&place);
    SCOPED(store) there = open_store(&place);
    SCOPED(accounts) accounts_here = open_accounts(here);
    /* The latest listener is called first: the ear hears when the accounts there have. */
    struct ear ear = {.mark = 0};
    lock_init(&ear.lock);
    signal_init(&ear.heard);
    store_listen(there, "accounts", ear_hear, &ear);
    SCOPED(accounts) accounts_there = open_accounts(there);
    int64_t anna = make_person(accounts_here, "anna@example.org");
    struct try try = sign_in(accounts_here, "anna@example.org", PASSWORD, NOW_MS);
    struct actor actor = actor_program("test");
    ear_catch_up(&ear, accounts_here, 1);

    CHECK_INT(roles_by(accounts_there, try.token, NOW_MS), 0);
    CHECK(member_set(accounts_here, &actor, "fest", anna, ROLE_CREW, NOW_MS, NULL) == ERR_NONE);
    ear_catch_up(&ear, accounts_here, 2);
    CHECK_INT(roles_by(accounts_there, try.token, NOW_MS), ROLE_CREW);
    CHECK(session_revoke(accounts_here, &actor, anna, try.session.id, NOW_MS) == ERR_NONE);
    ear_catch_up(&ear, accounts_here, 3);
    CHECK_INT(roles_by(accounts_there, try.token, NOW_MS), -1);

    store_unlisten(there, &ear);
    signal_fini(&ear.heard);
    lock_fini(&ear.lock);
}
