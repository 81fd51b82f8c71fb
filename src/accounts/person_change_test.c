// SPDX-License-Identifier: Apache-2.0
/* What an admin does to accounts, on real stores. */
#include "accounts/accounts.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "store/place_test.h"

static const int64_t NOW_MS = 1750000000000;
static const char PASSWORD[] = "Karussell-am-See";
static const char NEW_PASSWORD[] = "Riesenrad-am-Fluss";

struct office {
    struct store *store;
    struct accounts *accounts;
    struct actor anna, bert; /* both admins */
    int64_t cleo;
    struct err_note note;
};

static struct actor make(struct office *office, const char *name, bool is_admin)
{
    struct person_new wanted = {.is_admin = is_admin};
    (void)snprintf(wanted.email, sizeof wanted.email, "%s@example.org", name);
    (void)text_copy(wanted.name, sizeof wanted.name, name);
    (void)text_copy(wanted.password, sizeof wanted.password, PASSWORD);
    struct actor program = actor_program("test");
    struct person person;
    CHECK(person_create(office->accounts, &wanted, &program, NOW_MS, &person, NULL) == ERR_NONE);
    return (struct actor){.person_id = person.id, .address = "192.0.2.9"};
}

static void open_office(struct office *office, const struct place *place)
{
    *office = (struct office){.store = place_open(place, &accounts_store_module, 1)};
    struct accounts_options options = {
        .store = office->store, .password_passes = 1, .password_bytes = 8192};
    CHECK(accounts_open(&options, &office->accounts, NULL) == ERR_NONE);
    office->anna = make(office, "anna", true);
    office->bert = make(office, "bert", true);
    office->cleo = make(office, "cleo", false).person_id;
}

static void close_office(struct office *office)
{
    accounts_close(office->accounts);
    store_close(office->store);
}

static enum err sign_in(struct office *office, const char *email, const char *password,
                        char out_token[SESSION_TOKEN_SIZE])
{
    struct sign_in sign_in = {.email = email, .password = password, .address = "192.0.2.1"};
    struct session session;
    return session_sign_in(office->accounts, &sign_in, NOW_MS, out_token, &session, &office->note);
}

static bool is_known(const struct office *office, const char *token)
{
    struct principal *principal = NULL;
    enum err err = accounts_principal_of_session(office->accounts, token, NOW_MS, &principal);
    principal_unref(principal);
    return err == ERR_NONE;
}

static enum err set_disabled(struct office *office, const struct actor *actor, int64_t person_id,
                             bool is_disabled)
{
    struct person_change change = {.is_disabled = is_disabled, .has_is_disabled = true};
    struct person person;
    return person_change(office->accounts, actor, person_id, &change, NOW_MS, &person,
                         &office->note);
}

/* How often the log has this action of Cleo's account. */
static size_t logged(struct office *office, const char *action)
{
    struct audit_row *rows = NULL;
    size_t count = 0, found = 0;
    char subject[40];
    (void)snprintf(subject, sizeof subject, "person:%lld", (long long)office->cleo);
    struct db *db = store_reader_take(office->store);
    CHECK(audit_list(db, "", (struct audit_cursor){0}, 100, &rows, &count) == ERR_NONE);
    store_reader_give(office->store, db);
    for (size_t i = 0; i < count; i++)
        found += strcmp(rows[i].action, action) == 0 && strcmp(rows[i].subject, subject) == 0;
    mem_free(rows);
    return found;
}

ON_BOTH_ENGINES(who_is_disabled_is_out_at_once_and_may_come_back_when_enabled)
{
    struct office office;
    char token[SESSION_TOKEN_SIZE], other[SESSION_TOKEN_SIZE];
    open_office(&office, place);
    CHECK(sign_in(&office, "cleo@example.org", PASSWORD, token) == ERR_NONE);
    struct principal *held = NULL;
    CHECK(accounts_principal_of_session(office.accounts, token, NOW_MS, &held) == ERR_NONE);
    CHECK(principal_is_current(held, NOW_MS));

    CHECK(set_disabled(&office, &office.anna, office.cleo, true) == ERR_NONE);
    CHECK(!is_known(&office, token));
    CHECK(!principal_is_current(held, NOW_MS)); /* so live sockets end */
    principal_unref(held);
    CHECK(sign_in(&office, "cleo@example.org", PASSWORD, other) == ERR_FORBIDDEN);
    CHECK(strstr(office.note.detail, "disabled") != NULL);
    /* Nobody learns it by guessing. */
    CHECK(sign_in(&office, "cleo@example.org", "some other words", other) == ERR_UNAUTHENTICATED);

    CHECK(set_disabled(&office, &office.anna, office.cleo, false) == ERR_NONE);
    CHECK(!is_known(&office, token));
    CHECK(sign_in(&office, "cleo@example.org", PASSWORD, token) == ERR_NONE);
    CHECK(is_known(&office, token));
    CHECK_INT(logged(&office, "person.disabled"), 1);
    CHECK_INT(logged(&office, "person.enabled"), 1);
    close_office(&office);
}

/* A session that a sign-in under way has left behind must not count either. */
TEST(session_of_who_is_disabled_is_nobodys)
{
    struct office office;
    char token[SESSION_TOKEN_SIZE];
    open_office(&office, place_sqlite());
    CHECK(sign_in(&office, "cleo@example.org", PASSWORD, token) == ERR_NONE);
    CHECK(place_write(office.store,
                      "UPDATE person SET disabled_at_ms = 1 WHERE email = 'cleo@example.org'") ==
          ERR_NONE);
    CHECK(!is_known(&office, token));
    close_office(&office);
}

ON_BOTH_ENGINES(an_admin_is_always_left)
{
    struct office office;
    open_office(&office, place);
    CHECK(set_disabled(&office, &office.anna, office.anna.person_id, true) == ERR_CONFLICT);
    CHECK(set_disabled(&office, &office.anna, office.bert.person_id, true) == ERR_NONE);
    /* Bert's request was let in just before. */
    CHECK(set_disabled(&office, &office.bert, office.anna.person_id, true) == ERR_FORBIDDEN);
    CHECK(person_password_reset(office.accounts, &office.bert, office.anna.person_id, NEW_PASSWORD,
                                NOW_MS, NULL) == ERR_FORBIDDEN);
    CHECK(set_disabled(&office, &office.anna, 1, true) == ERR_NOT_FOUND);
    close_office(&office);
}

ON_BOTH_ENGINES(reset_password_ends_the_old_one_and_every_session)
{
    struct office office;
    char token[SESSION_TOKEN_SIZE];
    open_office(&office, place);
    CHECK(sign_in(&office, "cleo@example.org", PASSWORD, token) == ERR_NONE);
    CHECK(person_password_reset(office.accounts, &office.anna, office.cleo, "short", NOW_MS,
                                &office.note) == ERR_INVALID);
    CHECK_TEXT(office.note.place, "password");
    CHECK(is_known(&office, token));
    CHECK(person_password_reset(office.accounts, &office.anna, office.cleo, NEW_PASSWORD, NOW_MS,
                                NULL) == ERR_NONE);
    CHECK(!is_known(&office, token));
    CHECK(sign_in(&office, "cleo@example.org", PASSWORD, token) == ERR_UNAUTHENTICATED);
    CHECK(sign_in(&office, "cleo@example.org", NEW_PASSWORD, token) == ERR_NONE);
    CHECK_INT(logged(&office, "person.password_reset"), 1);
    CHECK(person_password_reset(office.accounts, &office.anna, office.anna.person_id, NEW_PASSWORD,
                                NOW_MS, NULL) == ERR_CONFLICT);
    CHECK(person_password_reset(office.accounts, &office.anna, 1, NEW_PASSWORD, NOW_MS, NULL) ==
          ERR_NOT_FOUND);
    close_office(&office);
}

ON_BOTH_ENGINES(change_says_what_it_changes_and_leaves_the_rest)
{
    struct office office;
    struct person person;
    char token[SESSION_TOKEN_SIZE];
    open_office(&office, place);
    CHECK(sign_in(&office, "cleo@example.org", PASSWORD, token) == ERR_NONE);
    struct person_change change = {.name = "Cleo Vogel", .has_name = true};
    CHECK(person_change(office.accounts, &office.anna, office.cleo, &change, NOW_MS, &person,
                        NULL) == ERR_NONE);
    CHECK_TEXT(person.name, "Cleo Vogel");
    CHECK_TEXT(person.email, "cleo@example.org");
    CHECK(!person.is_disabled);
    CHECK(is_known(&office, token));
    CHECK(person_change(office.accounts, &office.anna, office.cleo, &change, NOW_MS, &person,
                        NULL) == ERR_NONE);
    CHECK_INT(logged(&office, "person.renamed"), 1);
    change.name[0] = '\0';
    CHECK(person_change(office.accounts, &office.anna, office.cleo, &change, NOW_MS, &person,
                        NULL) == ERR_INVALID);
    close_office(&office);
}

/* --- a sign-in under way while the password is replaced --- */

#define DEADLINE_US 20000000

struct replacing { /* holds the writers' turn in one process */
    struct store *store;
    struct lock lock;
    struct signal changed;
    bool has_begun;
    bool may_end;
    enum err err;
};

static enum err replace_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct replacing *replacing = context;
    TRY(sql_run(db, "UPDATE person SET password_hash = 'another'"));
    LOCKED(&replacing->lock);
    replacing->has_begun = true;
    signal_wake_all(&replacing->changed);
    int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;
    while (!replacing->may_end &&
           signal_wait_until(&replacing->changed, &replacing->lock, deadline_us))
        continue;
    return replacing->may_end ? ERR_NONE : ERR_BUSY;
}

static void *replace(void *context)
{
    struct replacing *replacing = context;
    replacing->err = store_write(replacing->store, replace_run, replacing, NULL);
    return NULL;
}

struct signing_in { /* in another process */
    struct office *office;
    enum err err;
};

static void *sign_in_there(void *context)
{
    struct signing_in *signing_in = context;
    char token[SESSION_TOKEN_SIZE];
    signing_in->err = sign_in(signing_in->office, "cleo@example.org", PASSWORD, token);
    return NULL;
}

static int64_t count(struct store *store, const char *sql)
{
    int64_t number = -1;
    struct db *db = store_reader_take(store);
    CHECK(db != NULL);
    CHECK(sql_one_int(db, &number, sql) == ERR_NONE);
    store_reader_give(store, db);
    return number;
}

/* Whoever waits for the turn has read and verified the old password. */
static void wait_for_waiting_writer(struct store *store)
{
    int64_t deadline_us = clock_monotonic_us() + DEADLINE_US;
    while (count(store, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' "
                        "AND NOT granted") == 0)
        CHECK(clock_monotonic_us() < deadline_us);
}

TEST(password_replaced_while_it_is_being_checked_opens_nothing)
{
    struct place place = *place_postgres();
    struct office office;
    open_office(&office, &place);
    struct replacing replacing = {.store = place_open(&place, &accounts_store_module, 1)};
    struct signing_in signing_in = {.office = &office};
    struct thread first = {0}, second = {0};
    lock_init(&replacing.lock);
    signal_init(&replacing.changed);
    thread_start(&first, "replacing", replace, &replacing);
    lock_take(&replacing.lock);
    while (!replacing.has_begun)
        signal_wait(&replacing.changed, &replacing.lock);
    lock_give(&replacing.lock);
    thread_start(&second, "signing-in", sign_in_there, &signing_in);
    wait_for_waiting_writer(replacing.store);
    lock_take(&replacing.lock);
    replacing.may_end = true;
    signal_wake_all(&replacing.changed);
    lock_give(&replacing.lock);
    thread_join(&first);
    thread_join(&second);
    CHECK(replacing.err == ERR_NONE);
    CHECK(signing_in.err == ERR_UNAUTHENTICATED);
    CHECK_INT(count(replacing.store, "SELECT COUNT(*) FROM person_session"), 0);
    signal_fini(&replacing.changed);
    lock_fini(&replacing.lock);
    store_close(replacing.store);
    close_office(&office);
}
