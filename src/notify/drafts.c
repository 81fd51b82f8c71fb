// SPDX-License-Identifier: Apache-2.0
/* From the records of one batch to letters: per event and address one, with every incident that
 * concerns the address, whether it is named itself or by a role. Addresses with the same incidents
 * share one letter's words. */
#include "accounts/accounts.h"
#include "base/log.h"
#include "base/text.h"
#include "events/events.h"
#include "notify/notify_internal.h"

#define MEMBERS_MAX 5000

struct addressee {
    char address[LIMIT_EMAIL_LEN + 1];
    const struct incident **incidents; /* owned */
    size_t count;
    size_t letter; /* index */
};

/* One event of the batch while its mails are addressed. */
struct addressing {
    const char *event;
    struct db *db;
    struct member *members; /* owned; read when the first role is named */
    size_t member_count;
    bool has_members;
    struct addressee *addressees; /* owned */
    size_t count;
    size_t incident_max;
    bool is_overfull;
};

void drafts_clear(struct drafts *drafts)
{
    for (size_t i = 0; i < drafts->letter_count; i++)
        letter_fini(&drafts->letters[i]);
    mem_free(drafts->letters);
    mem_free(drafts->drafts);
    mem_free(drafts->news);
    *drafts = (struct drafts){0};
}

static struct addressee *addressee_of(struct addressing *addressing, const char *address)
{
    for (size_t i = 0; i < addressing->count; i++) {
        if (strcmp(addressing->addressees[i].address, address) == 0)
            return &addressing->addressees[i];
    }
    if (addressing->count == LIMIT_MAIL_RECIPIENTS) {
        if (!addressing->is_overfull)
            log_write(LOG_ERROR, "notify", "too many recipients; the rest get no mail",
                      "event=%s max=%d", addressing->event, LIMIT_MAIL_RECIPIENTS);
        addressing->is_overfull = true;
        return NULL;
    }
    struct addressee *addressee = &addressing->addressees[addressing->count++];
    (void)text_copy(addressee->address, sizeof addressee->address, address);
    addressee->incidents = mem_new_array(addressing->incident_max, sizeof *addressee->incidents);
    return addressee;
}

static void address(struct addressing *addressing, const char *to, const struct incident *incident)
{
    char normal[LIMIT_EMAIL_LEN + 1];
    struct addressee *addressee =
        addressee_of(addressing, email_normalise(to, normal) ? normal : to);
    bool is_new = addressee != NULL &&
                  (addressee->count == 0 || addressee->incidents[addressee->count - 1] != incident);
    if (is_new)
        addressee->incidents[addressee->count++] = incident;
}

static enum err address_role(struct addressing *addressing, const char *role,
                             const struct incident *incident)
{
    if (!addressing->has_members)
        TRY(member_list(addressing->db, addressing->event, 0, MEMBERS_MAX, &addressing->members,
                        &addressing->member_count));
    addressing->has_members = true;
    uint32_t bit = role_of_name(role);
    for (size_t i = 0; i < addressing->member_count; i++) {
        if (addressing->members[i].roles & bit)
            address(addressing, addressing->members[i].person.email, incident);
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
            address(addressing, to, &news->incident);
    }
    return ERR_NONE;
}

static void addressing_fini(struct addressing *addressing)
{
    for (size_t i = 0; i < addressing->count; i++)
        mem_free(addressing->addressees[i].incidents);
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

static void compose(struct drafts *drafts, struct addressing *addressing,
                    const struct letter_sender *sender)
{
    for (size_t i = 0; i < addressing->count; i++) {
        struct addressee *addressee = &addressing->addressees[i];
        size_t same = 0; /* an earlier one with the same incidents, in the same order */
        while (same < i && (addressing->addressees[same].count != addressee->count ||
                            memcmp(addressing->addressees[same].incidents, addressee->incidents,
                                   addressee->count * sizeof *addressee->incidents) != 0))
            same++;
        if (same < i) {
            addressee->letter = addressing->addressees[same].letter;
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

static void draft(struct drafts *drafts, const struct addressing *addressing,
                  const struct drafts_input *input)
{
    drafts->draft_size = drafts->draft_count + addressing->count;
    drafts->drafts = mem_resize(drafts->drafts, (drafts->draft_size + 1) * sizeof *drafts->drafts);
    for (size_t i = 0; i < addressing->count; i++) {
        const struct addressee *addressee = &addressing->addressees[i];
        struct mail_draft *draft = &drafts->drafts[drafts->draft_count++];
        *draft = (struct mail_draft){.letter_index = addressee->letter,
                                     .severity = worst_severity(addressee),
                                     .summary = {.state = (int)input->state,
                                                 .incident_count = (int64_t)addressee->count,
                                                 .created_ms = input->now_ms,
                                                 .next_ms = input->now_ms}};
        (void)text_copy(draft->summary.event, sizeof draft->summary.event, addressing->event);
        (void)text_copy(draft->summary.recipient, sizeof draft->summary.recipient,
                        addressee->address);
    }
}

static void name_event(struct db *db, const char *id, char *out_name, size_t size)
{
    struct event event;
    bool is_known = event_find(db, id, &event) == ERR_NONE;
    (void)text_copy(out_name, size, is_known ? event.name : id);
}

static enum err compose_event(struct drafts *drafts, struct db *db, const char *event,
                              const struct drafts_input *input)
{
    struct addressing addressing = {
        .event = event,
        .db = db,
        .addressees = mem_new_array(LIMIT_MAIL_RECIPIENTS, sizeof *addressing.addressees),
        .incident_max = drafts->news_count};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < drafts->news_count && err == ERR_NONE; i++) {
        if (strcmp(drafts->news[i].incident.event, event) == 0)
            err = address_news(&addressing, &drafts->news[i]);
    }
    if (err == ERR_NONE && addressing.count > 0) {
        char name[LIMIT_NAME_LEN + 1];
        name_event(db, event, name, sizeof name);
        compose(drafts, &addressing,
                &(struct letter_sender){.event_name = name, .public_url = input->public_url});
        draft(drafts, &addressing, input);
    }
    addressing_fini(&addressing);
    return err;
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
    drafts->news = mem_new_array(input->record_count + 1, sizeof *drafts->news);
    for (size_t i = 0; i < input->record_count; i++) {
        struct incident_news *news = &drafts->news[drafts->news_count];
        TRY(incident_news_read(input->records[i], news));
        if (news->transition.kind == TRANSITION_OPENED && news->recipient_count > 0)
            drafts->news_count++;
    }
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
