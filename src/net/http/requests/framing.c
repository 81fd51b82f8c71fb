// SPDX-License-Identifier: Apache-2.0
#include "net/http/requests/framing.h"

#include <strings.h>

#include "net/http/internal.h"

bool framing_tells_body(const struct request *request, size_t *out_len)
{
    if (request_header(request, "Transfer-Encoding") != NULL) {
        *out_len = SIZE_MAX;
        return true;
    }
    const char *length = request_header(request, "Content-Length");
    if (length == NULL)
        return false;
    /* libmicrohttpd has checked that it is a number in range; that of 2^64 - 1 is no sign of ours. */
    size_t len = strtoull(length, NULL, 10);
    if (len == 0)
        return false;
    *out_len = MIN(len, SIZE_MAX - 1);
    return true;
}

struct framing { /* the headers that say where a request ends, and for whom it is */
    size_t length_count;
    size_t host_count;
    size_t coding_count;
    bool is_chunked;
    bool has_odd_name;
};

/* RFC 9110, 5.6.2. libmicrohttpd leaves a blank before the colon in the name, and makes a folded line
 * part of it: proxies may understand either as the header itself. */
static bool is_token(const char *name)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_!#$%&'*+.^`|~";
    return name[0] != '\0' && name[strspn(name, LETTERS)] == '\0';
}

/* "Transfer-Encoding:" whose value stands on a folded line has become "Transfer-Encodingchunked". */
static bool begins_like_framing(const char *name)
{
    static const char *const NAMES[] = {"Transfer-Encoding", "Content-Length"};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        size_t len = strlen(NAMES[i]);
        if (strncasecmp(name, NAMES[i], len) == 0 && name[len] != '\0')
            return true;
    }
    return false;
}

static enum MHD_Result count_framing(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    (void)kind;
    struct framing *framing = context;
    framing->has_odd_name |= !is_token(name) || begins_like_framing(name);
    framing->host_count += strcasecmp(name, "Host") == 0;
    framing->length_count += strcasecmp(name, "Content-Length") == 0;
    if (strcasecmp(name, "Transfer-Encoding") != 0)
        return MHD_YES;
    framing->coding_count++;
    framing->is_chunked = value != NULL && strcasecmp(value, "chunked") == 0;
    return MHD_YES;
}

enum err framing_check(const struct request *request, struct err_note *note)
{
    struct framing framing = {0};
    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_framing, &framing);
    if (framing.has_odd_name)
        return err_set(note, ERR_MALFORMED, "headers",
                       "have a name that is none: no blank before the colon, no folded lines.");
    if (framing.host_count > 1)
        return err_set(note, ERR_MALFORMED, "header Host", "must be given once.");
    if (framing.length_count > 1)
        return err_set(note, ERR_MALFORMED, "header Content-Length", "must be given once.");
    if (framing.coding_count == 0)
        return ERR_NONE;
    if (framing.length_count > 0)
        return err_set(note, ERR_MALFORMED, "header Content-Length",
                       "must not stand beside Transfer-Encoding.");
    if (framing.coding_count > 1 || !framing.is_chunked || request->is_http_1_0)
        return err_set(note, ERR_MALFORMED, "header Transfer-Encoding",
                       "must be given once, be \"chunked\", and come by HTTP/1.1.");
    return ERR_NONE;
}
