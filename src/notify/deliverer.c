// SPDX-License-Identifier: Apache-2.0
/* One thread that looks what is due, claims it, sends it, writes down what came of it; and waits in
 * between until the next is due or somebody pokes: after a commit of new mails, after a retry by hand,
 * and when this process takes over the work of one that died. So nothing is polled. */
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/text.h"
#include "notify/notify_internal.h"
#include "notify/retry.h"

#define SEND_TIMEOUT_MS 30000 /* when the server's settings say nothing */
#define CLAIM_SPARE_MS  30000
#define AWAY_PAUSE_MS   1000 /* while the database is away */

static struct metric sent_total = METRIC_COUNTER("muster_mails_sent_total", "Mails sent.");
static struct metric failed_total =
    METRIC_COUNTER("muster_mails_failed_total", "Attempts to send a mail that failed.");
static struct metric dead_total = METRIC_COUNTER("muster_mails_dead_total", "Mails given up.");

struct claim {
    int64_t now_ms, until_ms;
    struct mail_letter letter;
    int64_t tries_since_ms;
};

static enum err claim_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct claim *claim = context;
    return outbox_claim(db, claim->now_ms, claim->until_ms, &claim->letter, &claim->tries_since_ms);
}

static enum err settle_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    return outbox_settle(db, context);
}

static void note_failure(struct mail_summary *mail, enum err failure, const struct err_note *note,
                         int64_t tries_since_ms)
{
    int64_t now_ms = clock_now_ms();
    (void)snprintf(mail->failure, sizeof mail->failure, "%.319s",
                   note->detail[0] == '\0' ? err_name(failure) : note->detail);
    metric_add(&failed_total, 1);
    if (retry_decide(failure, tries_since_ms, now_ms) == RETRY_NEVER) {
        mail->state = MAIL_DEAD;
        metric_add(&dead_total, 1);
    } else {
        struct random_sequence chance = {.state = (uint64_t)random_id63()};
        mail->state = MAIL_QUEUED;
        mail->next_ms = now_ms + retry_pause_ms(mail->attempts, random_uniform(&chance));
    }
    log_write(LOG_WARN, "notify", "a mail was not sent", "event=%s mail=%lld state=%s why=%s",
              mail->event, (long long)mail->id, mail_state_names[mail->state],
              LOG_TEXT(mail->failure));
}

static void deliver(struct deliverer *deliverer, struct claim *claim)
{
    struct mail_summary *summary = &claim->letter.summary;
    struct mail mail = {.from = deliverer->from,
                        .to = summary->recipient,
                        .subject = summary->subject,
                        .text = claim->letter.text,
                        .html = claim->letter.html,
                        .message_id = summary->message_id,
                        .in_reply_to =
                            summary->in_reply_to[0] == '\0' ? NULL : summary->in_reply_to,
                        .at_ms = summary->created_ms};
    struct smtp_server server = *deliverer->smtp;
    server.must_end = &deliverer->must_end;
    struct err_note note = {0};
    enum err err = smtp_send(&server, &mail, &note);
    if (err == ERR_BUSY && atomic_load(&deliverer->must_end)) {
        summary->state = MAIL_QUEUED; /* nobody's failure */
        summary->next_ms = clock_now_ms();
    } else if (err == ERR_NONE) {
        summary->state = MAIL_SENT;
        summary->sent_ms = clock_now_ms();
        summary->failure[0] = '\0';
        metric_add(&sent_total, 1);
    } else {
        note_failure(summary, err, &note, claim->tries_since_ms);
    }
    /* Not written down means sent again when the claim ends: at least once. */
    if (store_write(deliverer->store, settle_run, summary, NULL) == ERR_NONE)
        mail_publish(deliverer->publisher, summary);
}

/* Sends one mail if one is due. Returns when to look again; 0 = at once. */
static int64_t work(struct deliverer *deliverer)
{
    int64_t now_ms = clock_now_ms();
    struct db *db = store_reader_take(deliverer->store);
    if (db == NULL)
        return now_ms + AWAY_PAUSE_MS;
    int64_t due_ms;
    enum err err = outbox_due(db, &due_ms);
    store_reader_give(deliverer->store, db);
    if (err != ERR_NONE)
        return now_ms + AWAY_PAUSE_MS;
    if (due_ms > now_ms)
        return due_ms;
    int64_t timeout_ms = deliverer->smtp->timeout_ms;
    struct claim claim = {.now_ms = now_ms,
                          .until_ms = now_ms + CLAIM_SPARE_MS +
                                      (timeout_ms > 0 ? timeout_ms : SEND_TIMEOUT_MS)};
    err = store_write(deliverer->store, claim_run, &claim, NULL);
    if (err == ERR_NOT_FOUND || err == ERR_CONFLICT)
        return 0; /* another process has it; look again */
    if (err != ERR_NONE)
        return now_ms + AWAY_PAUSE_MS;
    deliver(deliverer, &claim);
    mail_letter_fini(&claim.letter);
    return 0;
}

static void rest(struct deliverer *deliverer, int64_t until_ms)
{
    LOCKED(&deliverer->lock);
    bool is_called = deliverer->is_poked || deliverer->is_stopping;
    if (!is_called && until_ms != 0) {
        deliverer->is_resting = true;
        signal_wake_all(&deliverer->changed);
    }
    int64_t pause_ms = MAX(until_ms - clock_now_ms(), (int64_t)0);
    int64_t deadline_us = clock_monotonic_us() + MIN(pause_ms, (int64_t)24 * 3600 * 1000) * 1000;
    bool is_in_time = until_ms != 0;
    while (is_in_time && !deliverer->is_poked && !deliverer->is_stopping)
        is_in_time = signal_wait_until(&deliverer->changed, &deliverer->lock, deadline_us);
    deliverer->is_poked = deliverer->is_resting = false;
}

static bool is_stopping(struct deliverer *deliverer)
{
    LOCKED(&deliverer->lock);
    return deliverer->is_stopping;
}

static void *run(void *context)
{
    struct deliverer *deliverer = context;
    while (!is_stopping(deliverer))
        rest(deliverer, work(deliverer));
    return NULL;
}

void deliverer_start(struct deliverer *deliverer)
{
    lock_init(&deliverer->lock);
    signal_init(&deliverer->changed);
    if (deliverer->smtp != NULL)
        thread_start(&deliverer->thread, "mail", run, deliverer);
}

static void call(struct deliverer *deliverer, bool *flag)
{
    LOCKED(&deliverer->lock);
    *flag = true;
    signal_wake_all(&deliverer->changed);
}

void deliverer_stop(struct deliverer *deliverer)
{
    atomic_store(&deliverer->must_end, true);
    call(deliverer, &deliverer->is_stopping);
    thread_join(&deliverer->thread);
    signal_fini(&deliverer->changed);
    lock_fini(&deliverer->lock);
}

void deliverer_poke(struct deliverer *deliverer)
{
    call(deliverer, &deliverer->is_poked);
}

enum err deliverer_wait_resting(struct deliverer *deliverer, int64_t deadline_ms)
{
    if (deliverer->smtp == NULL)
        return ERR_NONE;
    deliverer_poke(deliverer);
    int64_t deadline_us = clock_monotonic_us() + (deadline_ms - clock_now_ms()) * 1000;
    LOCKED(&deliverer->lock);
    while (deliverer->is_poked || !deliverer->is_resting) {
        if (!signal_wait_until(&deliverer->changed, &deliverer->lock, deadline_us))
            return ERR_BUSY;
    }
    return ERR_NONE;
}
