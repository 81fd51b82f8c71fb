// SPDX-License-Identifier: Apache-2.0
#include "net/mail/mail_text.h"

#include <unistd.h>

#include "base/clock.h"
#include "net/smtp.h"
#include "net/smtp_server_test.h"

static struct smtp_server at(const struct smtp_test_server *server, char *url, size_t size)
{
    (void)snprintf(url, size, "smtp://localhost:%u", smtp_test_port(server));
    return (struct smtp_server){.url = url,
                                .user = "muster",
                                .password = "secret",
                                .ca_file = smtp_test_ca_file(server),
                                .requires_tls = true};
}

static const struct mail ALARM = {
    .from = "Muster <alarm@example.org>",
    .to = "\"Lund, Åsa\" <asa@example.org>",
    .subject = "Bühne A: zu voll – 512 Personen, bitte sofort den Einlass anhalten und melden",
    .text = "Bühne A ist zu voll.\n.\nEinlass anhalten.\n",
    .html = "<p>Bühne A ist <b>zu voll</b>.</p>",
    .message_id = "<incident-17.1@muster.example.org>",
    .at_ms = INT64_C(1781990043100),
};

TEST(mail_goes_by_tls_and_sign_in_and_arrives_whole)
{
    struct smtp_test_server *exim = smtp_test_start();
    char url[64];
    struct smtp_server server = at(exim, url, sizeof url);
    struct err_note note = {0};
    enum err err = smtp_send(&server, &ALARM, &note);
    if (err != ERR_NONE)
        print_error("%s\n", note.detail);
    CHECK(err == ERR_NONE);
    char *mail = smtp_test_take_mail(exim);
    CHECK(strstr(mail, "X=TLS") != NULL || strstr(mail, "esmtpsa") != NULL);
    CHECK(strstr(mail, "\nFrom: \"Muster\"\n <alarm@example.org>\n") != NULL);
    CHECK(strstr(mail, "\nTo: =?UTF-8?B?THVuZCwgw4VzYQ==?=\n <asa@example.org>\n") != NULL);
    CHECK(strstr(mail,
                 "\nSubject: =?UTF-8?B?QsO8aG5lIEE6IHp1IHZvbGwg4oCTIDUxMiBQZXJzb25lbiwgYml0?=\n "
                 "=?UTF-8?B?") != NULL);
    CHECK(strstr(mail, "\nMessage-ID: <incident-17.1@muster.example.org>\n") != NULL);
    CHECK(strstr(mail, "\nDate: Sat, 20 Jun 2026 21:14:03 +0000\n") != NULL);
    CHECK(strstr(mail, "\nContent-Type: multipart/alternative; boundary=") != NULL);
    CHECK(strstr(mail, "\nB=C3=BChne A ist zu voll.\n.\nEinlass anhalten.\n") != NULL);
    CHECK(strstr(mail, "<p>B=C3=BChne A ist <b>zu voll</b>.</p>") != NULL);
    CHECK(strstr(mail, "\nMIME-Version: 1.0\n") != NULL ||
          strstr(mail, "\nMime-Version: 1.0\n") != NULL);
    mem_free(mail);
    smtp_test_stop(exim);
}

TEST(refused_recipient_is_final_and_a_busy_one_is_not)
{
    struct smtp_test_server *exim = smtp_test_start();
    char url[64];
    struct smtp_server server = at(exim, url, sizeof url);
    struct mail mail = ALARM;
    mail.to = "nobody@example.org";
    CHECK(smtp_send(&server, &mail, NULL) == ERR_INVALID);
    mail.to = "later@example.org";
    CHECK(smtp_send(&server, &mail, NULL) == ERR_BUSY);
    smtp_test_stop(exim);
}

TEST(wrong_password_or_certificate_leaves_the_mail_for_later)
{
    struct smtp_test_server *exim = smtp_test_start();
    char url[64];
    struct smtp_server server = at(exim, url, sizeof url);
    server.password = "wrong";
    CHECK(smtp_send(&server, &ALARM, NULL) == ERR_BUSY);
    server.password = "secret";
    server.ca_file = NULL; /* the system does not know this certificate */
    CHECK(smtp_send(&server, &ALARM, NULL) == ERR_BUSY);
    smtp_test_stop(exim);
}

/* The same machine, by an address that does not say so. */
static struct smtp_server at_another(const struct smtp_test_server *server, char *url, size_t size)
{
    (void)snprintf(url, size, "smtp://0.0.0.0:%u", smtp_test_port(server));
    return (struct smtp_server){.url = url, .user = "muster", .password = "secret"};
}

TEST(server_elsewhere_without_encryption_never_gets_the_password)
{
    struct smtp_test_server *exim = smtp_test_start_plain();
    char url[64], line[400];
    struct smtp_server server = at_another(exim, url, sizeof url);
    struct err_note note = {0};
    CHECK(smtp_send(&server, &ALARM, &note) == ERR_BUSY);
    CHECK(strstr(note.detail, "no encryption") != NULL);
    CHECK(strstr(note.detail, "smtp-plain-sign-in") != NULL);
    smtp_test_wait_log(exim, "no MAIL in SMTP connection", line,
                       sizeof line); /* "... C=EHLO,QUIT" */
    CHECK(strstr(line, "C=EHLO") != NULL);
    CHECK(strstr(line, "AUTH") == NULL);
    smtp_test_stop(exim);
}

TEST(password_in_the_url_is_one_as_well)
{
    struct smtp_test_server *exim = smtp_test_start_plain();
    char url[64];
    (void)snprintf(url, sizeof url, "smtp://muster:secret@0.0.0.0:%u", smtp_test_port(exim));
    struct smtp_server server = {.url = url};
    CHECK(smtp_send(&server, &ALARM, NULL) == ERR_BUSY);
    smtp_test_stop(exim);
}

TEST(plain_sign_in_is_for_this_machine_or_for_who_asks_for_it)
{
    struct smtp_test_server *exim = smtp_test_start_plain();
    char url[64];
    struct smtp_server server = at_another(exim, url, sizeof url);
    server.allows_plain_sign_in = true;
    CHECK(smtp_send(&server, &ALARM, NULL) == ERR_NONE);
    static const char *const HERE[] = {"localhost", "127.0.0.1", "127.1"};
    for (size_t i = 0; i < COUNT_OF(HERE); i++) {
        server = at_another(exim, url, sizeof url);
        (void)snprintf(url, sizeof url, "smtp://%s:%u", HERE[i], smtp_test_port(exim));
        CHECK(smtp_send(&server, &ALARM, NULL) == ERR_NONE);
    }
    server.requires_tls = true;
    CHECK(smtp_send(&server, &ALARM, NULL) == ERR_BUSY);
    smtp_test_stop(exim);
}

TEST(without_a_password_a_server_elsewhere_may_do_without_encryption)
{
    struct smtp_test_server *exim = smtp_test_start_plain();
    char url[64];
    struct smtp_server server = at_another(exim, url, sizeof url);
    server.user = server.password = NULL;
    CHECK(smtp_send(&server, &ALARM, NULL) == ERR_NONE);
    smtp_test_stop(exim);
}

TEST(mute_server_is_left_when_asked_to_end)
{
    uint16_t port;
    int mute = smtp_test_listen_mute(&port);
    char url[64];
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%u", port);
    atomic_bool must_end = true;
    struct smtp_server server = {.url = url, .must_end = &must_end};
    int64_t started_us = clock_monotonic_us();
    CHECK(smtp_send(&server, &ALARM, NULL) == ERR_BUSY);
    CHECK(clock_monotonic_us() - started_us < 5 * 1000 * 1000);
    (void)close(mute);
}

TEST(absent_mail_server_leaves_the_mail_for_later)
{
    struct smtp_server server = {.url = "smtp://127.0.0.1:1"};
    struct err_note note = {0};
    CHECK(smtp_send(&server, &ALARM, &note) == ERR_BUSY);
    CHECK(note.detail[0] != '\0');
}

TEST(nobody_can_write_a_header_into_a_mail)
{
    struct smtp_server server = {.url = "smtp://127.0.0.1:1"};
    static const char *const ADDRESSES[] = {
        "a@b\r\nBcc: c@d",
        "a@b>\r\nRCPT TO:<c@d",
        "A\r\nBcc: c@d <a@b>",
        "a b@c",
        "a@b,c@d",
        "@b",
        "a@",
        "a",
        "",
        "<a@b",
    };
    for (size_t i = 0; i < COUNT_OF(ADDRESSES); i++) {
        struct mail mail = ALARM;
        mail.to = ADDRESSES[i];
        CHECK(smtp_send(&server, &mail, NULL) == ERR_INVALID);
        mail = ALARM;
        mail.from = ADDRESSES[i];
        CHECK(smtp_send(&server, &mail, NULL) == ERR_INVALID);
    }
    struct mail mail = ALARM;
    mail.message_id = "<a@b>\r\nBcc: c@d";
    CHECK(smtp_send(&server, &mail, NULL) == ERR_INVALID);
    SCOPED_TEXT header;
    text_init(&header, 1000);
    mail_add_header(&header, "Subject", "full\r\nBcc: c@d");
    CHECK_TEXT(header.bytes, "Subject: full  Bcc: c@d");
}

TEST(long_header_is_folded_between_words)
{
    SCOPED_TEXT header;
    text_init(&header, 1000);
    mail_add_header(&header, "Subject",
                    "The quick brown fox jumps over the lazy dog and over the second lazy dog too");
    CHECK_TEXT(header.bytes, "Subject: The quick brown fox jumps over the lazy dog and over the "
                             "second\r\n lazy dog too");
}

TEST(encoded_words_hold_whole_characters)
{
    SCOPED_TEXT header;
    text_init(&header, 1000);
    /* Beside "Subject: " there is room for 39 bytes: the 39th begins a character of two. */
    mail_add_header(&header, "Subject", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9z");
    CHECK_TEXT(header.bytes,
               "Subject: =?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n "
               "=?UTF-8?B?w6l6?=");
}

TEST(header_that_is_no_text_is_cleaned_and_ends)
{
    char value[101];
    memset(value, 0x80, sizeof value - 1); /* bytes that only continue characters */
    value[100] = '\0';
    SCOPED_TEXT header;
    text_init(&header, 1000);
    mail_add_header(&header, "Subject", value);
    CHECK_INT(header.len, 9 + 100);
    CHECK(strspn(header.bytes + 9, "?") == 100);
}
