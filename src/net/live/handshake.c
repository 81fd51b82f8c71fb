// SPDX-License-Identifier: Apache-2.0
#include "net/live/handshake.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <strings.h>

#define WS_GUID    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_LEN    24 /* base64 of 16 bytes */
#define DIGEST_LEN 20

static bool has_token(const char *list, const char *token)
{
    size_t len = strlen(token);
    for (const char *p = list; p != NULL && *p != '\0';) {
        p += strspn(p, ", \t");
        size_t word = strcspn(p, ", \t");
        if (word == len && strncasecmp(p, token, len) == 0)
            return true;
        p += word;
    }
    return false;
}

static bool is_key(const char *key)
{
    unsigned char bytes[KEY_LEN];
    return key != NULL && strlen(key) == KEY_LEN && strcmp(key + KEY_LEN - 2, "==") == 0 &&
           EVP_DecodeBlock(bytes, (const unsigned char *)key, KEY_LEN) == 18;
}

enum ws_verdict ws_handshake(const struct ws_offer *offer, char out_accept[WS_ACCEPT_SIZE])
{
    if (!has_token(offer->upgrade, "websocket") || !has_token(offer->connection, "upgrade"))
        return WS_NOT_OFFERED;
    if (offer->version == NULL || strcmp(offer->version, "13") != 0)
        return WS_WRONG_VERSION;
    if (!is_key(offer->key))
        return WS_BAD_KEY;
    char text[KEY_LEN + sizeof WS_GUID];
    (void)snprintf(text, sizeof text, "%s%s", offer->key, WS_GUID);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int made = EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(), NULL);
    assert(made == 1 && len == DIGEST_LEN);
    (void)EVP_EncodeBlock((unsigned char *)out_accept, digest, DIGEST_LEN);
    return WS_ACCEPTED;
}
