// SPDX-License-Identifier: Apache-2.0
#include "events/zone_clock.h"

#include "events/time_zone.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 44
#define DAY_S        86400
#define OFFSET_MAX_S (26 * 3600) /* RFC 8536: -25 h to 26 h */

struct reader {
    const uint8_t *p, *end;
    bool is_broken;
};

static int64_t read_int(struct reader *reader, size_t bytes)
{
    if ((size_t)(reader->end - reader->p) < bytes) {
        reader->is_broken = true;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | reader->p[i];
    reader->p += bytes;
    return bytes == 4 ? (int32_t)value : (int64_t)value;
}

struct counts { /* of a header, in the file's order */
    int64_t utc, standard, leaps, times, types, letters;
};

static bool read_header(struct reader *reader, char *out_version, struct counts *out)
{
    if (reader->end - reader->p < HEADER_BYTES || memcmp(reader->p, "TZif", 4) != 0)
        return false;
    *out_version = (char)reader->p[4];
    reader->p += 20;
    int64_t *const counts[] = {&out->utc,   &out->standard, &out->leaps,
                               &out->times, &out->types,    &out->letters};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        *counts[i] = read_int(reader, 4);
        if (*counts[i] < 0 || *counts[i] > LIMIT_ZONE_BYTES)
            return false;
    }
    return !reader->is_broken && out->types > 0 && out->times <= LIMIT_ZONE_CHANGES;
}

static size_t block_len(const struct counts *counts, size_t time_bytes)
{
    return (size_t)counts->times * (time_bytes + 1) + (size_t)counts->types * 6 +
           (size_t)counts->letters + (size_t)counts->leaps * (time_bytes + 4) +
           (size_t)counts->standard + (size_t)counts->utc;
}

static bool read_block(struct reader *reader, const struct counts *counts, size_t time_bytes,
                       struct zone_clock *clock)
{
    size_t len = block_len(counts, time_bytes);
    if ((size_t)(reader->end - reader->p) < len)
        return false;
    const uint8_t *end = reader->p + len;
    const uint8_t *types = reader->p + (size_t)counts->times * time_bytes;
    const uint8_t *offsets = types + counts->times;
    clock->count = (size_t)counts->times;
    for (size_t i = 0; i < clock->count; i++) {
        if (types[i] >= counts->types)
            return false;
        clock->changes[i].from_s = read_int(reader, time_bytes);
        struct reader offset = {.p = offsets + (size_t)types[i] * 6, .end = end};
        clock->changes[i].offset_ms = read_int(&offset, 4) * 1000;
        bool is_late = i == 0 || clock->changes[i].from_s > clock->changes[i - 1].from_s;
        if (!is_late || llabs(clock->changes[i].offset_ms) > OFFSET_MAX_S * 1000LL)
            return false;
    }
    struct reader first = {.p = offsets, .end = end};
    clock->first_offset_ms = read_int(&first, 4) * 1000;
    reader->p = end;
    return llabs(clock->first_offset_ms) <= OFFSET_MAX_S * 1000LL;
}

/* --- the footer: POSIX's TZ --- */

static bool skip_name(const char **text)
{
    const char *p = *text;
    if (*p == '<') {
        p = strchr(p, '>');
        if (p == NULL)
            return false;
        *text = p + 1;
        return true;
    }
    while ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z'))
        p++;
    bool is_name = p - *text >= 3;
    *text = p;
    return is_name;
}

static bool read_number(const char **text, int max, int *out)
{
    int value = 0;
    const char *p = *text;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (*p - '0');
        if (value > max)
            return false;
    }
    bool is_there = p != *text;
    *text = p;
    *out = value;
    return is_there;
}

/* [+-]hh[:mm[:ss]] */
static bool read_clock(const char **text, int64_t *out_s)
{
    int parts[3] = {0};
    int sign = **text == '-' ? -1 : 1;
    *text += **text == '-' || **text == '+';
    if (!read_number(text, 167, &parts[0]))
        return false;
    for (size_t i = 1; i < 3 && **text == ':'; i++) {
        ++*text;
        if (!read_number(text, 59, &parts[i]))
            return false;
    }
    *out_s = sign * (parts[0] * 3600LL + parts[1] * 60 + parts[2]);
    return true;
}

static bool read_day(const char **text, struct zone_rule_day *out)
{
    if (strncmp(*text, ",M", 2) != 0)
        return false;
    *text += 2;
    if (!read_number(text, 12, &out->month) || out->month == 0 || *(*text)++ != '.' ||
        !read_number(text, 5, &out->week) || out->week == 0 || *(*text)++ != '.' ||
        !read_number(text, 6, &out->weekday))
        return false;
    out->at_s = 2 * 3600;
    if (**text != '/')
        return true;
    ++*text;
    return read_clock(text, &out->at_s);
}

static bool read_rule(const char *text, struct zone_clock *clock)
{
    int64_t west_s;
    if (!skip_name(&text) || !read_clock(&text, &west_s) || llabs(west_s) > OFFSET_MAX_S)
        return false;
    clock->winter_ms = -west_s * 1000;
    if (*text == '\0')
        return true;
    if (!skip_name(&text))
        return false;
    clock->summer_ms = clock->winter_ms + 3600000;
    if (*text != ',') {
        if (!read_clock(&text, &west_s) || llabs(west_s) > OFFSET_MAX_S)
            return false;
        clock->summer_ms = -west_s * 1000;
    }
    clock->has_summer = true;
    return read_day(&text, &clock->summer_begins) && read_day(&text, &clock->summer_ends) &&
           *text == '\0';
}

static void read_footer(const struct reader *reader, struct zone_clock *clock)
{
    char text[128];
    size_t len = (size_t)(reader->end - reader->p);
    if (len < 3 || len > sizeof text || reader->p[0] != '\n' || reader->p[len - 1] != '\n')
        return;
    memcpy(text, reader->p + 1, len - 2);
    text[len - 2] = '\0';
    clock->has_rule = read_rule(text, clock);
}

enum err zone_clock_parse(const void *bytes, size_t len, struct zone_clock *out_clock)
{
    struct reader reader = {.p = bytes, .end = (const uint8_t *)bytes + len};
    struct counts counts;
    char version;
    size_t time_bytes = 4;
    if (!read_header(&reader, &version, &counts))
        return ERR_CORRUPT;
    if (version >= '2') { /* the same again in 64 bits follows what old programs read */
        size_t old = block_len(&counts, 4);
        if ((size_t)(reader.end - reader.p) < old)
            return ERR_CORRUPT;
        reader.p += old;
        time_bytes = 8;
        if (!read_header(&reader, &version, &counts))
            return ERR_CORRUPT;
    }
    memset(out_clock, 0, sizeof *out_clock);
    if (!read_block(&reader, &counts, time_bytes, out_clock))
        return ERR_CORRUPT;
    if (time_bytes == 8)
        read_footer(&reader, out_clock);
    return ERR_NONE;
}

enum err zone_clock_read(const char *name, struct zone_clock *out_clock)
{
    char path[256];
    int len = snprintf(path, sizeof path, "%s/%s", TIME_ZONE_FOLDER, name);
    if (!time_zone_has_form(name) || len < 0 || (size_t)len >= sizeof path)
        return ERR_NOT_FOUND;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return ERR_NOT_FOUND;
    SCOPED_MEM uint8_t *bytes = mem_new(LIMIT_ZONE_BYTES);
    ssize_t count = read(file, bytes, LIMIT_ZONE_BYTES);
    (void)close(file); /* only read */
    return count <= 0 ? ERR_CORRUPT : zone_clock_parse(bytes, (size_t)count, out_clock);
}

/* --- asking --- */

static int64_t of_date_s(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return (int64_t)timegm(&tm);
}

/* In local seconds since 1970, by the clock that is shown before the change. */
static int64_t day_of_year_s(const struct zone_rule_day *day, int year)
{
    int64_t first_s = of_date_s(year, day->month, 1);
    int64_t next_s = of_date_s(year + day->month / 12, day->month % 12 + 1, 1);
    int first_weekday = (int)((first_s / DAY_S % 7 + 7 + 4) % 7); /* 1970-01-01 was a Thursday */
    int64_t at_s = first_s + ((day->weekday - first_weekday + 7) % 7 + (day->week - 1) * 7) * DAY_S;
    if (at_s >= next_s) /* the fifth is the last */
        at_s -= 7 * DAY_S;
    return at_s + day->at_s;
}

static int64_t offset_by_rule_ms(const struct zone_clock *clock, int64_t utc_s)
{
    if (!clock->has_summer)
        return clock->winter_ms;
    time_t local = (time_t)(utc_s + clock->winter_ms / 1000);
    struct tm tm;
    if (gmtime_r(&local, &tm) == NULL)
        return clock->winter_ms;
    int year = tm.tm_year + 1900;
    int64_t begins_s = day_of_year_s(&clock->summer_begins, year) - clock->winter_ms / 1000;
    int64_t ends_s = day_of_year_s(&clock->summer_ends, year) - clock->summer_ms / 1000;
    bool is_summer = begins_s < ends_s ? utc_s >= begins_s && utc_s < ends_s
                                       : utc_s >= begins_s || utc_s < ends_s;
    return is_summer ? clock->summer_ms : clock->winter_ms;
}

int64_t zone_clock_offset_ms(const struct zone_clock *clock, int64_t utc_ms)
{
    if (clock == NULL)
        return 0;
    int64_t utc_s = utc_ms / 1000 - (utc_ms % 1000 < 0);
    size_t low = 0, high = clock->count; /* changes before `low` have happened */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (clock->changes[middle].from_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == clock->count && clock->has_rule)
        return offset_by_rule_ms(clock, utc_s);
    return low == 0 ? clock->first_offset_ms : clock->changes[low - 1].offset_ms;
}
