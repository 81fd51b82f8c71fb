// SPDX-License-Identifier: Apache-2.0
/* From the records of one batch to letters: per event and address one with every incident that opened
 * and concerns the address, whether it is named itself or by a role; and one for every mail of before
 * that told of incidents which ended now, in answer to it. Addresses with the same incidents share one
 * letter's words. */
#include "accounts/accounts.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/text.h"
#include "events/events.h"
#include "notify/notify_internal.h"
#include "venues/venues.h"

#include <search.h>

#define MEMBERS_PAGE 1000

static struct metric dropped_total =
    METRIC_COUNTER("muster_mail_recipients_dropped_total",
                   "Times that an address got no mail, being one too many.");
static struct metric unreadable_total = METRIC_COUNTER(
    "muster_mail_records_unreadable_total", "Records of incidents set aside, being unreadable.");

struct addressee {
    char address[LIMIT_EMAIL_LEN + 1];
    char answered[256];                /* the message id of the alarm, when it is told of its end */
    const struct incident **incidents; /* owned */
    size_t count, size;
    size_t letter; /* index */
};

/* The mails of one kind and event while they are addressed. */
struct addressing {
    const char *event;
    enum letter_kind kind;
    struct db *db;
    struct member *members; /* owned; read when the first role is named */
    size_t member_count;
    bool has_members;
    struct addressee **addressees; /* owned, like what they point to */
    void *by_address;              /* a tree of tsearch() */
    size_t count;
    bool is_overfull;
    const struct incident *incident; /* whose earlier readers are looked for */
};

void drafts_clear(struct drafts *drafts)
{
    for (size_t i = 0; i < drafts->letter_count; i++)
        letter_fini(&drafts->letters[i]);
    mem_free(drafts->letters);
    mem_free(drafts->drafts);
    mem_free(drafts->news);
    mem_free(drafts->told);
    mem_free(drafts->unreadable);
    *drafts = (struct drafts){0};
}

static int compare_addressees(const void *a, const void *b)
{
    const struct addressee *left = a, *right = b;
    int order = strcmp(left->address, right->address);
    return order != 0 ? order : strcmp(left->answered, right->answered);
}

static void drop(struct addressing *addressing)
{
    metric_add(&dropped_total, 1);
    if (!addressing->is_overfull)
        log_write(LOG_ERROR, "notify", "too many recipients; the rest get no mail",
                  "event=%s max=%d", addressing->event, LIMIT_MAIL_RECIPIENTS);
    addressing->is_overfull = true;
}

static struct addressee *addressee_of(struct addressing *addressing, const char *address,
                                      const char *answered)
{
    struct addressee wanted = {0};
    (void)text_copy(wanted.address, sizeof wanted.address, address);
    (void)text_copy(wanted.answered, sizeof wanted.answered, answered);
    struct addressee **found = tfind(&wanted, &addressing->by_address, compare_addressees);
    if (found != NULL)
        return *found;
    if (addressing->count == LIMIT_MAIL_RECIPIENTS) {
        drop(addressing);
        return NULL;
    }
    struct addressee *addressee = mem_copy(&wanted, sizeof wanted);
    void *node = tsearch(addressee, &addressing->by_address, compare_addressees);
    assert(node != NULL);
    addressing->addressees[addressing->count++] = addressee;
    return addressee;
}

static void address(struct addressing *addressing, const char *to, const char *answered,
                    const struct incident *incident)
{
    char normal[LIMIT_EMAIL_LEN + 1];
    struct addressee *addressee =
        addressee_of(addressing, email_normalise(to, normal) ? normal : to, answered);
    bool is_new = addressee != NULL &&
                  (addressee->count == 0 || addressee->incidents[addressee->count - 1] != incident);
    if (!is_new)
        return;
    if (addressee->count == addressee->size) {
        addressee->size = addressee->size == 0 ? 1 : 2 * addressee->size;
        addressee->incidents =
            mem_resize(addressee->incidents, addressee->size * sizeof *addressee->incidents);
    }
    addressee->incidents[addressee->count++] = incident;
}

/* All of them, page by page. */
static enum err read_members(struct addressing *addressing)
{
    for (bool is_more = true; is_more;) {
        struct member *page = NULL;
        size_t count = 0, before = addressing->member_count;
        int64_t after_id = before == 0 ? 0 : addressing->members[before - 1].person.id;
        TRY(member_list(addressing->db, addressing->event, after_id, MEMBERS_PAGE, &page, &count));
        addressing->members =
            mem_resize(addressing->members, (before + count + 1) * sizeof *addressing->members);
        memcpy(addressing->members + before, page, count * sizeof *page);
        addressing->member_count += count;
        mem_free(page);
        is_more = count == MEMBERS_PAGE;
    }
    addressing->has_members = true;
    return ERR_NONE;
}

static enum err address_role(struct addressing *addressing, const char *role,
                             const struct incident *incident)
{
    if (!addressing->has_members)
        TRY(read_members(addressing));
    uint32_t bit = role_of_name(role);
    for (size_t i = 0; i < addressing->member_count; i++) {
        if (addressing->members[i].roles & bit)
            address(addressing, addressing->members[i].person.email, "", incident);
    }
    return ERR_NONE;
}

static enum err address_news(struct addressing *addressing, const struct incident_news *news)
{
    for (size_t i = 0; i < news->recipient_count; i++) {
        const char *to = news->recipients[i];
        if (strncmp(to, "role:", 5) == 0)
            TRY(address_role(addressing, to + 5, &news->incident));
        else
            address(addressing, to, "", &news->incident);
    }
    return ERR_NONE;
}

static void address_reader(void *context, const char *recipient, const char *message_id)
{
    struct addressing *addressing = context;
    address(addressing, recipient, message_id, addressing->incident);
}

/* Opened and ended in one batch: its alarm is among the drafts, and not in the outbox yet. */
static void address_draft_readers(struct addressing *addressing, const struct drafts *drafts,
                                  const struct incident *incident)
{
    for (size_t t = 0; t < drafts->told_count; t++) {
        const struct told *told = &drafts->told[t];
        if (told->incident != incident->id || strcmp(told->event, incident->event) != 0)
            continue;
        for (size_t i = 0; i < drafts->draft_count; i++) {
            const struct mail_draft *draft = &drafts->drafts[i];
            if (strcmp(draft->letter_key, told->letter_key) == 0)
                address(addressing, draft->summary.recipient, draft->summary.message_id, incident);
        }
    }
}

static enum err address_end(struct addressing *addressing, const struct drafts *drafts,
                            const struct incident *incident)
{
    addressing->incident = incident;
    TRY(outbox_told(addressing->db, incident->event, incident->id, address_reader, addressing));
    address_draft_readers(addressing, drafts, incident);
    return ERR_NONE;
}

static void keep(void *address)
{
    (void)address; /* the list owns it */
}

static void addressing_fini(struct addressing *addressing)
{
    tdestroy(addressing->by_address, keep);
    for (size_t i = 0; i < addressing->count; i++) {
        mem_free(addressing->addressees[i]->incidents);
        mem_free(addressing->addressees[i]);
    }
    mem_free(addressing->addressees);
    mem_free(addressing->members);
}

static size_t letter_new(struct drafts *drafts)
{
    if (drafts->letter_count == drafts->letter_size) {
        drafts->letter_size = drafts->letter_size == 0 ? 4 : 2 * drafts->letter_size;
        drafts->letters =
            mem_resize(drafts->letters, drafts->letter_size * sizeof *drafts->letters);
    }
    return drafts->letter_count++;
}

static bool has_same_incidents(const struct addressee *a, const struct addressee *b)
{
    return a->count == b->count &&
           memcmp(a->incidents, b->incidents, a->count * sizeof *a->incidents) == 0;
}

static void compose(struct drafts *drafts, struct addressing *addressing,
                    const struct letter_sender *sender)
{
    for (size_t i = 0; i < addressing->count; i++) {
        struct addressee *addressee = addressing->addressees[i];
        size_t same = 0; /* an earlier one with the same incidents, in the same order */
        while (same < i && !has_same_incidents(addressing->addressees[same], addressee))
            same++;
        if (same < i) {
            addressee->letter = addressing->addressees[same]->letter;
            continue;
        }
        addressee->letter = letter_new(drafts);
        const struct incident **ordered =
            mem_copy(addressee->incidents, addressee->count * sizeof *addressee->incidents);
        letter_compose(ordered, addressee->count, sender, &drafts->letters[addressee->letter]);
        mem_free(ordered);
    }
}

static int worst_severity(const struct addressee *addressee)
{
    int worst = SEVERITY_INFO;
    for (size_t i = 0; i < addressee->count; i++)
        worst = MAX(worst, addressee->incidents[i]->severity);
    return worst;
}

static void name_mail(struct mail_draft *draft, const char *event, const char *host)
{
    /* By chance: after a restored backup the numbers come again, the mails must not. */
    char chance[17];
    random_id(chance, sizeof chance);
    (void)snprintf(draft->summary.message_id, sizeof draft->summary.message_id,
                   "<mail.%s.%s@%.100s>", event, chance, host);
}

static void remember_told(struct drafts *drafts, const struct addressee *addressee,
                          const char *event, const char *letter_key)
{
    size_t needed = drafts->told_count + addressee->count;
    if (needed > drafts->told_size) {
        drafts->told_size = 2 * needed;
        drafts->told = mem_resize(drafts->told, drafts->told_size * sizeof *drafts->told);
    }
    for (size_t i = 0; i < addressee->count; i++) {
        struct told *told = &drafts->told[drafts->told_count++];
        *told = (struct told){.incident = addressee->incidents[i]->id};
        (void)text_copy(told->event, sizeof told->event, event);
        (void)text_copy(told->letter_key, sizeof told->letter_key, letter_key);
    }
}

/* Once per letter: whoever has it as the first. */
static void key_letter(struct drafts *drafts, const struct addressing *addressing, size_t index,
                       struct mail_draft *draft)
{
    const struct addressee *addressee = addressing->addressees[index];
    size_t first = 0;
    while (addressing->addressees[first]->letter != addressee->letter)
        first++;
    if (first < index) {
        memcpy(draft->letter_key, draft[-(ptrdiff_t)(index - first)].letter_key,
               sizeof draft->letter_key);
        return;
    }
    random_id(draft->letter_key, sizeof draft->letter_key);
    if (addressing->kind == LETTER_OPENED)
        remember_told(drafts, addressee, addressing->event, draft->letter_key);
}

static void draft(struct drafts *drafts, const struct addressing *addressing,
                  const struct drafts_input *input)
{
    drafts->draft_size = drafts->draft_count + addressing->count;
    drafts->drafts = mem_resize(drafts->drafts, (drafts->draft_size + 1) * sizeof *drafts->drafts);
    for (size_t i = 0; i < addressing->count; i++) {
        const struct addressee *addressee = addressing->addressees[i];
        struct mail_draft *draft = &drafts->drafts[drafts->draft_count++];
        bool is_end = addressing->kind == LETTER_RESOLVED; /* which hurries less */
        *draft = (struct mail_draft){.letter_index = addressee->letter,
                                     .severity = is_end ? SEVERITY_INFO : worst_severity(addressee),
                                     .summary = {.state = (int)input->state,
                                                 .incident_count = (int64_t)addressee->count,
                                                 .created_ms = input->now_ms,
                                                 .next_ms = input->now_ms}};
        (void)text_copy(draft->summary.event, sizeof draft->summary.event, addressing->event);
        (void)text_copy(draft->summary.recipient, sizeof draft->summary.recipient,
                        addressee->address);
        (void)text_copy(draft->summary.in_reply_to, sizeof draft->summary.in_reply_to,
                        addressee->answered);
        name_mail(draft, addressing->event, input->host);
        key_letter(drafts, addressing, i, draft);
    }
}

/* --- what places are called --- */

static void name_zone(const struct venue_view *view, const char *id, struct letter_names *names)
{
    for (size_t i = 0; i < view->zone_count; i++) {
        if (strcmp(view->zones[i].id, id) == 0)
            (void)text_copy(names->place, sizeof names->place, view->zones[i].name);
    }
}

static void name_device(const struct venue_view *view, const char *subject,
                        struct letter_names *names)
{
    const char *id = strncmp(subject, "device.", 7) == 0 ? subject + 7 : subject;
    for (size_t i = 0; i < view->device_count; i++) {
        if (strcmp(view->devices[i].id, id) == 0)
            (void)text_copy(names->place, sizeof names->place, view->devices[i].name);
    }
}

static void name_places(void *venues, const struct incident *incident, struct letter_names *names)
{
    struct venue_view *view = venues_view(venues, incident->event, incident->venue);
    if (view == NULL)
        return;
    (void)text_copy(names->venue, sizeof names->venue, view->name);
    if (incident->zone[0] != '\0')
        name_zone(view, incident->zone, names);
    else
        name_device(view, incident->subject, names);
    shared_unref(&view->shared);
}

static void name_event(struct db *db, const char *id, char *out_name, size_t size)
{
    struct event event;
    bool is_known = event_find(db, id, &event) == ERR_NONE;
    (void)text_copy(out_name, size, is_known ? event.name : id);
}

static enum err address_all(struct addressing *addressing, const struct drafts *drafts)
{
    enum transition_kind kind =
        addressing->kind == LETTER_OPENED ? TRANSITION_OPENED : TRANSITION_RESOLVED;
    for (size_t i = 0; i < drafts->news_count; i++) {
        const struct incident_news *news = &drafts->news[i];
        if (news->transition.kind != (int)kind ||
            strcmp(news->incident.event, addressing->event) != 0)
            continue;
        TRY(kind == TRANSITION_OPENED ? address_news(addressing, news)
                                      : address_end(addressing, drafts, &news->incident));
    }
    return ERR_NONE;
}

static enum err compose_kind(struct drafts *drafts, struct db *db, const char *event,
                             enum letter_kind kind, const struct drafts_input *input)
{
    struct addressing addressing = {
        .event = event,
        .kind = kind,
        .db = db,
        .addressees = mem_new_array(LIMIT_MAIL_RECIPIENTS, sizeof(struct addressee *))};
    enum err err = address_all(&addressing, drafts);
    if (err == ERR_NONE && addressing.count > 0) {
        char name[LIMIT_NAME_LEN + 1];
        name_event(db, event, name, sizeof name);
        compose(drafts, &addressing,
                &(struct letter_sender){.event_name = name,
                                        .public_url = input->public_url,
                                        .kind = kind,
                                        .is_cut = addressing.is_overfull,
                                        .name = input->venues == NULL ? NULL : name_places,
                                        .context = input->venues});
        draft(drafts, &addressing, input);
    }
    addressing_fini(&addressing);
    return err;
}

/* What opened first: what ended in the same batch answers it. */
static enum err compose_event(struct drafts *drafts, struct db *db, const char *event,
                              const struct drafts_input *input)
{
    TRY(compose_kind(drafts, db, event, LETTER_OPENED, input));
    return compose_kind(drafts, db, event, LETTER_RESOLVED, input);
}

static bool is_to_be_told(const struct incident_news *news)
{
    return (news->transition.kind == TRANSITION_OPENED && news->recipient_count > 0) ||
           (news->transition.kind == TRANSITION_RESOLVED && news->mails_resolution);
}

/* One that cannot be read holds up nobody. */
static void read_news(struct drafts *drafts, const struct drafts_input *input)
{
    drafts->news = mem_new_array(input->record_count + 1, sizeof *drafts->news);
    drafts->unreadable = mem_new_array(input->record_count + 1, sizeof(struct stream_record *));
    for (size_t i = 0; i < input->record_count; i++) {
        struct stream_record *record = input->records[i];
        struct incident_news *news = &drafts->news[drafts->news_count];
        if (incident_news_read(record, news) == ERR_NONE) {
            drafts->news_count += is_to_be_told(news);
            continue;
        }
        metric_add(&unreadable_total, 1);
        log_write(LOG_ERROR, "notify", "unreadable incident record; among the dead letters",
                  "shard=%d position=%lld", record->shard, (long long)record->position);
        drafts->unreadable[drafts->unreadable_count++] = record;
    }
}

static bool is_first_of_event(const struct drafts *drafts, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(drafts->news[i].incident.event, drafts->news[index].incident.event) == 0)
            return false;
    }
    return true;
}

enum err drafts_compose(struct drafts *drafts, struct db *db, const struct drafts_input *input)
{
    drafts_clear(drafts);
    read_news(drafts, input);
    for (size_t i = 0; i < drafts->news_count; i++) {
        if (is_first_of_event(drafts, i))
            TRY(compose_event(drafts, db, drafts->news[i].incident.event, input));
    }
    for (size_t i = 0; i < drafts->draft_count; i++) {
        struct mail_draft *draft = &drafts->drafts[i];
        draft->letter = &drafts->letters[draft->letter_index];
        (void)text_copy(draft->summary.subject, sizeof draft->summary.subject,
                        draft->letter->subject);
    }
    return ERR_NONE;
}
