// SPDX-License-Identifier: Apache-2.0
/* notify/notify.h — what people are told by mail. Reads the main stream "incidents"; what opened
 * becomes mails in the outbox, written in one transaction with the position, so that nothing is
 * forgotten and nothing is written twice. One batch of records of one event is one mail per address:
 * a single alarm is not delayed, and a thousand zones in one commit are one mail with all of them.
 *
 * When an incident is resolved, whoever got its alarm gets one mail more, in answer to it: incidents that
 * were told of in one mail and end in one batch share that answer.
 *
 * A deliverer takes due mails from the outbox after the commit: it claims one (so that of several
 * processes one sends it), sends it, writes down what became of it. At least once: whoever dies
 * between sending and writing sends again, with the same Message-ID. What fails for now is tried
 * again after growing pauses, for MAIL_TRY_MS; what fails for good, or for so long, is dead, and can be
 * sent again by hand. Without a mail server mails are kept to be read. */
#pragma once
#include "accounts/audit.h"
#include "base/json.h"
#include "base/publish.h"
#include "net/smtp.h"
#include "store/store.h"

#define MAIL_TRY_MS          (24 * 3600 * 1000LL)
#define LIMIT_MAIL_INCIDENTS 2000 /* listed in one mail; it says how many more there are */
#define LIMIT_MAIL_RECIPIENTS                                                                      \
    2000 /* addresses of one batch and event; logged, counted, and said in the mail */

enum mail_state { MAIL_QUEUED, MAIL_SENDING, MAIL_SENT, MAIL_KEPT, MAIL_DEAD };
extern const char *const mail_state_names[]; /* "queued" ... NULL */

struct mail_summary {
    int64_t id; /* from 1 within the event */
    char event[LIMIT_ID_LEN + 1];
    char recipient[LIMIT_EMAIL_LEN + 1];
    char subject[256];
    char message_id[256];
    char in_reply_to[256]; /* the alarm, of a mail that tells of its end; "" */
    int state;             /* enum mail_state */
    int64_t incident_count;
    int64_t attempts;
    char failure[321]; /* of the last attempt; "" = none */
    int64_t created_ms, sent_ms /* 0 = not yet */, next_ms /* of the next attempt; 0 = none */;
};
struct mail_letter {
    struct mail_summary summary;
    char *text; /* owned: mail_letter_fini() */
    char *html;
};
void mail_letter_fini(struct mail_letter *letter);

struct notify;
extern const struct store_module notify_store_module; /* for the main store */

struct notify_options { /* all borrowed until close */
    struct store *main_store;
    struct venues *venues;          /* tells what places are called; NULL = by their ids */
    const struct smtp_server *smtp; /* NULL = mails are kept in the outbox */
    const char *from;       /* "Muster <alarm@example.org>"; NULL = muster@<host of public_url> */
    const char *public_url; /* "https://muster.example.org", for links */
    const struct publisher *publisher; /* summaries on events/{event}/outbox; may be NULL */
};
MUST_USE enum err notify_open(const struct notify_options *options, struct notify **out_notify,
                              struct err_note *note);
/* Within a second or two: a mail that the server has not taken by then waits for the next start. */
void notify_close(struct notify *notify);
static inline void notify_destroy(struct notify *notify)
{
    if (notify != NULL)
        notify_close(notify);
}
DEFINE_SCOPED(notify)

/* Waits until every incident committed before the call has its mails in the outbox, and until none of
 * them is due now. ERR_BUSY at the deadline (wall clock). */
MUST_USE enum err notify_wait_idle(struct notify *notify, int64_t deadline_ms);

/* Newest first, below before_id (0 = from the newest); `states`: bits 1 << enum mail_state, 0 = all.
 * The caller frees *out_mails (mem_free). */
struct mail_filter {
    unsigned states;
    int64_t before_id;
    size_t count_max;
};
MUST_USE enum err mail_list(struct db *db, const char *event, const struct mail_filter *filter,
                            struct mail_summary **out_mails, size_t *out_count);
MUST_USE enum err mail_find(struct db *db, const char *event, int64_t id,
                            struct mail_letter *out_letter);
json_t *mail_summary_json(const struct mail_summary *summary); /* the caller owns it */

/* From now on mails that are sent, kept or dead go when they are so old (0 = never); a mail that waits
 * stays. The end of an incident whose alarm is gone is mailed to nobody. */
void mails_keep(struct store *main_store, int64_t keep_ms);

/* Sends a dead or kept mail, or a queued one at once; waits for the commit; audited.
 * ERR_NOT_FOUND; ERR_CONFLICT when it is sent or being sent, or without a mail server. */
MUST_USE enum err notify_retry(struct notify *notify, const struct actor *actor, const char *event,
                               int64_t id, int64_t now_ms, struct err_note *note);
