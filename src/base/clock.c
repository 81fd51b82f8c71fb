// SPDX-License-Identifier: Apache-2.0
/* Days are counted with the civil calendar algorithm of Howard Hinnant ("chrono-compatible
 * low-level date algorithms"): years start in March, so that the leap day is the last of its year.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static const int64_t DAY_MS = 86400000;

int64_t clock_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *out_year, int64_t *out_month, int64_t *out_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *out_day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *out_month = shifted_month + (shifted_month < 10 ? 3 : -9);
    *out_year = year_of_era + era * 400 + (*out_month <= 2);
}

static void put_digits(char *out, int64_t number, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

void clock_format(int64_t at_ms, char out[CLOCK_TEXT_SIZE])
{
    static const int64_t FIRST_MS = -62167219200000; /* 0000-01-01 */
    static const int64_t LAST_MS = 253402300799999;  /* 9999-12-31 */
    at_ms = MAX(FIRST_MS, MIN(LAST_MS, at_ms));
    int64_t days = (at_ms - FIRST_MS) / DAY_MS + FIRST_MS / DAY_MS;
    int64_t ms = at_ms - days * DAY_MS;
    int64_t year;
    int64_t month;
    int64_t day;
    civil_from_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_TEXT_SIZE);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, ms / 3600000, 2);
    put_digits(out + 14, ms / 60000 % 60, 2);
    put_digits(out + 17, ms / 1000 % 60, 2);
    put_digits(out + 20, ms % 1000, 3);
}

/* Reads `count` digits at *p into *out and advances; false when one is not a digit. */
static bool get_digits(const char **p, const char *end, int count, int64_t *out)
{
    if (end - *p < count)
        return false;
    int64_t number = 0;
    for (int i = 0; i < count; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        number = number * 10 + (**p - '0');
    }
    *out = number;
    return true;
}

static bool get_char(const char **p, const char *end, char lower, char upper)
{
    if (*p >= end || (**p != lower && **p != upper))
        return false;
    (*p)++;
    return true;
}

static bool get_fraction_ms(const char **p, const char *end, int64_t *out_ms)
{
    *out_ms = 0;
    if (*p >= end || **p != '.')
        return true;
    (*p)++;
    const char *start = *p;
    int64_t weight = 100;
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, weight /= 10)
        *out_ms += (**p - '0') * weight;
    return *p > start;
}

static bool get_offset_ms(const char **p, const char *end, int64_t *out_ms)
{
    *out_ms = 0;
    if (get_char(p, end, 'Z', 'z'))
        return true;
    if (*p >= end || (**p != '+' && **p != '-'))
        return false;
    int64_t sign = *(*p)++ == '-' ? -1 : 1;
    int64_t hours;
    int64_t minutes;
    if (!get_digits(p, end, 2, &hours) || !get_char(p, end, ':', ':') ||
        !get_digits(p, end, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *out_ms = sign * (hours * 60 + minutes) * 60000;
    return true;
}

static bool get_date(const char **p, const char *end, int64_t *out_days)
{
    static const int64_t DAYS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year;
    int64_t month;
    int64_t day;
    if (!get_digits(p, end, 4, &year) || !get_char(p, end, '-', '-') ||
        !get_digits(p, end, 2, &month) || !get_char(p, end, '-', '-') ||
        !get_digits(p, end, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > DAYS[month - 1])
        return false;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month == 2 && day == 29 && !is_leap)
        return false;
    *out_days = days_from_civil(year, month, day);
    return true;
}

static bool get_time(const char **p, const char *end, int64_t *out_ms)
{
    int64_t hour;
    int64_t minute;
    int64_t second;
    int64_t fraction_ms;
    if (!get_digits(p, end, 2, &hour) || !get_char(p, end, ':', ':') ||
        !get_digits(p, end, 2, &minute) || !get_char(p, end, ':', ':') ||
        !get_digits(p, end, 2, &second) || !get_fraction_ms(p, end, &fraction_ms))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *out_ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction_ms;
    return true;
}

bool clock_parse(const char *text, size_t len, int64_t *out_at_ms)
{
    const char *p = text;
    const char *end = text + len;
    int64_t days;
    int64_t time_ms;
    int64_t offset_ms;
    if (!get_date(&p, end, &days))
        return false;
    if (p < end && (*p == 'T' || *p == 't' || *p == ' '))
        p++;
    else
        return false;
    if (!get_time(&p, end, &time_ms) || !get_offset_ms(&p, end, &offset_ms) || p != end)
        return false;
    *out_at_ms = days * DAY_MS + time_ms - offset_ms;
    return true;
}
