// SPDX-License-Identifier: Apache-2.0
#include "net/http/callers/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#define MAPPED_BYTES 12 /* of ::ffff:a.b.c.d before the IPv4 address */

static const unsigned char MAPPED[MAPPED_BYTES] = {[10] = 0xFF, [11] = 0xFF};

static bool is_mapped(const struct peer_address *address)
{
    return memcmp(address->bytes, MAPPED, MAPPED_BYTES) == 0;
}

static void map(const void *v4, struct peer_address *out)
{
    memcpy(out->bytes, MAPPED, MAPPED_BYTES);
    memcpy(out->bytes + MAPPED_BYTES, v4, 4);
}

bool peer_address_of(const struct sockaddr *address, struct peer_address *out)
{
    if (address->sa_family == AF_INET)
        map(&((const struct sockaddr_in *)(const void *)address)->sin_addr, out);
    else if (address->sa_family == AF_INET6)
        memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
               PEER_ADDRESS_SIZE);
    else
        return false;
    return true;
}

bool peer_address_parse(const char *text, struct peer_address *out)
{
    unsigned char v4[4];
    if (inet_pton(AF_INET, text, v4) != 1)
        return inet_pton(AF_INET6, text, out->bytes) == 1;
    map(v4, out);
    return true;
}

void peer_text(const struct peer_address *address, char out[PEER_TEXT_SIZE])
{
    const char *written =
        is_mapped(address) ? inet_ntop(AF_INET, address->bytes + MAPPED_BYTES, out, PEER_TEXT_SIZE)
                           : inet_ntop(AF_INET6, address->bytes, out, PEER_TEXT_SIZE);
    assert(written != NULL);
}

bool peer_is_loopback(const struct peer_address *address)
{
    static const struct peer_address V6 = {.bytes = {[15] = 1}};
    return (is_mapped(address) && address->bytes[MAPPED_BYTES] == 127) ||
           memcmp(address, &V6, sizeof V6) == 0;
}

struct peer_address peer_household(const struct peer_address *address)
{
    struct peer_address household = *address;
    if (!is_mapped(address))
        memset(household.bytes + PEER_ADDRESS_SIZE / 2, 0, PEER_ADDRESS_SIZE / 2);
    return household;
}

/* --- networks --- */

static bool is_within(const struct peer_network *network, const struct peer_address *address)
{
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    unsigned mask = 0xFFU << (8 - rest) & 0xFF;
    return rest == 0 || ((network->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

/* Bits set beyond the length are a slip: which network was meant? */
static bool is_clean(const struct peer_network *network)
{
    for (unsigned bit = network->bits; bit < PEER_ADDRESS_SIZE * 8; bit++) {
        if ((network->address.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return false;
    }
    return true;
}

static bool network_parse(const char *text, size_t len, struct peer_network *out)
{
    char address[PEER_TEXT_SIZE];
    const char *slash = memchr(text, '/', len);
    size_t address_len = slash == NULL ? len : (size_t)(slash - text);
    if (address_len >= sizeof address)
        return false;
    memcpy(address, text, address_len);
    address[address_len] = '\0';
    if (!peer_address_parse(address, &out->address))
        return false;
    unsigned bits_max = strchr(address, ':') == NULL ? 32 : 128;
    unsigned bits = bits_max;
    if (slash != NULL) {
        size_t digits = len - address_len - 1;
        if (digits == 0 || digits > 3 || strspn(slash + 1, "0123456789") < digits)
            return false;
        bits = (unsigned)strtoul(slash + 1, NULL, 10);
    }
    out->bits = PEER_ADDRESS_SIZE * 8 - bits_max + bits;
    return bits <= bits_max && is_clean(out);
}

enum err peer_networks_parse(const char *text, struct peer_networks *out, struct err_note *note)
{
    struct peer_networks networks = {.count = 0};
    for (const char *p = text == NULL ? "" : text; *(p += strspn(p, ", ")) != '\0';) {
        size_t len = strcspn(p, ", ");
        if (networks.count == LIMIT_TRUSTED_PROXIES)
            return err_set(note, ERR_INVALID, "trusted-proxies", "names more than %d networks.",
                           LIMIT_TRUSTED_PROXIES);
        if (!network_parse(p, len, &networks.items[networks.count++]))
            return err_set(note, ERR_INVALID, "trusted-proxies",
                           "'%.*s' is neither an address nor a network such as 10.0.0.0/8.",
                           (int)MIN(len, (size_t)80), p);
        p += len;
    }
    *out = networks;
    return ERR_NONE;
}

bool peer_networks_have(const struct peer_networks *networks, const struct peer_address *address)
{
    for (size_t i = 0; i < networks->count; i++) {
        if (is_within(&networks->items[i], address))
            return true;
    }
    return false;
}

/* --- what proxies say --- */

/* Cuts the last entry off `list`, of which *inout_len bytes are left. */
static bool take_last(const char *list, size_t *inout_len, const char **out_entry, size_t *out_len)
{
    if (list == NULL || *inout_len == 0)
        return false;
    const char *comma = memrchr(list, ',', *inout_len);
    const char *start = comma == NULL ? list : comma + 1;
    const char *end = list + *inout_len;
    *inout_len = comma == NULL ? 0 : (size_t)(comma - list);
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (start < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *out_entry = start;
    *out_len = (size_t)(end - start);
    return true;
}

/* An address, perhaps with a port, perhaps with the brackets of "[2001:db8::1]:443". */
static bool read_hop(const char *entry, size_t len, struct peer_address *out)
{
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
    char text[PEER_TEXT_SIZE];
    if (len == 0 || len >= sizeof text)
        return false;
    memcpy(text, entry, len);
    text[len] = '\0';
    return peer_address_parse(text, out);
}

/* How many of our proxies the request came through, counting the one that connected. */
static size_t walk(const struct peer_networks *proxies, const char *list,
                   struct peer_address *inout_client)
{
    size_t left = list == NULL ? 0 : strlen(list);
    size_t count = 0;
    const char *entry;
    size_t len;
    while (peer_networks_have(proxies, inout_client)) {
        count++;
        if (!take_last(list, &left, &entry, &len) || !read_hop(entry, len, inout_client))
            break;
    }
    return count;
}

/* Of a list, the entry of the proxy that the client spoke to: the count-th from the right. Proxies that
 * replace the header, as most do, leave one for all. */
static bool says_https(const char *list, size_t count)
{
    size_t left = list == NULL ? 0 : strlen(list);
    const char *entry = "";
    size_t len = 0;
    while (count-- > 0 && take_last(list, &left, &entry, &len))
        continue;
    return len == 5 && strncasecmp(entry, "https", len) == 0;
}

struct peer peer_behind_proxies(const struct peer_networks *proxies,
                                const struct peer_address *direct, const struct peer_claims *claims)
{
    struct peer peer = {.address = *direct};
    size_t count = walk(proxies, claims->forwarded_for, &peer.address);
    peer.is_secure = says_https(claims->forwarded_proto, count);
    return peer;
}
