// SPDX-License-Identifier: Apache-2.0
/* net/mail/mail_text.h — the text of a mail's headers. Pure. Nothing that a person typed can start a new
 * header line: control characters are refused in addresses and become spaces in subjects and names. */
#pragma once
#include "base/text.h"

#define MAIL_DATE_SIZE 80

struct mail_address {
    char name[LIMIT_NAME_LEN + 1];     /* UTF-8, "" = none */
    char address[LIMIT_EMAIL_LEN + 1]; /* "alarm@example.org" */
};

/* "Muster <alarm@example.org>", "\"Doe, J.\" <j@example.org>" or "alarm@example.org". */
bool mail_address_parse(const char *text, struct mail_address *out_address);
/* "Name: text", non-ASCII as encoded words (RFC 2047), folded at 76 columns. */
void mail_add_header(struct text *out, const char *name, const char *value);
/* "From: =?UTF-8?B?...?= <a@b>" */
void mail_add_address_header(struct text *out, const char *name,
                             const struct mail_address *address);
/* RFC 5322: "Sat, 20 Jun 2026 21:14:03 +0000". */
void mail_date(int64_t at_ms, char out[MAIL_DATE_SIZE]);
/* "<unique@host>" without spaces or control characters. */
bool mail_message_id_is_valid(const char *id);
/* With every line ending as CRLF. */
void mail_add_lines(struct text *out, const char *text);
