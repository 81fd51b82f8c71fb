// SPDX-License-Identifier: Apache-2.0
#include "server/settings.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

void setting_values_init(struct setting_values *values, const struct setting *table, size_t count)
{
    *values = (struct setting_values){
        .table = table, .count = count, .slots = mem_new_array(count, sizeof *values->slots)};
}

void setting_values_fini(struct setting_values *values)
{
    for (size_t i = 0; i < values->count; i++)
        mem_free(values->slots[i].text);
    mem_free(values->slots);
    *values = (struct setting_values){0};
}

const struct setting *setting_find(const struct setting *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

size_t setting_distance(const char *a, const char *b)
{
    size_t row[LIMIT_ID_LEN + 1];
    size_t b_len = MIN(strlen(b), COUNT_OF(row) - 1);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = MIN(changed, MIN(row[j], row[j + 1]) + 1);
        }
    }
    return row[b_len];
}

const char *setting_suggest(const struct setting *table, size_t count, const char *name)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t distance = setting_distance(name, table[i].name);
        if (distance < least) {
            least = distance;
            nearest = table[i].name;
        }
    }
    return nearest;
}

/* --- one value from its text --- */

static enum err parse_number(const struct setting *setting, const char *text, const char *place,
                             double *out_number, struct err_note *note)
{
    char *end = NULL;
    errno = 0;
    double number = strtod(text, &end);
    bool is_number = end != text && *end == '\0' && isfinite(number) && errno == 0 &&
                     !isspace((unsigned char)*text);
    bool is_whole = setting->kind != SETTING_INT || number == floor(number);
    bool is_inside =
        setting->max <= setting->min || (number >= setting->min && number <= setting->max);
    if (is_number && is_whole && is_inside) {
        *out_number = number;
        return ERR_NONE;
    }
    const char *kind = setting->kind == SETTING_INT ? "whole number" : "number";
    if (setting->max > setting->min)
        return err_set(note, ERR_INVALID, place, "%s must be a %s from %.15g to %.15g, is '%s'",
                       setting->name, kind, setting->min, setting->max, text);
    return err_set(note, ERR_INVALID, place, "%s must be a %s, is '%s'", setting->name, kind, text);
}

struct unit {
    const char *name;
    double factor;
};
static const struct unit TIMES[] = {{"ms", 1},     {"s", 1e3},     {"min", 6e4}, {"h", 3.6e6},
                                    {"d", 8.64e7}, {"w", 6.048e8}, {NULL, 0}};
static const struct unit SIZES[] = {{"K", 1024.0},
                                    {"M", 1024.0 * 1024},
                                    {"G", 1024.0 * 1024 * 1024},
                                    {"T", 1024.0 * 1024 * 1024 * 1024},
                                    {NULL, 0}};

/* A number and its unit: "24h". A bare number is refused, but for 0: 24 of what? */
static enum err parse_measure(const struct setting *setting, const char *text, const char *place,
                              double *out_number, struct err_note *note)
{
    bool is_time = setting->kind == SETTING_DURATION;
    char *end = NULL;
    double number = strtod(text, &end);
    double factor = end != text && *end == '\0' && (number == 0 || !is_time) ? 1 : 0;
    for (const struct unit *unit = is_time ? TIMES : SIZES; unit->name != NULL; unit++) {
        if (end != text && strcmp(end, unit->name) == 0)
            factor = unit->factor;
    }
    number *= factor;
    if (factor == 0 || !isfinite(number) || number < 0)
        return err_set(
            note, ERR_INVALID, place, "%s must be %s, is '%s'", setting->name,
            is_time ? "a time such as 90s, 45min, 24h or 30d" : "a size such as 512M or 20G", text);
    if (setting->max > setting->min && (number < setting->min || number > setting->max))
        return err_set(note, ERR_INVALID, place, "%s must be from %.15g to %.15g %s, is '%s'",
                       setting->name, setting->min / (is_time ? 1e3 : 1),
                       setting->max / (is_time ? 1e3 : 1), is_time ? "seconds" : "bytes", text);
    *out_number = number;
    return ERR_NONE;
}

static enum err parse_switch(const struct setting *setting, const char *text, const char *place,
                             bool *out_is_on, struct err_note *note)
{
    static const char *const YES[] = {"yes", "true", "on", "1"};
    static const char *const NO[] = {"no", "false", "off", "0"};
    for (size_t i = 0; i < COUNT_OF(YES); i++) {
        bool is_yes = strcmp(text, YES[i]) == 0;
        if (is_yes || strcmp(text, NO[i]) == 0) {
            *out_is_on = is_yes;
            return ERR_NONE;
        }
    }
    return err_set(note, ERR_INVALID, place, "%s must be yes or no, is '%s'", setting->name, text);
}

static enum err parse_enum(const struct setting *setting, const char *text, const char *place,
                           int *out_index, struct err_note *note)
{
    SCOPED_TEXT known = {0};
    text_init(&known, 256);
    for (int i = 0; setting->names[i] != NULL; i++) {
        if (strcmp(setting->names[i], text) == 0) {
            *out_index = i;
            return ERR_NONE;
        }
        text_addf(&known, "%s%s", i == 0 ? "" : ", ", setting->names[i]);
    }
    return err_set(note, ERR_INVALID, place, "%s must be one of %s, is '%s'", setting->name,
                   known.bytes, text);
}

static enum err fill_number(const struct setting *setting, const char *text, const char *place,
                            char *member, struct err_note *note)
{
    bool is_measure = setting->kind == SETTING_DURATION || setting->kind == SETTING_BYTES;
    double number = 0;
    TRY(is_measure ? parse_measure(setting, text, place, &number, note)
                   : parse_number(setting, text, place, &number, note));
    if (setting->kind == SETTING_REAL)
        memcpy(member, &number, sizeof number);
    else
        memcpy(member, &(int64_t){(int64_t)number}, sizeof(int64_t));
    return ERR_NONE;
}

static enum err fill_one(const struct setting *setting, const char *text, const char *place,
                         void *target, struct err_note *note)
{
    char *member = (char *)target + setting->offset;
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_WORDS:
        if (*text == '\0')
            return err_set(note, ERR_INVALID, place, "%s is empty; leave it out instead",
                           setting->name);
        memcpy(member, &text, sizeof text);
        return ERR_NONE;
    case SETTING_SWITCH:
        return parse_switch(setting, text, place, (bool *)(void *)member, note);
    case SETTING_ENUM:
        return parse_enum(setting, text, place, (int *)(void *)member, note);
    case SETTING_INT:
    case SETTING_REAL:
    case SETTING_DURATION:
    case SETTING_BYTES:
        return fill_number(setting, text, place, member, note);
    }
    return ERR_NONE;
}

enum err setting_values_fill(const struct setting_values *values, void *target,
                             struct err_note *note)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct setting *setting = &values->table[i];
        const struct setting_slot *slot = &values->slots[i];
        const char *text = slot->text != NULL ? slot->text : setting->fallback;
        if (text != NULL)
            TRY(fill_one(setting, text, slot->text != NULL ? slot->place : "the default", target,
                         note));
    }
    return ERR_NONE;
}

/* --- the places --- */

/* The content of a secret's own file, without the line end that editors leave. */
static enum err read_secret(const char *path, const char *place, char **out_text,
                            struct err_note *note)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return err_set(note, ERR_INVALID, place, "cannot read %s: %s", path, strerror(errno));
    char bytes[LIMIT_SETTING_BYTES + 1];
    ssize_t len = read(file, bytes, sizeof bytes);
    (void)close(file); /* it was only read */
    if (len < 0 || len > LIMIT_SETTING_BYTES)
        return err_set(note, ERR_INVALID, place, "%s must be a file of at most %d bytes", path,
                       LIMIT_SETTING_BYTES);
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    *out_text = mem_text_len(bytes, (size_t)len);
    return ERR_NONE;
}

/* "smtp-password-file" names the secret smtp-password. */
static const struct setting *find_secret_file(const struct setting_values *values, const char *name)
{
    static const char ENDING[] = "-file";
    size_t len = strlen(name);
    char stem[LIMIT_ID_LEN + 1];
    if (len <= strlen(ENDING) || len >= sizeof stem ||
        strcmp(name + len - strlen(ENDING), ENDING) != 0)
        return NULL;
    (void)snprintf(stem, sizeof stem, "%.*s", (int)(len - strlen(ENDING)), name);
    const struct setting *setting = setting_find(values->table, values->count, stem);
    return setting != NULL && setting->secrecy == SETTING_SECRET ? setting : NULL;
}

enum err setting_values_say(struct setting_values *values, const char *name, const char *text,
                            const char *place, struct err_note *note)
{
    const struct setting *setting = setting_find(values->table, values->count, name);
    char *owned = NULL;
    if (setting != NULL) {
        owned = mem_text(text);
    } else {
        setting = find_secret_file(values, name);
        if (setting == NULL) {
            const char *meant = setting_suggest(values->table, values->count, name);
            return err_set(note, ERR_NOT_FOUND, place, "there is no setting '%s'%s%s%s", name,
                           meant == NULL ? "; see muster serve --help" : "; did you mean '",
                           meant == NULL ? "" : meant, meant == NULL ? "" : "'?");
        }
        TRY(read_secret(text, place, &owned, note));
    }
    struct setting_slot *slot = &values->slots[setting - values->table];
    mem_free(slot->text);
    slot->text = owned;
    (void)snprintf(slot->place, sizeof slot->place, "%s", place);
    return ERR_NONE;
}

/* What is said of a test's surroundings, or of the file, and not of the installation. */
static bool is_no_setting(const char *name)
{
    static const char *const OTHERS[] = {"config", "data", "fault"};
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        if (strcmp(name, OTHERS[i]) == 0)
            return true;
    }
    return false;
}

/* "SMTP_URL=..." is smtp-url. */
static void name_of_variable(const char *variable, char *out, size_t size)
{
    size_t len = MIN(strcspn(variable, "="), size - 1);
    for (size_t i = 0; i < len; i++)
        out[i] = variable[i] == '_' ? '-' : (char)tolower((unsigned char)variable[i]);
    out[len] = '\0';
}

enum err setting_values_from_environment(struct setting_values *values, char *const *environment,
                                         struct err_note *note)
{
    static const char PREFIX[] = "MUSTER_";
    for (char *const *entry = environment; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) != 0 || equals == NULL)
            continue;
        char name[LIMIT_ID_LEN + 1];
        char place[sizeof name + 32];
        name_of_variable(*entry + strlen(PREFIX), name, sizeof name);
        if (is_no_setting(name))
            continue;
        (void)snprintf(place, sizeof place, "environment variable %.*s", (int)(equals - *entry),
                       *entry);
        TRY(setting_values_say(values, name, equals + 1, place, note));
    }
    return ERR_NONE;
}

void setting_values_show(const struct setting_values *values, struct text *out)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct setting *setting = &values->table[i];
        const struct setting_slot *slot = &values->slots[i];
        const char *value = slot->text != NULL ? slot->text : setting->fallback;
        if (slot->text != NULL && setting->secrecy == SETTING_SECRET)
            value = "(secret)";
        text_addf(out, "%-20s %-32s %s\n", setting->name, value == NULL ? "-" : value,
                  slot->text != NULL ? slot->place : "default");
    }
}
