// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "net/mqtt.h"

#define REMEDY "must be mqtt://host:port or mqtts://host:port"

/* The end of the host: the colon or the end; past the bracket of an IPv6 address. */
static const char *host_end(const char *host, size_t *out_len)
{
    if (host[0] != '[') {
        *out_len = strcspn(host, ":");
        return host + *out_len;
    }
    *out_len = strcspn(host + 1, "]");
    return host[1 + *out_len] == ']' ? host + *out_len + 2 : NULL;
}

static bool read_port(const char *text, uint16_t *out_port)
{
    unsigned port = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    *out_port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

enum err mqtt_address_parse(const char *url, struct mqtt_address *out, struct err_note *note)
{
    struct mqtt_address address = {.is_tls = strncmp(url, "mqtts://", 8) == 0};
    if (!address.is_tls && strncmp(url, "mqtt://", 7) != 0)
        return err_set(note, ERR_INVALID, "mqtt-url", REMEDY);
    const char *host = url + (address.is_tls ? 8 : 7);
    if (strpbrk(host, "@") != NULL)
        return err_set(note, ERR_INVALID, "mqtt-url",
                       "must not hold a name and a password: use --mqtt-user and "
                       "--mqtt-password-file");
    if (strpbrk(host, "/?# ") != NULL)
        return err_set(note, ERR_INVALID, "mqtt-url", REMEDY ", without a path");
    size_t len = 0;
    const char *end = host_end(host, &len);
    if (end == NULL || len == 0 || len >= sizeof address.host)
        return err_set(note, ERR_INVALID, "mqtt-url", REMEDY);
    memcpy(address.host, host + (host[0] == '['), len);
    address.port = address.is_tls ? 8883 : 1883;
    if (*end != '\0' && (*end != ':' || !read_port(end + 1, &address.port)))
        return err_set(note, ERR_INVALID, "mqtt-url", REMEDY ", with a port from 1 to 65535");
    *out = address;
    return ERR_NONE;
}
