// SPDX-License-Identifier: Apache-2.0
#include "net/smtp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "net/curl.h"
#include "net/mail/mail_text.h"

#define HEADER_MAX         4096
#define BODY_MAX           (4 * 1024 * 1024)
#define TIMEOUT_MS         30000
#define CONNECT_TIMEOUT_MS 10000L

struct sending { /* what one transfer owns */
    CURL *curl;
    struct curl_slist *headers;
    struct curl_slist *recipients;
    curl_mime *mime;
    char error[CURL_ERROR_SIZE];
};

static void fini_sending(struct sending *sending)
{
    curl_mime_free(sending->mime);
    curl_slist_free_all(sending->headers);
    curl_slist_free_all(sending->recipients);
    curl_easy_cleanup(sending->curl);
}

static void must(CURLcode code)
{
    assert(code == CURLE_OK); /* of setting options: only memory or a wrong name can fail */
}

static void push(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);
    assert(longer != NULL);
    *list = longer;
}

static void push_header(struct sending *sending, struct text *line)
{
    assert(!line->overflowed);
    push(&sending->headers, line->bytes);
    text_clear(line);
}

static void add_headers(struct sending *sending, const struct mail *mail,
                        const struct mail_address *from, const struct mail_address *to)
{
    SCOPED_TEXT line;
    text_init(&line, HEADER_MAX);
    mail_add_address_header(&line, "From", from);
    push_header(sending, &line);
    mail_add_address_header(&line, "To", to);
    push_header(sending, &line);
    mail_add_header(&line, "Subject", mail->subject);
    push_header(sending, &line);
    char date[MAIL_DATE_SIZE];
    mail_date(mail->at_ms, date);
    text_addf(&line, "Date: %s", date);
    push_header(sending, &line);
    text_addf(&line, "Message-ID: %s", mail->message_id);
    push_header(sending, &line);
    if (mail->in_reply_to != NULL) {
        text_addf(&line, "In-Reply-To: %s", mail->in_reply_to);
        push_header(sending, &line);
        text_addf(&line, "References: %s", mail->in_reply_to);
        push_header(sending, &line);
    }
    /* No vacation notes back to us (RFC 3834). */
    push(&sending->headers, "Auto-Submitted: auto-generated");
    push(&sending->headers, "Content-Type: multipart/alternative");
}

static enum err add_part(struct sending *sending, const char *content, const char *type,
                         struct err_note *note)
{
    SCOPED_TEXT lines;
    text_init(&lines, BODY_MAX);
    mail_add_lines(&lines, content);
    if (lines.overflowed)
        return err_set(note, ERR_INVALID, "mail", "is larger than %d bytes.", BODY_MAX);
    curl_mimepart *part = curl_mime_addpart(sending->mime);
    assert(part != NULL);
    must(curl_mime_data(part, lines.bytes == NULL ? "" : lines.bytes, lines.len));
    must(curl_mime_type(part, type));
    must(curl_mime_encoder(part, "quoted-printable"));
    return ERR_NONE;
}

static bool is_loopback(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* What cannot be read is another machine, and has a password: then libcurl says what is wrong. */
static void read_url(const char *url, bool *out_is_here, bool *out_has_user)
{
    CURLU *parts = curl_url();
    char *host = NULL, *user = NULL;
    assert(parts != NULL);
    bool is_url = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    *out_is_here = is_url && is_loopback(host);
    *out_has_user = !is_url || curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK;
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(parts);
}

static bool must_encrypt(const struct smtp_server *server)
{
    bool is_here, has_user;
    read_url(server->url, &is_here, &has_user);
    bool has_password = has_user || server->user != NULL;
    return server->requires_tls || (has_password && !is_here && !server->allows_plain_sign_in);
}

/* libcurl asks at least once a second, also while nothing comes. */
static int on_progress(void *must_end, curl_off_t to_come, curl_off_t came, curl_off_t to_go,
                       curl_off_t went)
{
    (void)to_come, (void)came, (void)to_go, (void)went;
    return atomic_load((const atomic_bool *)must_end) ? 1 : 0;
}

static void set_end(struct sending *sending, const struct smtp_server *server)
{
    CURL *curl = sending->curl;
    must(curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                          (long)(server->timeout_ms > 0 ? server->timeout_ms : TIMEOUT_MS)));
    must(curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS));
    must(curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L)); /* no waiting for a name server */
    if (server->must_end == NULL)
        return;
    must(curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L));
    must(curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress));
    must(curl_easy_setopt(curl, CURLOPT_XFERINFODATA, server->must_end));
}

static void set_server(struct sending *sending, const struct smtp_server *server)
{
    CURL *curl = sending->curl;
    must(curl_easy_setopt(curl, CURLOPT_URL, server->url));
    must(curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps"));
    must(curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, sending->error));
    must(curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L));
    must(curl_easy_setopt(curl, CURLOPT_USE_SSL,
                          (long)(must_encrypt(server) ? CURLUSESSL_ALL : CURLUSESSL_TRY)));
    set_end(sending, server);
    if (server->ca_file != NULL)
        must(curl_easy_setopt(curl, CURLOPT_CAINFO, server->ca_file));
    if (server->user != NULL) {
        must(curl_easy_setopt(curl, CURLOPT_USERNAME, server->user));
        must(curl_easy_setopt(curl, CURLOPT_PASSWORD,
                              server->password == NULL ? "" : server->password));
    }
}

static void set_envelope(struct sending *sending, const char *from, const char *to)
{
    char text[LIMIT_EMAIL_LEN + 3];
    (void)snprintf(text, sizeof text, "<%s>", from);
    must(curl_easy_setopt(sending->curl, CURLOPT_MAIL_FROM, text));
    (void)snprintf(text, sizeof text, "<%s>", to);
    push(&sending->recipients, text);
    must(curl_easy_setopt(sending->curl, CURLOPT_MAIL_RCPT, sending->recipients));
    must(curl_easy_setopt(sending->curl, CURLOPT_HTTPHEADER, sending->headers));
    must(curl_easy_setopt(sending->curl, CURLOPT_MIMEPOST, sending->mime));
}

/* A refusal of this mail (5xx) is final. A wrong password or certificate is the operator's, and mended
 * later: the mail is fine and waits. */
static enum err judge(const struct sending *sending, CURLcode code, struct err_note *note)
{
    if (code == CURLE_OK)
        return ERR_NONE;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return err_set(note, ERR_BUSY, "mail server", "was left, for Muster ends; the mail waits.");
    if (code == CURLE_USE_SSL_FAILED)
        return err_set(note, ERR_BUSY, "mail server",
                       "offers no encryption, so neither password nor mail was sent to it. Use one "
                       "with STARTTLS or smtps://; smtp-plain-sign-in does without.");
    long status = 0;
    must(curl_easy_getinfo(sending->curl, CURLINFO_RESPONSE_CODE, &status));
    const char *words = sending->error[0] == '\0' ? curl_easy_strerror(code) : sending->error;
    bool is_final =
        status >= 500 && status <= 599 &&
        (code == CURLE_SEND_ERROR || code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_RECV_ERROR);
    return err_set(note, is_final ? ERR_INVALID : ERR_BUSY, "mail server", "%s (status %ld).",
                   words, status);
}

enum err smtp_send(const struct smtp_server *server, const struct mail *mail, struct err_note *note)
{
    struct mail_address from;
    struct mail_address to;
    if (!mail_address_parse(mail->from, &from))
        return err_set(note, ERR_INVALID, "from", "is not a mail address.");
    if (!mail_address_parse(mail->to, &to))
        return err_set(note, ERR_INVALID, "to", "is not a mail address.");
    if (!mail_message_id_is_valid(mail->message_id))
        return err_set(note, ERR_INVALID, "message_id", "must look like <unique@host>.");
    if (mail->in_reply_to != NULL && !mail_message_id_is_valid(mail->in_reply_to))
        return err_set(note, ERR_INVALID, "in_reply_to", "must look like <unique@host>.");
    curl_start_once();
    struct sending sending __attribute__((cleanup(fini_sending))) = {.curl = curl_easy_init()};
    assert(sending.curl != NULL);
    sending.mime = curl_mime_init(sending.curl);
    assert(sending.mime != NULL);
    add_headers(&sending, mail, &from, &to);
    TRY(add_part(&sending, mail->text, "text/plain; charset=utf-8", note));
    if (mail->html != NULL)
        TRY(add_part(&sending, mail->html, "text/html; charset=utf-8", note));
    set_server(&sending, server);
    set_envelope(&sending, from.address, to.address);
    return judge(&sending, curl_easy_perform(sending.curl), note);
}
