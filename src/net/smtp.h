// SPDX-License-Identifier: Apache-2.0
/* net/smtp.h — sends one mail by SMTP (libcurl): STARTTLS or TLS, AUTH. Blocking: for a consumer's
 * thread only. */
#pragma once
#include "base/base.h"

struct smtp_server {
    const char *url;  /* "smtp://mail.example.org:587", "smtps://..."; STARTTLS when offered */
    const char *user; /* NULL = no AUTH */
    const char *password;
    const char *ca_file; /* NULL = the system's */
    bool requires_tls;
    int64_t timeout_ms;
};

struct mail {
    const char *from; /* "Muster <alarm@example.org>" */
    const char *to;
    const char *subject;    /* UTF-8 */
    const char *text;       /* plain */
    const char *html;       /* NULL = none */
    const char *message_id; /* "<incident-17.1@muster.example.org>": stable over retries */
    int64_t at_ms;
};

/* ERR_NONE: the server took it. ERR_BUSY: try later (connection, 4xx). ERR_INVALID: never (5xx). */
MUST_USE enum err smtp_send(const struct smtp_server *server, const struct mail *mail,
                            struct err_note *note);
