// SPDX-License-Identifier: Apache-2.0
/* Incidents in, mails in the outbox: with the real consumers on real stores, and no mail server. */
#include "accounts/accounts.h"
#include "alerts/scene_test.h"
#include "base/clock.h"
#include "base/text.h"
#include "notify/notify.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char STAGE[] = "zone.stage-a:density";

static struct notify *start_notify(struct scene *scene)
{
    struct notify_options options = {.main_store = scene->main_store,
                                     .venues = scene->venues,
                                     .public_url = "https://muster.example.org/"};
    struct notify *notify = NULL;
    struct err_note note = {0};
    CHECK_INT(notify_open(&options, &notify, &note), ERR_NONE);
    return notify;
}

static void settle(struct scene *scene, struct notify *notify)
{
    scene_settle(scene);
    CHECK_INT(notify_wait_idle(notify, clock_now_ms() + 20000), ERR_NONE);
}

/* Newest first; mem_free(). */
static struct mail_summary *outbox(struct scene *scene, size_t *out_count)
{
    struct mail_summary *mails = NULL;
    struct db *db = store_reader_take(scene->main_store);
    CHECK(db != NULL);
    struct mail_filter filter = {.count_max = 10000};
    enum err err = mail_list(db, "demo", &filter, &mails, out_count);
    store_reader_give(scene->main_store, db);
    CHECK_INT(err, ERR_NONE);
    return mails;
}

static size_t mail_count(struct scene *scene)
{
    size_t count = 0;
    mem_free(outbox(scene, &count));
    return count;
}

IN_BOTH_PLACES(ten_thousand_identical_breaches_are_one_mail)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    SCOPED(notify) notify = start_notify(scene);
    static struct reading readings[1000];
    for (int record = 0; record < 10; record++) {
        for (int i = 0; i < 1000; i++)
            readings[i] = (struct reading){STAGE, record * 1000 + i, 9};
        scene_say(scene, readings, 1000);
    }
    settle(scene, notify);
    size_t count = 0;
    SCOPED_MEM struct mail_summary *mails = outbox(scene, &count);
    CHECK_INT(count, 1);
    CHECK_TEXT(mails[0].recipient, "duty@example.org");
    CHECK_INT(mails[0].state, MAIL_KEPT);
    CHECK_INT(mails[0].incident_count, 1);
    const char *start = "CRITICAL: zone stage-a";
    CHECK(strncmp(mails[0].subject, start, strlen(start)) == 0);
    CHECK(strstr(mails[0].message_id, "@muster.example.org>") != NULL);
}

IN_BOTH_PLACES(a_thousand_zones_in_one_second_are_one_mail_with_all_of_them)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    SCOPED(notify) notify = start_notify(scene);
    static struct reading readings[1000];
    static char names[1000][32];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(names[i], sizeof names[i], "zone.z%d:density", i);
        readings[i] = (struct reading){names[i], 0, 9};
    }
    scene_say(scene, readings, 1000);
    settle(scene, notify);
    size_t count = 0;
    SCOPED_MEM struct mail_summary *mails = outbox(scene, &count);
    CHECK_INT(count, 1);
    CHECK_INT(mails[0].incident_count, 1000);
    struct mail_letter letter;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(mail_find(db, "demo", mails[0].id, &letter), ERR_NONE);
    CHECK_INT(mail_find(db, "demo", 99, &letter), ERR_NOT_FOUND);
    store_reader_give(scene->main_store, db);
    for (int i = 0; i < 1000; i++) {
        char where[40];
        (void)snprintf(where, sizeof where, "zone z%d,", i);
        CHECK(strstr(letter.text, where) != NULL);
    }
    CHECK(strstr(letter.text, "https://muster.example.org/control/demo/park?incident=") != NULL);
    mail_letter_fini(&letter);
}

static enum err people_run(struct db *db, void *context, struct err_note *note)
{
    struct scene *scene = context;
    static const struct {
        const char *email;
        uint32_t roles;
    } PEOPLE[] = {{"ann@example.org", ROLE_CONTROL},
                  {"ben@example.org", ROLE_CONTROL | ROLE_CREW},
                  {"cleo@example.org", ROLE_DOOR}};
    for (size_t i = 0; i < COUNT_OF(PEOPLE); i++) {
        struct person_draft draft = {.person = {.id = (int64_t)i + 1, .created_at_ms = 1},
                                     .password_hash = "none"};
        (void)text_copy(draft.person.email, sizeof draft.person.email, PEOPLE[i].email);
        (void)text_copy(draft.person.name, sizeof draft.person.name, PEOPLE[i].email);
        TRY(person_insert(db, &draft, &scene->ann, note));
        TRY(member_write(db, &scene->ann, "demo", (int64_t)i + 1, PEOPLE[i].roles, 1, note));
    }
    return ERR_NONE;
}

IN_BOTH_PLACES(a_role_is_everybody_who_has_it_and_nobody_is_told_twice)
{
    SCOPED(scene) scene = scene_open(make);
    scene_write(scene, people_run, scene);
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.recipient_count = 3;
    (void)text_copy(rule.recipients[0], sizeof rule.recipients[0], "role:crew");
    (void)text_copy(rule.recipients[1], sizeof rule.recipients[1], "role:control");
    (void)text_copy(rule.recipients[2], sizeof rule.recipients[2], "BEN@example.org");
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    SCOPED(notify) notify = start_notify(scene);
    scene_say_one(scene, STAGE, 0, 9);
    settle(scene, notify);
    size_t count = 0;
    SCOPED_MEM struct mail_summary *mails = outbox(scene, &count);
    CHECK_INT(count, 2);
    CHECK_TEXT(mails[0].recipient, "ann@example.org");
    CHECK_TEXT(mails[1].recipient, "ben@example.org");
    CHECK(strcmp(mails[0].message_id, mails[1].message_id) != 0);
}

IN_BOTH_PLACES(what_is_acknowledged_or_over_needs_no_mail)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    SCOPED(notify) notify = start_notify(scene);
    scene_say_one(scene, STAGE, 0, 9);
    settle(scene, notify);
    CHECK_INT(scene_acknowledge(scene, 1), ERR_NONE);
    scene_say_one(scene, STAGE, 1000, 1);
    settle(scene, notify);
    CHECK_INT(mail_count(scene), 1);
    scene_say_one(scene, STAGE, 2000, 9);
    settle(scene, notify);
    CHECK_INT(mail_count(scene), 2);
}

static struct scene *told_of_ends(place_maker make)
{
    SCOPED(scene) scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.mails_resolution = true;
    scene_add_rule(scene, &rule);
    scene_start_venues(scene);
    scene_start_alerts(scene);
    return TAKE(scene);
}

static char *text_of(struct scene *scene, int64_t id)
{
    struct mail_letter letter;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(mail_find(db, "demo", id, &letter), ERR_NONE);
    store_reader_give(scene->main_store, db);
    char *text = TAKE(letter.text);
    mail_letter_fini(&letter);
    return text;
}

IN_BOTH_PLACES(whoever_got_an_alarm_gets_its_end_once_as_an_answer)
{
    SCOPED(scene) scene = told_of_ends(make);
    SCOPED(notify) notify = start_notify(scene);
    scene_say_one(scene, STAGE, 0, 9);
    settle(scene, notify);
    scene_say_one(scene, STAGE, 600000, 1);
    settle(scene, notify);
    size_t count = 0;
    SCOPED_MEM struct mail_summary *mails = outbox(scene, &count);
    CHECK_INT(count, 2);
    CHECK_TEXT(mails[0].recipient, "duty@example.org");
    CHECK_TEXT(mails[0].in_reply_to, mails[1].message_id);
    CHECK_TEXT(mails[1].in_reply_to, "");
    CHECK(strcmp(mails[0].message_id, mails[1].message_id) != 0);
    const char *start = "Resolved: Main stage (zone stage-a)";
    CHECK(strncmp(mails[0].subject, start, strlen(start)) == 0);
    SCOPED_MEM char *alarm = text_of(scene, 1);
    CHECK(strstr(alarm, "Where: Main stage (zone stage-a), Riverside park (venue park)") != NULL);
    SCOPED_MEM char *end = text_of(scene, 2);
    CHECK(strstr(end, "1 alarm resolved") != NULL);
    CHECK(strstr(end, "recovered") != NULL);
    CHECK(strstr(end, "acknowledge") == NULL);
}

IN_BOTH_PLACES(what_opens_and_ends_before_anybody_looks_is_told_in_that_order)
{
    SCOPED(scene) scene = told_of_ends(make);
    scene_say_one(scene, STAGE, 0, 9);
    scene_say_one(scene, STAGE, 1000, 1);
    scene_settle(scene);
    SCOPED(notify) notify = start_notify(scene);
    settle(scene, notify);
    size_t count = 0;
    SCOPED_MEM struct mail_summary *mails = outbox(scene, &count);
    CHECK_INT(count, 2);
    CHECK_TEXT(mails[0].in_reply_to, mails[1].message_id);
}

static enum err garble_run(struct db *db, void *context, struct err_note *note)
{
    (void)context, (void)note;
    return stream_append(db,
                         &(struct stream_append){.stream = "incidents",
                                                 .key = "demo",
                                                 .kind = "incident.opened",
                                                 .body = "{",
                                                 .body_len = 1},
                         NULL);
}

static int64_t dead_letters(struct scene *scene)
{
    int64_t count = 0;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(
        sql_one_int(db, &count, "SELECT COUNT(*) FROM store_dead_letter WHERE consumer = 'notify'"),
        ERR_NONE);
    store_reader_give(scene->main_store, db);
    return count;
}

IN_BOTH_PLACES(a_record_that_cannot_be_read_is_set_aside_alone)
{
    SCOPED(scene) scene = told_of_ends(make);
    scene_say_one(scene, STAGE, 0, 9);
    scene_settle(scene);
    scene_write(scene, garble_run, NULL);
    scene_say_one(scene, STAGE, 1000, 1);
    scene_settle(scene);
    SCOPED(notify) notify = start_notify(scene);
    int64_t started_us = clock_monotonic_us();
    settle(scene, notify);
    CHECK(clock_monotonic_us() - started_us < 5 * 1000 * 1000); /* at once, without trying again */
    CHECK_INT(dead_letters(scene), 1);
    CHECK_INT(mail_count(scene), 2);
}

#define CREW 2100
static enum err crew_run(struct db *db, void *context, struct err_note *note)
{
    struct scene *scene = context;
    for (int64_t i = 1; i <= CREW; i++) {
        struct person_draft draft = {.person = {.id = i, .created_at_ms = 1},
                                     .password_hash = "none"};
        (void)snprintf(draft.person.email, sizeof draft.person.email, "crew%lld@example.org",
                       (long long)i);
        (void)text_copy(draft.person.name, sizeof draft.person.name, draft.person.email);
        TRY(person_insert(db, &draft, &scene->ann, note));
        TRY(member_write(db, &scene->ann, "demo", i, ROLE_CREW, 1, note));
    }
    return ERR_NONE;
}

TEST(more_people_than_get_a_mail_at_once_are_said_in_the_mail)
{
    SCOPED(scene) scene = scene_open(place_sqlite);
    scene_write(scene, crew_run, scene);
    struct rule rule = scene_rule("dense", "zone.*:density");
    (void)text_copy(rule.recipients[0], sizeof rule.recipients[0], "role:crew");
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    SCOPED(notify) notify = start_notify(scene);
    scene_say_one(scene, STAGE, 0, 9);
    settle(scene, notify);
    CHECK_INT(mail_count(scene), LIMIT_MAIL_RECIPIENTS);
    SCOPED_MEM char *text = text_of(scene, 1);
    CHECK(strstr(text, "Not everybody who should have got this mail did") != NULL);
}

/* Housekeeping tells nobody: asked until it has done its work, ten seconds at most. */
static void wait_until(struct scene *scene, size_t (*count)(struct scene *scene), size_t wanted)
{
    int64_t deadline_us = clock_monotonic_us() + 10 * 1000 * 1000;
    while (count(scene) != wanted && clock_monotonic_us() < deadline_us) {
        LOCKED(&scene->lock);
        (void)signal_wait_until(&scene->published, &scene->lock, clock_monotonic_us() + 20000);
    }
    CHECK_INT(count(scene), wanted);
}

static enum err age_run(struct db *db, void *context, struct err_note *note)
{
    (void)context, (void)note;
    TRY(sql_run(db, "UPDATE notify_told SET created_ms = 1"));
    return sql_run(db, "UPDATE notify_mail SET created_ms = 1,"
                       " state = CASE WHEN id = 2 THEN 0 ELSE state END WHERE id < 3");
}

static size_t told_count(struct scene *scene)
{
    int64_t count = 0;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(sql_one_int(db, &count, "SELECT COUNT(*) FROM notify_told"), ERR_NONE);
    store_reader_give(scene->main_store, db);
    return (size_t)count;
}

IN_BOTH_PLACES(old_mails_go_but_what_waits_or_is_new_stays)
{
    SCOPED(scene) scene = told_of_ends(make);
    SCOPED(notify) notify = start_notify(scene);
    for (int i = 0; i < 4; i++) { /* an alarm, its end, and both again */
        scene_say_one(scene, STAGE, 1000 * i, i % 2 == 0 ? 9 : 1);
        settle(scene, notify);
    }
    CHECK_INT(mail_count(scene), 4);
    scene_write(scene, age_run, NULL);
    mails_keep(scene->main_store, 24 * 3600 * 1000);
    wait_until(scene, told_count, 0);
    wait_until(scene, mail_count, 3);
    size_t count = 0;
    SCOPED_MEM struct mail_summary *mails = outbox(scene, &count);
    CHECK_INT(mails[2].id, 2);
}

IN_BOTH_PLACES(without_a_mail_server_nothing_can_be_sent_again)
{
    SCOPED(scene) scene = scene_open(make);
    SCOPED(notify) notify = start_notify(scene);
    struct err_note note = {0};
    CHECK_INT(notify_retry(notify, &scene->ann, "demo", 1, 1, &note), ERR_CONFLICT);
    CHECK(strstr(note.detail, "--smtp-url") != NULL);
}

/* Without notify: the incident is committed, and then there is no time left for the mail. */
static void fire_and_die(struct scene *scene)
{
    scene_reopen(scene);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 0, 9);
    scene_wait_published(scene, 1);
    (void)raise(SIGKILL);
}

TEST(a_process_killed_between_firing_and_mailing_forgets_no_mail)
{
    SCOPED(scene) scene = scene_open(place_sqlite);
    struct rule rule = scene_rule("dense", "zone.*:density");
    scene_add_rule(scene, &rule);
    scene_shut(scene);
    pid_t child = fork();
    if (child == 0) {
        fire_and_die(scene);
        _exit(1);
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    for (int start = 0; start < 2; start++) { /* and the second start does not mail again */
        scene_reopen(scene);
        scene_start_alerts(scene);
        SCOPED(notify) notify = start_notify(scene);
        settle(scene, notify);
        CHECK_INT(mail_count(scene), 1);
        notify_close(TAKE(notify));
        scene_shut(scene);
    }
}
