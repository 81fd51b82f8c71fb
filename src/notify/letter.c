// SPDX-License-Identifier: Apache-2.0
#include "notify/letter.h"

#include "alerts/condition.h"
#include "base/clock.h"
#include "base/text.h"
#include "notify/notify.h"

#define LETTER_BYTES_MAX (8 * 1024 * 1024)

static int worst_first(const void *a, const void *b)
{
    const struct incident *left = *(const struct incident *const *)a;
    const struct incident *right = *(const struct incident *const *)b;
    if (left->severity != right->severity)
        return left->severity > right->severity ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static const char *severity_word(const struct incident *incident)
{
    static const char *const WORDS[] = {"Notice", "Warning", "CRITICAL"};
    return WORDS[incident->severity];
}

static struct letter_names names_of(const struct incident *incident,
                                    const struct letter_sender *sender)
{
    struct letter_names names = {0};
    if (sender->name != NULL)
        sender->name(sender->context, incident, &names);
    return names;
}

static void add_named(struct text *text, const char *name, const char *kind, const char *id)
{
    if (name[0] == '\0' || strcmp(name, id) == 0)
        text_addf(text, "%s%s", kind, id);
    else
        text_addf(text, "%s (%s%s)", name, kind, id);
}

/* "Main stage (zone stage-a)", "zone stage-a", "Glass lift (lift-3)" */
static void add_place(struct text *text, const struct incident *incident,
                      const struct letter_sender *sender)
{
    struct letter_names names = names_of(incident, sender);
    const char *subject = incident->subject;
    if (incident->zone[0] != '\0')
        add_named(text, names.place, "zone ", incident->zone);
    else
        add_named(text, names.place, "",
                  strncmp(subject, "device.", 7) == 0 ? subject + 7 : subject);
}

static void add_where(struct text *text, const struct incident *incident,
                      const struct letter_sender *sender)
{
    add_place(text, incident, sender);
    if (incident->venue[0] == '\0')
        return;
    struct letter_names names = names_of(incident, sender);
    text_add(text, ", ");
    add_named(text, names.venue, "venue ", incident->venue);
}

/* "density 5.31, limit: at or above 5" */
static void add_finding(struct text *text, const struct incident *incident)
{
    const char *side = condition_of(incident->direction)->words;
    if (strcmp(incident->measure, "silence") == 0) { /* alerts/silence.h */
        text_addf(text, "nothing is heard, for %.0f s longer than it may be silent",
                  incident->value);
        return;
    }
    if (incident->cause == ALARM_CAUSE_THRESHOLD) {
        text_addf(text, "%s %.4g, limit: %s %.4g", incident->measure, incident->value, side,
                  incident->threshold);
        return;
    }
    text_addf(text, "no values of %s come in any more", incident->measure);
    if (incident->has_value)
        text_addf(text, " (the last was %.4g)", incident->value);
}

static void add_time(struct text *text, int64_t at_ms)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(at_ms, at);
    text_addf(text, "%.10s %.8s UTC", at, at + 11);
}

/* "recovered", "by hand, by Ann", "zone removed" */
static void add_ending(struct text *text, const struct incident *incident)
{
    text_add(text, resolution_names[incident->resolution]);
    if (incident->resolved_by[0] != '\0')
        text_addf(text, ", by %s", incident->resolved_by);
    int64_t minutes = (incident->resolved_ms - incident->since_ms) / 60000;
    if (minutes > 0)
        text_addf(text, ", after %lld min", (long long)minutes);
}

static void add_count(struct text *text, size_t count, const struct letter_sender *sender)
{
    text_addf(text, "%s: %zu %s%s", sender->event_name, count, count == 1 ? "alarm" : "alarms",
              sender->kind == LETTER_RESOLVED ? " resolved" : "");
}

static void add_link(struct text *text, const struct incident *incident,
                     const struct letter_sender *sender)
{
    text_addf(text, "%s/control/%s", sender->public_url, incident->event);
    if (incident->venue[0] != '\0')
        text_addf(text, "/%s", incident->venue);
    text_addf(text, "?incident=%lld", (long long)incident->id);
}

/* One line of at most LETTER_SUBJECT_LEN bytes, cut between characters. */
static char *subject_take(struct text *text)
{
    char *subject = text_take(text);
    for (char *p = subject; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7F)
            *p = ' ';
    }
    size_t len = strlen(subject);
    if (len > LETTER_SUBJECT_LEN) {
        len = LETTER_SUBJECT_LEN;
        while (len > 0 && ((unsigned char)subject[len] & 0xC0) == 0x80)
            len--;
        subject[len] = '\0';
    }
    return subject;
}

static char *compose_subject(const struct incident *const *incidents, size_t count,
                             const struct letter_sender *sender)
{
    SCOPED_TEXT text;
    text_init(&text, LIMIT_MAIL_INCIDENTS * 400);
    const struct incident *worst = incidents[0];
    bool is_end = sender->kind == LETTER_RESOLVED;
    text_addf(&text, "%s: ", is_end ? "Resolved" : severity_word(worst));
    if (count > 1)
        text_addf(&text, "%zu alarms at %s: ", count, sender->event_name);
    for (size_t i = 0; i < count && text.len <= LETTER_SUBJECT_LEN; i++) {
        text_add(&text, i == 0 ? "" : ", ");
        add_place(&text, incidents[i], sender);
    }
    if (count == 1) {
        text_addf(&text, " · %s · ", worst->rule_name);
        (is_end ? add_ending : add_finding)(&text, worst);
        text_addf(&text, " (%s)", sender->event_name);
    }
    return subject_take(&text);
}

static void add_text_incident(struct text *text, const struct incident *incident,
                              const struct letter_sender *sender)
{
    text_addf(text, "%s: %s\n  Where: ", severity_word(incident), incident->rule_name);
    add_where(text, incident, sender);
    text_add(text, "\n  What:  ");
    add_finding(text, incident);
    text_add(text, "\n  Since: ");
    add_time(text, incident->since_ms);
    if (sender->kind == LETTER_RESOLVED) {
        text_add(text, "\n  Ended: ");
        add_time(text, incident->resolved_ms);
        text_add(text, ", ");
        add_ending(text, incident);
    }
    text_add(text, "\n  Look:  ");
    add_link(text, incident, sender);
    text_add(text, "\n\n");
}

static const char HOW[] =
    "To acknowledge an alarm, open its link and press \"Acknowledge\": everybody then sees that "
    "somebody takes care.";
static const char SILENCE[] =
    "Silence is not zero: as long as nothing is heard, nobody knows how full it is.";

static const char CUT[] =
    "Not everybody who should have got this mail did: more people are named than get one at once.";

static bool has_silence(const struct incident *const *incidents, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (incidents[i]->cause == ALARM_CAUSE_NO_DATA)
            return true;
    }
    return false;
}

/* What stands below the list. */
static size_t notes_of(const struct incident *const *incidents, size_t count,
                       const struct letter_sender *sender, const char *out_notes[3])
{
    size_t n = 0;
    if (sender->kind == LETTER_OPENED && has_silence(incidents, count))
        out_notes[n++] = SILENCE;
    if (sender->is_cut)
        out_notes[n++] = CUT;
    if (sender->kind == LETTER_OPENED)
        out_notes[n++] = HOW;
    return n;
}

static char *compose_text(const struct incident *const *incidents, size_t count,
                          const struct letter_sender *sender)
{
    SCOPED_TEXT text;
    text_init(&text, LETTER_BYTES_MAX);
    const char *notes[3];
    add_count(&text, count, sender);
    text_add(&text, "\n\n");
    size_t shown = MIN(count, (size_t)LIMIT_MAIL_INCIDENTS);
    for (size_t i = 0; i < shown; i++)
        add_text_incident(&text, incidents[i], sender);
    if (shown < count)
        text_addf(&text, "... and %zu more: %s/control/%s\n\n", count - shown, sender->public_url,
                  incidents[0]->event);
    size_t note_count = notes_of(incidents, count, sender, notes);
    for (size_t i = 0; i < note_count; i++)
        text_addf(&text, "%s\n", notes[i]);
    return text_take(&text);
}

typedef void (*adder)(struct text *text, const struct incident *incident,
                      const struct letter_sender *sender);

static void add_since(struct text *text, const struct incident *incident,
                      const struct letter_sender *sender)
{
    (void)sender;
    add_time(text, incident->since_ms);
}

static void add_rule(struct text *text, const struct incident *incident,
                     const struct letter_sender *sender)
{
    (void)sender;
    text_add(text, incident->rule_name);
}

static void add_severity(struct text *text, const struct incident *incident,
                         const struct letter_sender *sender)
{
    (void)sender;
    text_add(text, severity_word(incident));
}

static void add_what(struct text *text, const struct incident *incident,
                     const struct letter_sender *sender)
{
    add_finding(text, incident);
    if (sender->kind == LETTER_OPENED)
        return;
    text_add(text, "; ended: ");
    add_ending(text, incident);
}

static void add_cell(struct text *html, struct text *scratch, adder add,
                     const struct incident *incident, const struct letter_sender *sender)
{
    text_clear(scratch);
    add(scratch, incident, sender);
    text_add(html, "<td style=\"padding:4px 10px;border-bottom:1px solid #ccc\">");
    text_add_markup(html, scratch->bytes == NULL ? "" : scratch->bytes);
    text_add(html, "</td>");
}

static void add_html_incident(struct text *html, struct text *scratch,
                              const struct incident *incident, const struct letter_sender *sender)
{
    static const adder COLUMNS[] = {add_severity, add_rule, add_where, add_what, add_since};
    static const char *const COLOURS[] = {"#e8eef7", "#fff3d6", "#fde0de"};
    static const char ENDED[] = "#e6f4e6";
    bool is_end = sender->kind == LETTER_RESOLVED;
    text_addf(html, "<tr style=\"background:%s\">", is_end ? ENDED : COLOURS[incident->severity]);
    for (size_t i = 0; i < COUNT_OF(COLUMNS); i++)
        add_cell(html, scratch, COLUMNS[i], incident, sender);
    text_clear(scratch);
    add_link(scratch, incident, sender);
    text_add(html, "<td style=\"padding:4px 10px;border-bottom:1px solid #ccc\"><a href=\"");
    text_add_markup(html, scratch->bytes);
    text_addf(html, "\">%s (%lld)</a></td></tr>\n", is_end ? "Look" : "Look and acknowledge",
              (long long)incident->id);
}

static void add_html_head(struct text *html, struct text *scratch, size_t count,
                          const struct letter_sender *sender)
{
    text_add(html,
             "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"></head>"
             "<body style=\"font-family:sans-serif;color:#111\"><h1 style=\"font-size:20px\">");
    add_count(scratch, count, sender);
    text_add_markup(html, scratch->bytes);
    text_add(html, "</h1>\n<table style=\"border-collapse:collapse\"><tr>");
    static const char *const HEADS[] = {"Severity", "Alarm", "Where", "What", "Since", "Link"};
    for (size_t i = 0; i < COUNT_OF(HEADS); i++)
        text_addf(html, "<th style=\"padding:4px 10px;text-align:left\">%s</th>", HEADS[i]);
    text_add(html, "</tr>\n");
}

static char *compose_html(const struct incident *const *incidents, size_t count,
                          const struct letter_sender *sender)
{
    SCOPED_TEXT html;
    SCOPED_TEXT scratch;
    text_init(&html, LETTER_BYTES_MAX);
    text_init(&scratch, 4096);
    add_html_head(&html, &scratch, count, sender);
    size_t shown = MIN(count, (size_t)LIMIT_MAIL_INCIDENTS);
    for (size_t i = 0; i < shown; i++)
        add_html_incident(&html, &scratch, incidents[i], sender);
    text_add(&html, "</table>\n");
    if (shown < count)
        text_addf(&html, "<p>... and %zu more.</p>\n", count - shown);
    const char *notes[3];
    size_t note_count = notes_of(incidents, count, sender, notes);
    for (size_t i = 0; i < note_count; i++) {
        text_add(&html, "<p>");
        text_add_markup(&html, notes[i]);
        text_add(&html, "</p>\n");
    }
    text_add(&html, "</body></html>\n");
    return text_take(&html);
}

void letter_compose(const struct incident **incidents, size_t count,
                    const struct letter_sender *sender, struct letter *out_letter)
{
    assert(count > 0);
    qsort(incidents, count, sizeof *incidents, worst_first);
    *out_letter = (struct letter){.subject = compose_subject(incidents, count, sender),
                                  .text = compose_text(incidents, count, sender),
                                  .html = compose_html(incidents, count, sender)};
}

void letter_fini(struct letter *letter)
{
    mem_free(letter->subject);
    mem_free(letter->text);
    mem_free(letter->html);
}
