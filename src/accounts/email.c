// SPDX-License-Identifier: Apache-2.0
#include "accounts/people.h"
#include "base/text.h"

static bool is_address_byte(uint8_t c)
{
    return c > ' ' && c != 0x7F && strchr("<>()[]\\,;:\"", c) == NULL;
}

bool email_normalise(const char *email, char out[LIMIT_EMAIL_LEN + 1])
{
    out[0] = '\0';
    while (*email == ' ')
        email++;
    size_t len = strlen(email);
    while (len > 0 && email[len - 1] == ' ')
        len--;
    const char *at = memchr(email, '@', len);
    if (len > LIMIT_EMAIL_LEN || at == NULL || at == email || at - email > 64 ||
        at + 1 == email + len || !text_is_utf8(email, len))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_address_byte((uint8_t)email[i]) || (email[i] == '@' && email + i != at))
            return false;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)((email[i] >= 'A' && email[i] <= 'Z') ? email[i] + 32 : email[i]);
    out[len] = '\0';
    return true;
}
