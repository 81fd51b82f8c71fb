// SPDX-License-Identifier: Apache-2.0
#include "privacy/privacy.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE_WIDTH 96
#define WORDS_MAX  1024

static const char *const ABOUT_NAMES[] = {"crowd", "guests", "staff", "nobody"};
static const char *const PERSONAL_NAMES[] = {"no", "nameless", "yes"};
static const char *const END_NAMES[] = {"for", "until_removed", "for_ever", "in_memory",
                                        "not_stored"};

static const char *const ABOUT_WORDS[] = {"people in the crowd", "guests", "staff", "nobody"};
static const char *const PERSONAL_WORDS[] = {"not personal", "single people without a name",
                                             "personal"};

void privacy_time_words(int64_t ms, char out[PRIVACY_TIME_SIZE])
{
    static const struct unit {
        const char *name;
        int64_t ms;
    } UNITS[] = {{"day", 86400000}, {"hour", 3600000}, {"minute", 60000}, {"second", 1000}};
    size_t first = 0;
    while (first + 1 < COUNT_OF(UNITS) && ms < 2 * UNITS[first].ms && ms != UNITS[first].ms)
        first++;
    size_t second = MIN(first + 1, COUNT_OF(UNITS) - 1);
    while (second + 1 < COUNT_OF(UNITS) && ms % UNITS[first].ms < UNITS[second].ms)
        second++;
    int64_t whole = ms / UNITS[first].ms;
    int64_t rest = ms % UNITS[first].ms;
    int64_t parts = first == second ? 0 : (rest + UNITS[second].ms - 1) / UNITS[second].ms;
    if (first == second && rest > 0)
        whole++;
    int len = snprintf(out, PRIVACY_TIME_SIZE, "%" PRId64 " %s%s", whole, UNITS[first].name,
                       whole == 1 ? "" : "s");
    if (parts > 0)
        (void)snprintf(out + len, PRIVACY_TIME_SIZE - (size_t)len, " and %" PRId64 " %s%s", parts,
                       UNITS[second].name, parts == 1 ? "" : "s");
}

bool privacy_next_table(const char **inout_names, char out_name[PRIVACY_TABLE_SIZE])
{
    const char *start = *inout_names + strspn(*inout_names, " ");
    size_t len = strcspn(start, " ");
    *inout_names = start + len;
    if (len == 0)
        return false;
    assert(len < PRIVACY_TABLE_SIZE);
    memcpy(out_name, start, len);
    out_name[len] = '\0';
    return true;
}

static int64_t age_of(const struct privacy_clock *clock, const struct privacy_kind *kind)
{
    if (kind->end == END_IN_MEMORY)
        return kind->more_ms; /* no setting, and housekeeping knows nothing of it */
    return kind->end == END_AFTER ? clock->age_ms(clock->context, kind) : 0;
}

/* "at most 6 hours after the moment that they show" */
static void add_end(struct text *out, const struct privacy_kind *kind, int64_t age_ms)
{
    static const char *const WORDS[] = {"", "until somebody removes it", "for ever",
                                        "in memory only", "not stored"};
    bool is_for_ever = kind->end == END_AFTER && age_ms == 0;
    char time[PRIVACY_TIME_SIZE] = "";
    if (age_ms > 0)
        privacy_time_words(age_ms, time);
    text_add(out, is_for_ever ? "for ever" : WORDS[kind->end]);
    if (age_ms > 0)
        text_addf(out, "%sat most %s", kind->end == END_AFTER ? "" : ", ", time);
    if (kind->since != NULL && !is_for_ever)
        text_addf(out, "%s %s", age_ms > 0 ? "" : ";", kind->since);
}

static json_t *names_json(const char *names)
{
    json_t *list = json_array();
    char name[PRIVACY_TABLE_SIZE];
    while (privacy_next_table(&names, name))
        json_array_append_new(list, json_string(name));
    return list;
}

static json_t *kind_json(const struct privacy_kind *kind, int64_t age_ms)
{
    SCOPED_TEXT words = {0};
    text_init(&words, WORDS_MAX);
    add_end(&words, kind, age_ms);
    assert(!words.overflowed);
    bool is_for_ever = kind->end == END_AFTER && age_ms == 0;
    const char *how = END_NAMES[is_for_ever ? END_NEVER : kind->end];
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:o, s:s, s:s?}, s:o, s:o}", "id",
                     kind->id, "name", kind->name, "holds", kind->holds, "about",
                     ABOUT_NAMES[kind->about], "personal", PERSONAL_NAMES[kind->personal], "why",
                     kind->why, "kept", "how", how, "for_ms",
                     age_ms > 0 ? json_integer(age_ms) : json_null(), "words", words.bytes,
                     "setting", kind->setting, "tables", names_json(kind->tables), "streams",
                     names_json(kind->stream == NULL ? "" : kind->stream));
}

json_t *privacy_json(const struct privacy_clock *clock)
{
    json_t *kinds = json_array();
    json_t *notes = json_array();
    for (size_t i = 0; i < privacy_kind_count; i++)
        json_array_append_new(kinds,
                              kind_json(&privacy_kinds[i], age_of(clock, &privacy_kinds[i])));
    for (size_t i = 0; privacy_notes[i] != NULL; i++)
        json_array_append_new(notes, json_string(privacy_notes[i]));
    return json_pack("{s:o, s:o}", "kinds", kinds, "notes", notes);
}

/* Words, broken where a line is full; every line but the first begins with `indent` blanks. */
static void add_wrapped(struct text *out, const char *words, size_t indent)
{
    size_t column = indent;
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        if (column > indent && column + 1 + len > LINE_WIDTH) {
            text_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            text_add_char(out, ' ');
            column++;
        }
        text_add_bytes(out, words, len);
        column += len;
        words += len + strspn(words + len, " ");
    }
    text_add_char(out, '\n');
}

static void add_line(struct text *out, const char *label, const char *words)
{
    text_addf(out, "  %-6s", label);
    add_wrapped(out, words, 8);
}

static void add_kind(struct text *out, const struct privacy_kind *kind, int64_t age_ms)
{
    SCOPED_TEXT end = {0};
    SCOPED_TEXT who = {0};
    text_init(&end, WORDS_MAX);
    text_init(&who, WORDS_MAX);
    add_end(&end, kind, age_ms);
    if (kind->setting != NULL && kind->end == END_AFTER)
        text_addf(&end, " (--%s)", kind->setting);
    text_addf(&who, "%s; %s", ABOUT_WORDS[kind->about], PERSONAL_WORDS[kind->personal]);
    text_addf(out, "%s\n", kind->name);
    add_line(out, "what", kind->holds);
    add_line(out, "about", who.bytes);
    add_line(out, "kept", end.bytes);
    add_line(out, "why", kind->why);
    if (*kind->tables != '\0')
        add_line(out, "where", kind->tables);
    text_add_char(out, '\n');
}

void privacy_add_text(struct text *out, const struct privacy_clock *clock)
{
    for (size_t i = 0; i < privacy_kind_count; i++)
        add_kind(out, &privacy_kinds[i], age_of(clock, &privacy_kinds[i]));
    for (size_t i = 0; privacy_notes[i] != NULL; i++)
        add_wrapped(out, privacy_notes[i], 0);
}
