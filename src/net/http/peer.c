// SPDX-License-Identifier: Apache-2.0
#include "net/http/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/text.h"

void peer_text(const struct sockaddr *address, char out[PEER_TEXT_SIZE])
{
    out[0] = '\0';
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        (void)inet_ntop(AF_INET, &v4->sin_addr, out, PEER_TEXT_SIZE);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            (void)inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, PEER_TEXT_SIZE);
        else
            (void)inet_ntop(AF_INET6, &v6->sin6_addr, out, PEER_TEXT_SIZE);
    }
}

bool peer_is_private(const char *text)
{
    unsigned char a[16];
    if (inet_pton(AF_INET, text, a) == 1)
        return a[0] == 127 || a[0] == 10 || (a[0] == 172 && (a[1] & 0xF0) == 16) ||
               (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254);
    if (inet_pton(AF_INET6, text, a) != 1)
        return false;
    static const unsigned char LOOPBACK[16] = {[15] = 1};
    return memcmp(a, LOOPBACK, sizeof a) == 0 || (a[0] & 0xFE) == 0xFC ||
           (a[0] == 0xFE && (a[1] & 0xC0) == 0x80);
}

/* One entry without spaces, a port, or the brackets of "[2001:db8::1]:443". False: no address. */
static bool read_hop(const char *entry, size_t len, char out[PEER_TEXT_SIZE])
{
    while (len > 0 && (*entry == ' ' || *entry == '\t')) {
        entry++;
        len--;
    }
    while (len > 0 && (entry[len - 1] == ' ' || entry[len - 1] == '\t'))
        len--;
    if (len > 0 && entry[0] == '[') {
        const char *end = memchr(entry, ']', len);
        if (end == NULL)
            return false;
        entry++;
        len = (size_t)(end - entry);
    } else {
        const char *colon = memchr(entry, ':', len);
        if (colon != NULL && memrchr(entry, ':', len) == colon) /* one colon: IPv4 and a port */
            len = (size_t)(colon - entry);
    }
    if (len == 0 || len >= PEER_TEXT_SIZE)
        return false;
    memcpy(out, entry, len);
    out[len] = '\0';
    unsigned char binary[16];
    return inet_pton(AF_INET, out, binary) == 1 || inet_pton(AF_INET6, out, binary) == 1;
}

void peer_behind_proxy(const char *direct, const char *forwarded, char out[PEER_TEXT_SIZE])
{
    (void)text_copy(out, PEER_TEXT_SIZE, direct);
    if (forwarded == NULL || !peer_is_private(direct))
        return;
    const char *end = forwarded + strlen(forwarded);
    while (end > forwarded) {
        const char *comma = memrchr(forwarded, ',', (size_t)(end - forwarded));
        const char *start = comma == NULL ? forwarded : comma + 1;
        char hop[PEER_TEXT_SIZE];
        if (!read_hop(start, (size_t)(end - start), hop))
            return;
        memcpy(out, hop, sizeof hop);
        if (!peer_is_private(hop))
            return;
        end = comma == NULL ? forwarded : comma;
    }
}
