// SPDX-License-Identifier: Apache-2.0
/* notify/notify_internal.h — between the files of this folder.
 *
 * The table notify_mail. `next_ms` says when something is due: the next attempt of a queued mail, the
 * end of the claim on one that is being sent. `attempts` grows with every claim, so whoever lost its
 * claim cannot write over the work of who took it. */
#pragma once
#include "base/lock.h"
#include "notify/letter.h"
#include "notify/notify.h"

/* --- outbox.c: all inside a command unless said otherwise --- */
struct mail_draft {
    struct mail_summary summary;
    size_t letter_index;
    const struct letter *letter; /* borrowed; one letter may go to several; set when all are made */
    int severity;
    char letter_key[17]; /* names the letter among those of the event */
};

struct told { /* a letter tells of an incident */
    char event[LIMIT_ID_LEN + 1];
    int64_t incident;
    char letter_key[17];
};
/* Gives the id, too. */
MUST_USE enum err outbox_insert(struct db *db, struct mail_draft *draft);
/* Remembers that this letter told of the incident. */
MUST_USE enum err outbox_insert_told(struct db *db, const char *event, int64_t incident,
                                     const char *letter, int64_t now_ms);
/* Whoever was mailed this incident's alarm, by which mail. In a reader. */
MUST_USE enum err outbox_told(struct db *db, const char *event, int64_t incident,
                              void (*tell)(void *context, const char *recipient,
                                           const char *message_id),
                              void *context);

/* When the next mail is due; INT64_MAX when none is. Any connection. */
MUST_USE enum err outbox_due(struct db *db, int64_t *out_due_ms);
/* The worst of the due mails becomes ours until `until_ms`. ERR_NOT_FOUND when none is due;
 * ERR_CONFLICT when somebody else was faster. The caller owns *out_letter. */
MUST_USE enum err outbox_claim(struct db *db, int64_t now_ms, int64_t until_ms,
                               struct mail_letter *out_letter, int64_t *out_tries_since_ms);
/* Writes down state, failure, sent_ms, next_ms of a mail that we claimed. Nothing when we lost it. */
MUST_USE enum err outbox_settle(struct db *db, const struct mail_summary *mail);
/* Back to the queue what a process that is no more had claimed: only where there is one process. */
MUST_USE enum err outbox_release(struct db *db);
MUST_USE enum err outbox_requeue(struct db *db, const struct actor *actor, const char *event,
                                 int64_t id, int64_t now_ms, struct err_note *note);

void mail_publish(const struct publisher *publisher, const struct mail_summary *mail);

/* --- deliverer.c: a thread of its own that sends --- */
struct deliverer {
    struct store *store;
    const struct smtp_server *smtp;
    const char *from;
    const struct publisher *publisher;
    struct lock lock;
    struct signal changed;
    bool is_stopping, is_poked, is_resting;
    atomic_bool must_end; /* the transfer under way, too */
    struct thread thread;
};
void deliverer_start(struct deliverer *deliverer);
/* Within a second or two; the mail at hand waits for the next start. */
void deliverer_stop(struct deliverer *deliverer);
void deliverer_poke(struct deliverer *deliverer); /* there may be something due */
/* Until nothing is due that was due at the call. */
MUST_USE enum err deliverer_wait_resting(struct deliverer *deliverer, int64_t deadline_ms);

/* --- drafts.c: who gets which letter --- */
struct drafts {
    struct incident_news *news;
    size_t news_count;
    struct letter *letters;
    size_t letter_count, letter_size;
    struct mail_draft *drafts;
    size_t draft_count, draft_size;
    struct told *told;
    size_t told_count, told_size;
    struct stream_record **unreadable; /* borrowed from the batch */
    size_t unreadable_count;
};
void drafts_clear(struct drafts *drafts);
/* What the records of a batch give, with the roles of the event turned into addresses. `state` is
 * MAIL_QUEUED or MAIL_KEPT. */
struct drafts_input {
    struct stream_record **records;
    size_t record_count;
    const char *public_url;
    const char *host;      /* of message ids */
    struct venues *venues; /* may be NULL */
    enum mail_state state;
    int64_t now_ms;
};
MUST_USE enum err drafts_compose(struct drafts *drafts, struct db *db,
                                 const struct drafts_input *input);
