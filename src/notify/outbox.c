// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "notify/notify_internal.h"

static const struct store_migration MIGRATIONS[] = {
    {1,
     "CREATE TABLE notify_mail (event TEXT NOT NULL, id BIGINT NOT NULL, recipient TEXT NOT NULL,"
     " subject TEXT NOT NULL, body_text TEXT NOT NULL, body_html TEXT NOT NULL,"
     " message_id TEXT NOT NULL, severity BIGINT NOT NULL, incident_count BIGINT NOT NULL,"
     " state BIGINT NOT NULL, attempts BIGINT NOT NULL, failure TEXT NOT NULL,"
     " created_ms BIGINT NOT NULL, tries_since_ms BIGINT NOT NULL, sent_ms BIGINT NOT NULL,"
     " next_ms BIGINT NOT NULL, PRIMARY KEY (event, id));"
     "CREATE INDEX notify_mail_due ON notify_mail (next_ms) WHERE state <= 1;"
     "CREATE TABLE notify_counter (event TEXT PRIMARY KEY, last BIGINT NOT NULL);"},
    {2, "ALTER TABLE notify_mail ADD COLUMN in_reply_to TEXT NOT NULL DEFAULT '';"
        "ALTER TABLE notify_mail ADD COLUMN letter TEXT NOT NULL DEFAULT '';"
        "CREATE INDEX notify_mail_letter ON notify_mail (event, letter);"
        "CREATE INDEX notify_mail_created ON notify_mail (created_ms) WHERE state >= 2;"
        "CREATE TABLE notify_told (event TEXT NOT NULL, incident BIGINT NOT NULL,"
        " letter TEXT NOT NULL, created_ms BIGINT NOT NULL,"
        " PRIMARY KEY (event, incident, letter));"
        "CREATE INDEX notify_told_created ON notify_told (created_ms);"},
};
const struct store_module notify_store_module = {"notify", MIGRATIONS, COUNT_OF(MIGRATIONS)};
_Static_assert(MAIL_QUEUED == 0 && MAIL_SENDING == 1, "the index and the queries say state <= 1");

const char *const mail_state_names[] = {"queued", "sending", "sent", "kept", "dead", NULL};

enum err outbox_insert(struct db *db, struct mail_draft *draft)
{
    struct mail_summary *mail = &draft->summary;
    TRY(sql_one_int(db, &mail->id,
                    "INSERT INTO notify_counter (event, last) VALUES ($1, 1)"
                    " ON CONFLICT (event) DO UPDATE SET last = notify_counter.last + 1"
                    " RETURNING last",
                    SQL_TEXT(mail->event)));
    return sql_run(
        db,
        "INSERT INTO notify_mail (event, id, recipient, subject, body_text, body_html, message_id,"
        " severity, incident_count, state, attempts, failure, created_ms, tries_since_ms, sent_ms,"
        " next_ms, in_reply_to, letter) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '',"
        " $11, $11, 0, $12, $13, $14)",
        SQL_TEXT(mail->event), SQL_INT(mail->id), SQL_TEXT(mail->recipient),
        SQL_TEXT(draft->letter->subject), SQL_TEXT(draft->letter->text),
        SQL_TEXT(draft->letter->html), SQL_TEXT(mail->message_id), SQL_INT(draft->severity),
        SQL_INT(mail->incident_count), SQL_INT(mail->state), SQL_INT(mail->created_ms),
        SQL_INT(mail->next_ms), SQL_TEXT(mail->in_reply_to), SQL_TEXT(draft->letter_key));
}

enum err outbox_insert_told(struct db *db, const char *event, int64_t incident, const char *letter,
                            int64_t now_ms)
{
    return sql_run(db,
                   "INSERT INTO notify_told (event, incident, letter, created_ms)"
                   " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                   SQL_TEXT(event), SQL_INT(incident), SQL_TEXT(letter), SQL_INT(now_ms));
}

enum err outbox_told(struct db *db, const char *event, int64_t incident,
                     void (*tell)(void *context, const char *recipient, const char *message_id),
                     void *context)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT m.recipient, m.message_id FROM notify_told t JOIN notify_mail m"
                  " ON m.event = t.event AND m.letter = t.letter"
                  " WHERE t.event = $1 AND t.incident = $2 AND m.state <> 4 ORDER BY m.id",
                  SQL_TEXT(event), SQL_INT(incident)));
    while (sql_next(&rows))
        tell(context, sql_text(&rows, 0), sql_text(&rows, 1));
    return sql_end(&rows);
}

enum err outbox_due(struct db *db, int64_t *out_due_ms)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT MIN(next_ms) FROM notify_mail WHERE state <= 1"));
    int64_t due_ms = INT64_MAX;
    if (sql_next(&rows) && !sql_is_null(&rows, 0))
        due_ms = sql_int(&rows, 0);
    TRY(sql_end(&rows));
    *out_due_ms = due_ms;
    return ERR_NONE;
}

#define SUMMARY_COLUMNS                                                                            \
    "event, id, recipient, subject, message_id, state, incident_count, attempts, failure, "        \
    "created_ms, sent_ms, next_ms, in_reply_to"

static void summary_of_row(const struct sql_rows *rows, struct mail_summary *mail)
{
    *mail = (struct mail_summary){.id = sql_int(rows, 1),
                                  .state = (int)sql_int(rows, 5),
                                  .incident_count = sql_int(rows, 6),
                                  .attempts = sql_int(rows, 7),
                                  .created_ms = sql_int(rows, 9),
                                  .sent_ms = sql_int(rows, 10)};
    (void)text_copy(mail->event, sizeof mail->event, sql_text(rows, 0));
    (void)text_copy(mail->recipient, sizeof mail->recipient, sql_text(rows, 2));
    (void)text_copy(mail->subject, sizeof mail->subject, sql_text(rows, 3));
    (void)text_copy(mail->message_id, sizeof mail->message_id, sql_text(rows, 4));
    (void)text_copy(mail->failure, sizeof mail->failure, sql_text(rows, 8));
    (void)text_copy(mail->in_reply_to, sizeof mail->in_reply_to, sql_text(rows, 12));
    mail->next_ms = mail->state == MAIL_QUEUED ? sql_int(rows, 11) : 0;
}

static enum err letter_of(struct sql_rows *rows, struct mail_letter *out_letter,
                          int64_t *out_tries_since_ms)
{
    bool is_there = sql_next(rows);
    struct mail_letter letter = {0};
    if (is_there) {
        summary_of_row(rows, &letter.summary);
        letter.text = mem_text(sql_text(rows, 13));
        letter.html = mem_text(sql_text(rows, 14));
        *out_tries_since_ms = sql_int(rows, 15);
    }
    enum err err = sql_end(rows);
    if (err == ERR_NONE && !is_there)
        err = ERR_NOT_FOUND;
    if (err == ERR_NONE)
        *out_letter = letter;
    else
        mail_letter_fini(&letter);
    return err;
}

enum err outbox_claim(struct db *db, int64_t now_ms, int64_t until_ms,
                      struct mail_letter *out_letter, int64_t *out_tries_since_ms)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " SUMMARY_COLUMNS ", body_text, body_html, tries_since_ms"
                  " FROM notify_mail WHERE state <= 1 AND next_ms <= $1"
                  " ORDER BY severity DESC, next_ms, event, id LIMIT 1",
                  SQL_INT(now_ms)));
    struct mail_letter letter;
    TRY(letter_of(&rows, &letter, out_tries_since_ms));
    struct mail_summary *mail = &letter.summary;
    int64_t changed = 0;
    enum err err = sql_run_counted(db, &changed,
                                   "UPDATE notify_mail SET state = 1, next_ms = $4,"
                                   " attempts = attempts + 1"
                                   " WHERE event = $1 AND id = $2 AND attempts = $3 AND state <= 1",
                                   SQL_TEXT(mail->event), SQL_INT(mail->id),
                                   SQL_INT(mail->attempts), SQL_INT(until_ms));
    if (err == ERR_NONE && changed == 0)
        err = ERR_CONFLICT;
    if (err != ERR_NONE) {
        mail_letter_fini(&letter);
        return err;
    }
    mail->state = MAIL_SENDING;
    mail->attempts++;
    *out_letter = letter;
    return ERR_NONE;
}

enum err outbox_settle(struct db *db, const struct mail_summary *mail)
{
    return sql_run(db,
                   "UPDATE notify_mail SET state = $4, failure = $5, sent_ms = $6, next_ms = $7"
                   " WHERE event = $1 AND id = $2 AND attempts = $3 AND state = 1",
                   SQL_TEXT(mail->event), SQL_INT(mail->id), SQL_INT(mail->attempts),
                   SQL_INT(mail->state), SQL_TEXT(mail->failure), SQL_INT(mail->sent_ms),
                   SQL_INT(mail->next_ms));
}

enum err outbox_release(struct db *db)
{
    return sql_run(db, "UPDATE notify_mail SET state = 0, next_ms = 0 WHERE state = 1");
}

enum err outbox_requeue(struct db *db, const struct actor *actor, const char *event, int64_t id,
                        int64_t now_ms, struct err_note *note)
{
    struct mail_letter letter;
    enum err err = mail_find(db, event, id, &letter);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "mail", "there is no mail %lld", (long long)id);
    TRY(err);
    char detail[LIMIT_EMAIL_LEN + 1], subject[32];
    (void)text_copy(detail, sizeof detail, letter.summary.recipient);
    (void)snprintf(subject, sizeof subject, "mail:%lld", (long long)id);
    int state = letter.summary.state;
    mail_letter_fini(&letter);
    if (state == MAIL_SENDING)
        return err_set(note, ERR_CONFLICT, "mail", "is being sent right now");
    if (state == MAIL_SENT)
        return err_set(note, ERR_CONFLICT, "mail", "was sent; it is not sent twice");
    TRY(sql_run(db,
                "UPDATE notify_mail SET state = 0, next_ms = $3, tries_since_ms = $3, failure = ''"
                " WHERE event = $1 AND id = $2",
                SQL_TEXT(event), SQL_INT(id), SQL_INT(now_ms)));
    return audit_append(
        db, actor,
        &(struct audit_change){
            .event = event, .action = "mail.retried", .subject = subject, .detail = detail},
        now_ms);
}

void mails_keep(struct store *main_store, int64_t keep_ms)
{
    store_expire(
        main_store,
        &(struct store_expiry){
            .table = "notify_mail",
            .find = "SELECT 1 FROM notify_mail WHERE state >= 2 AND created_ms < $1 LIMIT 1",
            .remove = "DELETE FROM notify_mail WHERE (event, id) IN (SELECT event, id"
                      " FROM notify_mail WHERE state >= 2 AND created_ms < $1"
                      " ORDER BY created_ms LIMIT $2)",
            .age_max_ms = keep_ms});
    store_expire(main_store,
                 &(struct store_expiry){
                     .table = "notify_told",
                     .find = "SELECT 1 FROM notify_told WHERE created_ms < $1 LIMIT 1",
                     .remove = "DELETE FROM notify_told WHERE (event, incident, letter) IN"
                               " (SELECT event, incident, letter FROM notify_told"
                               " WHERE created_ms < $1 ORDER BY created_ms LIMIT $2)",
                     .age_max_ms = keep_ms});
}

/* --- for the page --- */

void mail_letter_fini(struct mail_letter *letter)
{
    mem_free(letter->text);
    mem_free(letter->html);
}

enum err mail_find(struct db *db, const char *event, int64_t id, struct mail_letter *out_letter)
{
    struct sql_rows rows;
    int64_t tries_since_ms;
    TRY(sql_query(db, &rows,
                  "SELECT " SUMMARY_COLUMNS ", body_text, body_html, tries_since_ms"
                  " FROM notify_mail WHERE event = $1 AND id = $2",
                  SQL_TEXT(event), SQL_INT(id)));
    return letter_of(&rows, out_letter, &tries_since_ms);
}

enum err mail_list(struct db *db, const char *event, const struct mail_filter *filter,
                   struct mail_summary **out_mails, size_t *out_count)
{
    int64_t states = filter->states == 0 ? 31 : filter->states;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " SUMMARY_COLUMNS " FROM notify_mail WHERE event = $1 AND id < $2"
                  " AND ((state = 0 AND $3 = 1) OR (state = 1 AND $4 = 1) OR (state = 2 AND $5 = 1)"
                  " OR (state = 3 AND $6 = 1) OR (state = 4 AND $7 = 1))"
                  " ORDER BY id DESC LIMIT $8",
                  SQL_TEXT(event), SQL_INT(filter->before_id == 0 ? INT64_MAX : filter->before_id),
                  SQL_INT(states & 1), SQL_INT(states >> 1 & 1), SQL_INT(states >> 2 & 1),
                  SQL_INT(states >> 3 & 1), SQL_INT(states >> 4 & 1),
                  SQL_INT((int64_t)filter->count_max)));
    struct mail_summary *mails = mem_new_array(filter->count_max + 1, sizeof *mails);
    size_t count = 0;
    while (count < filter->count_max && sql_next(&rows))
        summary_of_row(&rows, &mails[count++]);
    enum err err = sql_end(&rows);
    if (err != ERR_NONE) {
        mem_free(mails);
        return err;
    }
    *out_mails = mails;
    *out_count = count;
    return ERR_NONE;
}

static const struct json_field SUMMARY_FIELDS[] = {
    {"id", JSON_FIELD_INT, JSON_REQUIRED, JSON_AT(struct mail_summary, id)},
    {"recipient", JSON_FIELD_TEXT, JSON_REQUIRED, JSON_TEXT(struct mail_summary, recipient)},
    {"subject", JSON_FIELD_TEXT, JSON_REQUIRED, JSON_TEXT(struct mail_summary, subject)},
    {"message_id", JSON_FIELD_TEXT, JSON_REQUIRED, JSON_TEXT(struct mail_summary, message_id)},
    {"in_reply_to", JSON_FIELD_TEXT, JSON_REQUIRED, JSON_TEXT(struct mail_summary, in_reply_to)},
    {"state", JSON_FIELD_ENUM, JSON_REQUIRED, JSON_AT(struct mail_summary, state),
     .names = mail_state_names},
    {"incident_count", JSON_FIELD_INT, JSON_REQUIRED, JSON_AT(struct mail_summary, incident_count)},
    {"attempts", JSON_FIELD_INT, JSON_REQUIRED, JSON_AT(struct mail_summary, attempts)},
    {"failure", JSON_FIELD_TEXT, JSON_REQUIRED, JSON_TEXT(struct mail_summary, failure)},
    {"created_at", JSON_FIELD_TIME, JSON_REQUIRED, JSON_AT(struct mail_summary, created_ms)},
    {"sent_at", JSON_FIELD_TIME, JSON_REQUIRED, JSON_AT(struct mail_summary, sent_ms)},
    {"next_attempt_at", JSON_FIELD_TIME, JSON_REQUIRED, JSON_AT(struct mail_summary, next_ms)},
};

json_t *mail_summary_json(const struct mail_summary *summary)
{
    json_t *object = json_write(SUMMARY_FIELDS, COUNT_OF(SUMMARY_FIELDS), summary);
    if (summary->failure[0] == '\0')
        (void)json_object_set_new(object, "failure", json_null());
    if (summary->in_reply_to[0] == '\0')
        (void)json_object_set_new(object, "in_reply_to", json_null());
    if (summary->sent_ms == 0)
        (void)json_object_set_new(object, "sent_at", json_null());
    if (summary->state != MAIL_QUEUED)
        (void)json_object_set_new(object, "next_attempt_at", json_null());
    return object;
}

void mail_publish(const struct publisher *publisher, const struct mail_summary *mail)
{
    char topic[sizeof mail->event + 32];
    (void)snprintf(topic, sizeof topic, "events/%s/outbox", mail->event);
    SCOPED_JSON *object = mail_summary_json(mail);
    char *json = json_dumps(object, JSON_COMPACT);
    assert(json != NULL);
    publish(publisher, topic, PUBLISH_EVENT, json, strlen(json));
    free(json); /* jansson's own allocation */
}
