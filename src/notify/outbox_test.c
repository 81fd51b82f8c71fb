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
    struct mail_filter filter = {.count_max = 1000};
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
