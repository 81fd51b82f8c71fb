// SPDX-License-Identifier: Apache-2.0
/* net/smtp.h — sends one mail by SMTP (libcurl): STARTTLS or TLS, AUTH. Blocking: for a consumer's
 * thread only.
 *
 * Encryption is used where it is offered. Whoever stands between can take the offer away, so it is
 * required wherever a password goes to another machine: then nothing is sent to a server that does not
 * offer it. On loopback nobody stands between. */
#pragma once
#include "base/base.h"

#include <stdatomic.h>

struct smtp_server {
    const char *url;  /* "smtp://mail.example.org:587", "smtps://..."; STARTTLS when offered */
    const char *user; /* NULL = no AUTH */
    const char *password;
    const char *ca_file;       /* NULL = the system's */
    bool requires_tls;         /* without a password and on loopback, too */
    bool allows_plain_sign_in; /* a password without encryption, to another machine */
    int64_t timeout_ms;
    const atomic_bool *must_end; /* once true, a transfer under way ends within a second; NULL */
};

struct mail {
    const char *from; /* "Muster <alarm@example.org>" */
    const char *to;
    const char *subject;     /* UTF-8 */
    const char *text;        /* plain */
    const char *html;        /* NULL = none */
    const char *message_id;  /* "<incident-17.1@muster.example.org>": stable over retries */
    const char *in_reply_to; /* the message id of the mail that this one answers; NULL */
    int64_t at_ms;
};

/* ERR_NONE: the server took it. ERR_BUSY: try later (connection, 4xx). ERR_INVALID: never (5xx). */
MUST_USE enum err smtp_send(const struct smtp_server *server, const struct mail *mail,
                            struct err_note *note);
