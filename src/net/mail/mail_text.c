// SPDX-License-Identifier: Apache-2.0
#include "net/mail/mail_text.h"

#include <stdio.h>
#include <time.h>

#define LINE_MAX_LEN 76
#define WORD_FRAME   12 /* "=?UTF-8?B?" and "?=" */
#define WORD_BYTES   45 /* in base64 and its frame 72: an encoded word may have 75 */

static bool is_plain_char(unsigned char c)
{
    return c >= 0x20 && c < 0x7F;
}

static bool is_address(const char *text, size_t len)
{
    const char *at = memrchr(text, '@', len);
    if (at == NULL || at == text || at + 1 == text + len || len > LIMIT_EMAIL_LEN)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c == 0x7F || strchr("<>()[]\\,;:\"", (char)c) != NULL ||
            (c == '@' && text + i != at))
            return false;
    }
    return text_is_utf8(text, len);
}

/* Trims, takes off quotes and their backslashes. */
static bool read_name(const char *text, size_t len, char *out, size_t size)
{
    while (len > 0 && text[0] == ' ') {
        text++;
        len--;
    }
    while (len > 0 && text[len - 1] == ' ')
        len--;
    bool is_quoted = len >= 2 && text[0] == '"' && text[len - 1] == '"';
    if (is_quoted) {
        text++;
        len -= 2;
    }
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_quoted && text[i] == '\\' && i + 1 < len)
            i++;
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F || n + 1 >= size)
            return false;
        out[n++] = text[i];
    }
    out[n] = '\0';
    return text_is_utf8(out, n);
}

bool mail_address_parse(const char *text, struct mail_address *out_address)
{
    struct mail_address address = {0};
    size_t len = strlen(text);
    const char *open = strrchr(text, '<');
    const char *from = text;
    if (open != NULL) {
        if (len < 3 || text[len - 1] != '>' ||
            !read_name(text, (size_t)(open - text), address.name, sizeof address.name))
            return false;
        from = open + 1;
        len = (size_t)(text + len - 1 - from);
    }
    if (!is_address(from, len))
        return false;
    memcpy(address.address, from, len);
    *out_address = address;
    return true;
}

/* --- header text --- */

static void add_base64(struct text *out, const unsigned char *bytes, size_t len)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        size_t left = MIN(len - i, (size_t)3);
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? bytes[i + 2] : 0;
        text_add_char(out, DIGITS[group >> 18]);
        text_add_char(out, DIGITS[group >> 12 & 63]);
        text_add_char(out, left > 1 ? DIGITS[group >> 6 & 63] : '=');
        text_add_char(out, left > 2 ? DIGITS[group & 63] : '=');
    }
}

/* How much of the text an encoded word takes that starts in this column. A word must hold whole
 * characters: the cut goes back to the start of one. */
static size_t word_len(const char *text, size_t len, size_t column)
{
    size_t room = column + WORD_FRAME < LINE_MAX_LEN ? LINE_MAX_LEN - column - WORD_FRAME : 0;
    size_t cut = MIN(room / 4 * 3, (size_t)WORD_BYTES);
    if (len <= cut)
        return len;
    while (cut > 0 && ((unsigned char)text[cut] & 0xC0) == 0x80)
        cut--;
    return cut;
}

static void add_encoded(struct text *out, const char *text, size_t len, size_t column)
{
    while (len > 0) {
        size_t part = word_len(text, len, column);
        if (part > 0) {
            text_add(out, "=?UTF-8?B?");
            add_base64(out, (const unsigned char *)text, part);
            text_add(out, "?=");
        }
        text += part;
        len -= part;
        column = 1;
        if (len > 0)
            text_add(out, "\r\n ");
    }
}

/* Text of spaces and printable ASCII, folded before a word that would pass the line. */
static void add_folded(struct text *out, const char *text, size_t column)
{
    while (*text != '\0') {
        size_t space = strspn(text, " ");
        size_t word = strcspn(text + space, " ");
        if (space > 0 && column + space + word > LINE_MAX_LEN) {
            text_add(out, "\r\n");
            column = 0;
        }
        text_add_bytes(out, text, space + word);
        column += space + word;
        text += space + word;
    }
}

static char *clean_text(const char *value, bool *out_is_plain)
{
    char *copy = mem_text(value);
    bool is_utf8 = text_is_utf8(copy, strlen(copy)); /* only then can it be cut into characters */
    *out_is_plain = strstr(copy, "=?") == NULL;      /* must not look encoded when it is not */
    for (char *p = copy; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
        if (!is_utf8 && !is_plain_char((unsigned char)*p))
            *p = '?';
        *out_is_plain = *out_is_plain && is_plain_char((unsigned char)*p);
    }
    return copy;
}

void mail_add_header(struct text *out, const char *name, const char *value)
{
    bool is_plain = false;
    SCOPED_MEM char *clean = clean_text(value, &is_plain);
    text_addf(out, "%s: ", name);
    size_t column = strlen(name) + 2;
    if (is_plain)
        add_folded(out, clean, column);
    else
        add_encoded(out, clean, strlen(clean), column);
}

void mail_add_address_header(struct text *out, const char *name, const struct mail_address *address)
{
    bool is_plain = false;
    SCOPED_MEM char *clean = clean_text(address->name, &is_plain);
    text_addf(out, "%s: ", name);
    if (clean[0] != '\0' && is_plain) {
        text_add_char(out, '"');
        for (const char *p = clean; *p != '\0'; p++) {
            if (*p == '"' || *p == '\\')
                text_add_char(out, '\\');
            text_add_char(out, *p);
        }
        text_add(out, "\"\r\n ");
    } else if (clean[0] != '\0') {
        add_encoded(out, clean, strlen(clean), strlen(name) + 2);
        text_add(out, "\r\n ");
    }
    text_addf(out, "<%s>", address->address);
}

void mail_date(int64_t at_ms, char out[MAIL_DATE_SIZE])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL)
        tm = (struct tm){.tm_year = 70, .tm_mday = 1, .tm_wday = 4};
    /* Not %a and %b: those speak the locale's language. */
    static const char DAYS[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    (void)snprintf(out, MAIL_DATE_SIZE, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
                   DAYS[tm.tm_wday], tm.tm_mday, MONTHS[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
                   tm.tm_min, tm.tm_sec);
}

bool mail_message_id_is_valid(const char *id)
{
    size_t len = strlen(id);
    if (len < 5 || len > LIMIT_EMAIL_LEN || id[0] != '<' || id[len - 1] != '>')
        return false;
    for (size_t i = 1; i + 1 < len; i++) {
        if (!is_plain_char((unsigned char)id[i]) || strchr(" <>", id[i]) != NULL)
            return false;
    }
    return strchr(id, '@') != NULL;
}

void mail_add_lines(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\r' && text[1] == '\n')
            continue;
        if (*text == '\n')
            text_add_char(out, '\r');
        text_add_char(out, *text);
    }
}
