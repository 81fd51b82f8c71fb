// SPDX-License-Identifier: Apache-2.0
#include "api/exchange/sta_address.h"

#include "base/clock.h"
#include "base/text.h"

const char *const sta_set_names[STA_KINDS] = {
    [STA_ROOT] = "",
    [STA_THINGS] = "Things",
    [STA_LOCATIONS] = "Locations",
    [STA_DATASTREAMS] = "Datastreams",
    [STA_SENSORS] = "Sensors",
    [STA_PROPERTIES] = "ObservedProperties",
    [STA_OBSERVATIONS] = "Observations",
    [STA_FEATURES] = "FeaturesOfInterest",
};

/* From one entity to others. */
static const struct {
    enum sta_kind from;
    const char *name;
    enum sta_kind to;
    bool is_one;
} LINKS[] = {
    {STA_THINGS, "Locations", STA_LOCATIONS, false},
    {STA_THINGS, "Datastreams", STA_DATASTREAMS, false},
    {STA_LOCATIONS, "Things", STA_THINGS, false},
    {STA_DATASTREAMS, "Thing", STA_THINGS, true},
    {STA_DATASTREAMS, "Sensor", STA_SENSORS, true},
    {STA_DATASTREAMS, "ObservedProperty", STA_PROPERTIES, true},
    {STA_DATASTREAMS, "Observations", STA_OBSERVATIONS, false},
    {STA_SENSORS, "Datastreams", STA_DATASTREAMS, false},
    {STA_PROPERTIES, "Datastreams", STA_DATASTREAMS, false},
    {STA_OBSERVATIONS, "Datastream", STA_DATASTREAMS, true},
    {STA_OBSERVATIONS, "FeatureOfInterest", STA_FEATURES, true},
};

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* --- the path --- */

static enum err no_such(const char *path, struct err_note *note)
{
    return err_set(note, ERR_NOT_FOUND, "path",
                   "\"%.120s\" is not one of the addresses served here; begin at .../v1.1 and "
                   "follow its links",
                   path);
}

/* Ids are made of Muster's ids and . : @ only. */
static bool take_id(const char *text, size_t len, char out[STA_ID_SIZE])
{
    if (len == 0 || len >= STA_ID_SIZE)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool is_good = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
                       strchr("_-.:@", text[i]) != NULL;
        if (!is_good || text[i] == '\0')
            return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static enum err read_link(const char *path, const char *name, struct sta_path *out,
                          struct err_note *note)
{
    for (size_t i = 0; i < COUNT_OF(LINKS); i++) {
        if (LINKS[i].from != out->from || strcmp(LINKS[i].name, name) != 0)
            continue;
        out->kind = LINKS[i].to;
        out->is_one = LINKS[i].is_one;
        out->via = LINKS[i].name;
        return ERR_NONE;
    }
    return no_such(path, note);
}

static enum err read_set(const char *path, struct sta_path *out, const char **out_rest,
                         struct err_note *note)
{
    size_t len = strcspn(path, "(/");
    for (enum sta_kind kind = STA_THINGS; kind < STA_KINDS; kind++) {
        if (!is_word(path, len, sta_set_names[kind]))
            continue;
        out->kind = kind;
        *out_rest = path + len;
        return ERR_NONE;
    }
    return no_such(path, note);
}

enum err sta_path_read(const char *path, struct sta_path *out_path, struct err_note *note)
{
    struct sta_path read = {.kind = STA_ROOT};
    const char *rest = path;
    if (path[0] != '\0')
        TRY(read_set(path, &read, &rest, note));
    if (rest[0] == '(') {
        size_t len = rest[1] == '\'' ? strcspn(rest + 2, "'") : 0;
        if (len == 0 || strncmp(rest + 2 + len, "')", 2) != 0 || !take_id(rest + 2, len, read.id))
            return err_set(note, ERR_NOT_FOUND, "path",
                           "ids are texts here: %s('...'), as the links give them",
                           sta_set_names[read.kind]);
        read.from = read.kind;
        read.is_one = true;
        rest += 2 + len + 2;
        if (rest[0] == '/')
            TRY(read_link(path, rest + 1, &read, note));
        else if (rest[0] != '\0')
            return no_such(path, note);
    } else if (rest[0] != '\0') {
        return no_such(path, note);
    }
    *out_path = read;
    return ERR_NONE;
}

/* --- $filter and $orderby --- */

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " ");
}

/* The word at `*inout`, which then stands behind it. */
static size_t take_word(const char **inout, const char **out_word)
{
    *out_word = skip_spaces(*inout);
    size_t len = strcspn(*out_word, " ");
    *inout = *out_word + len;
    return len;
}

static bool is_time(const char *word, size_t len)
{
    return is_word(word, len, "phenomenonTime") || is_word(word, len, "resultTime");
}

static bool narrow(struct sta_range *range, const char *how, size_t how_len, int64_t at_ms)
{
    bool is_equal = is_word(how, how_len, "eq");
    bool is_from = is_equal || is_word(how, how_len, "ge");
    bool is_to = is_equal || is_word(how, how_len, "le");
    if (is_from)
        range->from_ms = MAX(range->from_ms, at_ms);
    if (is_to)
        range->to_ms = MIN(range->to_ms, at_ms + 1);
    if (is_word(how, how_len, "gt"))
        range->from_ms = MAX(range->from_ms, at_ms + 1);
    else if (is_word(how, how_len, "lt"))
        range->to_ms = MIN(range->to_ms, at_ms);
    else
        return is_from || is_to;
    return true;
}

enum err sta_filter_read(const char *text, struct sta_range *out_range, struct err_note *note)
{
    struct sta_range range = {.from_ms = 0, .to_ms = STA_TIME_MAX};
    for (const char *at = text;;) {
        const char *name, *how, *time, *also;
        int64_t at_ms;
        size_t name_len = take_word(&at, &name);
        size_t how_len = take_word(&at, &how);
        size_t time_len = take_word(&at, &time);
        if (!is_time(name, name_len) || !clock_parse(time, time_len, &at_ms) ||
            !narrow(&range, how, how_len, at_ms))
            return err_set(note, ERR_MALFORMED, "$filter",
                           "only times can be compared here: \"phenomenonTime ge "
                           "2026-06-20T21:00:00Z and phenomenonTime lt ...\"");
        size_t also_len = take_word(&at, &also);
        if (also_len == 0)
            break;
        if (!is_word(also, also_len, "and"))
            return err_set(note, ERR_MALFORMED, "$filter", "only \"and\" joins comparisons here");
    }
    *out_range = range;
    return ERR_NONE;
}

enum err sta_order_read(const char *text, enum sta_order *out_order, struct err_note *note)
{
    const char *at = text, *name, *how, *more;
    size_t name_len = take_word(&at, &name);
    size_t how_len = take_word(&at, &how);
    bool is_newest = is_word(how, how_len, "desc");
    if (!is_time(name, name_len) || take_word(&at, &more) != 0 ||
        !(is_newest || how_len == 0 || is_word(how, how_len, "asc")))
        return err_set(note, ERR_MALFORMED, "$orderby",
                       "must be phenomenonTime, phenomenonTime asc or phenomenonTime desc");
    *out_order = is_newest ? STA_NEWEST_FIRST : STA_OLDEST_FIRST;
    return ERR_NONE;
}
