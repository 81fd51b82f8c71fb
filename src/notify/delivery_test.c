// SPDX-License-Identifier: Apache-2.0
/* From the outbox to a real mail server. */
#include "alerts/scene_test.h"
#include "base/clock.h"
#include "base/text.h"
#include "net/smtp_server_test.h"
#include "notify/notify_internal.h"

#include <poll.h>
#include <unistd.h>

static const char STAGE[] = "zone.stage-a:density";

struct post { /* a mail server and how we are set to reach it */
    struct smtp_test_server *exim;
    char url[64];
    struct smtp_server settings;
};

static struct post *post_open(void)
{
    struct post *post = mem_new(sizeof *post);
    post->exim = smtp_test_start();
    (void)snprintf(post->url, sizeof post->url, "smtp://localhost:%u", smtp_test_port(post->exim));
    post->settings = (struct smtp_server){.url = post->url,
                                          .user = "muster",
                                          .password = "secret",
                                          .ca_file = smtp_test_ca_file(post->exim),
                                          .requires_tls = true};
    return post;
}

static void post_destroy(struct post *post)
{
    smtp_test_stop(post->exim);
    mem_free(post);
}
DEFINE_SCOPED(post)

static struct notify *start_notify(struct scene *scene, const struct smtp_server *settings)
{
    struct notify_options options = {.main_store = scene->main_store,
                                     .smtp = settings,
                                     .from = "Muster <alarm@example.org>",
                                     .public_url = "https://muster.example.org"};
    struct notify *notify = NULL;
    CHECK_INT(notify_open(&options, &notify, NULL), ERR_NONE);
    return notify;
}

static void settle(struct scene *scene, struct notify *notify)
{
    scene_settle(scene);
    CHECK_INT(notify_wait_idle(notify, clock_now_ms() + 20000), ERR_NONE);
}

/* An event with one rule for these addresses, and a breach of it. */
static struct scene *alarmed(place_maker make, const char *const *addresses)
{
    struct scene *scene = scene_open(make);
    struct rule rule = scene_rule("dense", "zone.*:density");
    for (rule.recipient_count = 0; addresses[rule.recipient_count] != NULL; rule.recipient_count++)
        (void)text_copy(rule.recipients[rule.recipient_count], sizeof rule.recipients[0],
                        addresses[rule.recipient_count]);
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    scene_say_one(scene, STAGE, 0, 9);
    return scene;
}

static struct mail_summary mail_of(struct scene *scene, int64_t id)
{
    struct mail_letter letter;
    struct db *db = store_reader_take(scene->main_store);
    CHECK_INT(mail_find(db, "demo", id, &letter), ERR_NONE);
    store_reader_give(scene->main_store, db);
    mail_letter_fini(&letter);
    return letter.summary;
}

static bool has_header(const char *mail, const char *name, const char *value)
{
    char line[400];
    (void)snprintf(line, sizeof line, "\n%s: %s\n", name, value);
    return strstr(mail, line) != NULL;
}

static const char *const DUTY[] = {"duty@example.org", NULL};

IN_BOTH_PLACES(an_alarm_arrives_as_text_and_html)
{
    SCOPED(post) post = post_open();
    SCOPED(scene) scene = alarmed(make, DUTY);
    SCOPED(notify) notify = start_notify(scene, &post->settings);
    settle(scene, notify);
    struct mail_summary mail = mail_of(scene, 1);
    CHECK_TEXT(mail.failure, "");
    CHECK_INT(mail.state, MAIL_SENT);
    CHECK_INT(mail.attempts, 1);
    SCOPED_MEM char *arrived = smtp_test_take_mail(post->exim);
    CHECK(has_header(arrived, "Message-ID", mail.message_id));
    CHECK(strstr(arrived, "duty@example.org") != NULL);
    CHECK(strstr(arrived, "text/plain") != NULL);
    CHECK(strstr(arrived, "text/html") != NULL);
    CHECK(strstr(arrived, "Where: zone stage-a, venue park") != NULL);
}

TEST(a_server_that_was_away_gets_the_mail_once_it_is_back)
{
    SCOPED(scene) scene = alarmed(place_sqlite, DUTY);
    struct smtp_server nowhere = {.url = "smtp://127.0.0.1:1"};
    SCOPED(notify) notify = start_notify(scene, &nowhere);
    settle(scene, notify);
    struct mail_summary before = mail_of(scene, 1);
    CHECK_INT(before.state, MAIL_QUEUED);
    CHECK(before.attempts >= 1 && before.failure[0] != '\0');
    CHECK(before.next_ms > before.created_ms);
    notify_close(TAKE(notify));

    SCOPED(post) post = post_open();
    notify = start_notify(scene, &post->settings);
    CHECK_INT(notify_retry(notify, &scene->ann, "demo", 1, clock_now_ms(), NULL), ERR_NONE);
    settle(scene, notify);
    struct mail_summary after = mail_of(scene, 1);
    CHECK_INT(after.state, MAIL_SENT);
    CHECK_TEXT(after.message_id, before.message_id);
    SCOPED_MEM char *arrived = smtp_test_take_mail(post->exim);
    CHECK(has_header(arrived, "Message-ID", before.message_id));
    notify_close(TAKE(notify)); /* before the post that it sends to */
}

TEST(a_mail_that_waits_goes_by_itself_when_its_time_has_come)
{
    SCOPED(scene) scene = alarmed(place_sqlite, DUTY);
    struct smtp_server nowhere = {.url = "smtp://127.0.0.1:1"};
    SCOPED(notify) notify = start_notify(scene, &nowhere);
    settle(scene, notify);
    notify_close(TAKE(notify));
    SCOPED(post) post = post_open();
    notify = start_notify(scene, &post->settings);
    mem_free(smtp_test_take_mail(post->exim)); /* nobody asked for it */
    notify_close(TAKE(notify));
    CHECK_INT(mail_of(scene, 1).state, MAIL_SENT);
}

TEST(a_server_that_says_nothing_does_not_hold_up_the_end)
{
    uint16_t port;
    char url[64];
    int mute = smtp_test_listen_mute(&port);
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", port);
    struct smtp_server settings = {.url = url, .timeout_ms = 30000};
    SCOPED(scene) scene = alarmed(place_sqlite, DUTY);
    SCOPED(notify) notify = start_notify(scene, &settings);
    struct pollfd called = {.fd = mute, .events = POLLIN};
    CHECK_INT(poll(&called, 1, 20000), 1);
    int64_t started_us = clock_monotonic_us();
    notify_close(TAKE(notify));
    CHECK(clock_monotonic_us() - started_us < 5 * 1000 * 1000);
    struct mail_summary mail = mail_of(scene, 1);
    CHECK_INT(mail.state, MAIL_QUEUED);
    CHECK_TEXT(mail.failure, "");
    (void)close(mute);
}

TEST(a_server_that_offers_no_encryption_gets_no_password_and_the_outbox_says_why)
{
    struct smtp_test_server *exim = smtp_test_start_plain();
    char url[64], line[400];
    (void)snprintf(url, sizeof url, "smtp://0.0.0.0:%u", smtp_test_port(exim));
    struct smtp_server settings = {.url = url, .user = "muster", .password = "secret"};
    SCOPED(scene) scene = alarmed(place_sqlite, DUTY);
    SCOPED(notify) notify = start_notify(scene, &settings);
    settle(scene, notify);
    struct mail_summary mail = mail_of(scene, 1);
    CHECK_INT(mail.state, MAIL_QUEUED);
    CHECK(strstr(mail.failure, "offers no encryption") != NULL);
    smtp_test_wait_log(exim, "no MAIL in SMTP connection", line, sizeof line);
    CHECK(strstr(line, "AUTH") == NULL);
    notify_close(TAKE(notify));
    smtp_test_stop(exim);
}

TEST(the_end_of_an_alarm_is_an_answer_to_it)
{
    SCOPED(post) post = post_open();
    SCOPED(scene) scene = scene_open(place_sqlite);
    struct rule rule = scene_rule("dense", "zone.*:density");
    rule.mails_resolution = true;
    scene_add_rule(scene, &rule);
    scene_start_alerts(scene);
    SCOPED(notify) notify = start_notify(scene, &post->settings);
    scene_say_one(scene, STAGE, 0, 9);
    settle(scene, notify);
    mem_free(smtp_test_take_mail(post->exim));
    scene_say_one(scene, STAGE, 1000, 1);
    settle(scene, notify);
    SCOPED_MEM char *end = smtp_test_take_mail(post->exim);
    const char *alarm = mail_of(scene, 1).message_id;
    CHECK(has_header(end, "In-Reply-To", alarm));
    CHECK(has_header(end, "References", alarm));
    CHECK(!has_header(end, "Message-ID", alarm));
    notify_close(TAKE(notify));
}

TEST(a_mail_that_was_sent_is_not_sent_twice)
{
    SCOPED(post) post = post_open();
    SCOPED(scene) scene = alarmed(place_sqlite, DUTY);
    SCOPED(notify) notify = start_notify(scene, &post->settings);
    settle(scene, notify);
    struct err_note note = {0};
    CHECK_INT(notify_retry(notify, &scene->ann, "demo", 1, clock_now_ms(), &note), ERR_CONFLICT);
    CHECK(strstr(note.detail, "was sent") != NULL);
    CHECK_INT(mail_of(scene, 1).state, MAIL_SENT);
    notify_close(TAKE(notify));
}

TEST(a_refused_address_is_dead_and_holds_up_nobody)
{
    static const char *const ADDRESSES[] = {"nobody@example.org", "duty@example.org",
                                            "later@example.org", NULL};
    SCOPED(post) post = post_open();
    SCOPED(scene) scene = alarmed(place_sqlite, ADDRESSES);
    SCOPED(notify) notify = start_notify(scene, &post->settings);
    settle(scene, notify);
    struct mail_summary dead = mail_of(scene, 1);
    CHECK_INT(dead.state, MAIL_DEAD);
    CHECK(dead.failure[0] != '\0');
    CHECK_INT(mail_of(scene, 2).state, MAIL_SENT);
    struct mail_summary later = mail_of(scene, 3);
    CHECK_INT(later.state, MAIL_QUEUED);
    CHECK_INT(notify_retry(notify, &scene->ann, "demo", 1, clock_now_ms(), NULL), ERR_NONE);
    CHECK_INT(notify_retry(notify, &scene->ann, "demo", 9, clock_now_ms(), NULL), ERR_NOT_FOUND);
    settle(scene, notify);
    CHECK_INT(mail_of(scene, 1).attempts, 2);
    CHECK_INT(mail_of(scene, 1).state, MAIL_DEAD);
}

static enum err claim_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    int64_t tries_since_ms;
    return outbox_claim(db, INT64_MAX / 2, INT64_MAX, context, &tries_since_ms);
}

TEST(a_mail_claimed_by_a_process_that_is_no_more_is_sent_by_the_next)
{
    SCOPED(scene) scene = alarmed(place_sqlite, DUTY);
    struct smtp_server nowhere = {.url = "smtp://127.0.0.1:1"};
    SCOPED(notify) notify = start_notify(scene, &nowhere);
    settle(scene, notify);
    notify_close(TAKE(notify));
    struct mail_letter letter;
    scene_write(scene, claim_run, &letter);
    CHECK_INT(mail_of(scene, 1).state, MAIL_SENDING);

    SCOPED(post) post = post_open();
    notify = start_notify(scene, &post->settings);
    settle(scene, notify);
    CHECK_INT(mail_of(scene, 1).state, MAIL_SENT);
    SCOPED_MEM char *arrived = smtp_test_take_mail(post->exim);
    CHECK(has_header(arrived, "Message-ID", letter.summary.message_id));
    mail_letter_fini(&letter);
    notify_close(TAKE(notify));
}

#define MAILS 20
TEST(of_two_processes_on_one_database_one_sends_each_mail)
{
    static char names[MAILS][32];
    static const char *addresses[MAILS + 1];
    for (int i = 0; i < MAILS; i++) {
        (void)snprintf(names[i], sizeof names[i], "guard%d@example.org", i);
        addresses[i] = names[i];
    }
    SCOPED(post) post = post_open();
    SCOPED(scene) scene = alarmed(place_postgres, addresses);
    struct store *main_store = scene->main_store, *telemetry_store = scene->telemetry_store;
    SCOPED(notify) one = start_notify(scene, &post->settings);
    scene_reopen(scene); /* a second pair of stores on the same database */
    SCOPED(notify) other = start_notify(scene, &post->settings);
    for (int i = 0; i < MAILS; i++)
        mem_free(smtp_test_take_mail(post->exim));
    settle(scene, one);
    settle(scene, other);
    for (int i = 0; i < MAILS; i++) {
        struct mail_summary mail = mail_of(scene, i + 1);
        CHECK_INT(mail.state, MAIL_SENT);
        CHECK_INT(mail.attempts, 1);
    }
    notify_close(TAKE(one));
    notify_close(TAKE(other));
    alerts_close(TAKE(scene->alerts));
    store_close(telemetry_store);
    store_close(main_store);
}
