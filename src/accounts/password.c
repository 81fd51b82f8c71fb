// SPDX-License-Identifier: Apache-2.0
#include "accounts/password.h"

#include "base/random.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>

/* The most used passwords of 8 bytes and more in published leaks, in lower case. Shorter ones are
 * refused by length, and rows, repetitions and sequences by rule. */
static const char *const GUESSED[] = {
    "password",    "passw0rd",      "p@ssw0rd",    "p@ssword",   "pa55word",    "passwort",
    "password1",   "password12",    "password123", "passwort1",  "passwort123", "iloveyou",
    "iloveyou1",   "sunshine",      "princess",    "football",   "baseball",    "basketball",
    "superman",    "batman123",     "trustno1",    "welcome1",   "welcome123",  "admin123",
    "admin1234",   "administrator", "letmein1",    "letmein123", "changeme",    "changeme1",
    "changeme123", "default1",      "master123",   "monkey123",  "dragon123",   "shadow123",
    "michael1",    "jennifer",      "jordan23",    "starwars",   "whatever",    "computer",
    "internet",    "samsung1",      "liverpool",   "liverpool1", "manchester",  "barcelona",
    "realmadrid",  "charlie1",      "hello123",    "hallo123",   "hallo1234",   "qwertz123",
    "qwerty123",   "qwerty12",      "qwerty1234",  "1q2w3e4r",   "1q2w3e4r5t",  "1qaz2wsx",
    "zaq12wsx",    "q1w2e3r4",      "qazwsxedc",   "a1b2c3d4",   "abc12345",    "abcd1234",
    "abc123456",   "aa123456",      "a1234567",    "a12345678",  "asdf1234",    "test1234",
    "testtest1",   "secret123",     "geheim123",   "schatz123",  "ficken123",   "pokemon1",
    "minecraft",   "summer2024",    "winter2024",  "summer2025", "winter2025",  "summer2026",
    "spring2026",  "christmas",     "butterfly",   "chocolate",  "michelle",    "victoria",
    "elizabeth",   "alexander",     "benjamin",    "blink182",   "maverick",    "mercedes",
    "corvette",    "einstein",      "startrek",    "spiderman",  "metallica",   "asshole1",
    "fuckyou1",    "fuckyou123",    "password!",   "password1!", "welcome1!",   "qwerty123!",
    "muster123",   "muster1234",    "musterevent", "letmein!",
};

static const char *const ROWS[] = {"01234567890123456789",
                                   "abcdefghijklmnopqrstuvwxyz",
                                   "qwertyuiop",
                                   "qwertzuiop",
                                   "azertyuiop",
                                   "asdfghjkl",
                                   "zxcvbnm",
                                   "yxcvbnm",
                                   "1234567890qwertyuiop"};

static void lower(const char *text, char *out, size_t size)
{
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < size; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    out[i] = '\0';
}

/* A unit of one to four bytes again and again: "aaaaaaaa", "abcabcabc". */
static bool is_repetition(const char *text, size_t len)
{
    for (size_t unit = 1; unit <= 4; unit++) {
        size_t i = unit;
        while (i < len && text[i] == text[i - unit])
            i++;
        if (i == len)
            return true;
    }
    return false;
}

static bool is_row(const char *text, size_t len)
{
    char reversed[LIMIT_PASSWORD_LEN + 1];
    for (size_t i = 0; i < len; i++)
        reversed[i] = text[len - 1 - i];
    reversed[len] = '\0';
    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        if (strstr(ROWS[i], text) != NULL || strstr(ROWS[i], reversed) != NULL)
            return true;
    return false;
}

static bool is_own(const char *text, const char *own)
{
    char plain[LIMIT_EMAIL_LEN + 1];
    lower(own, plain, sizeof plain);
    if (plain[0] == '\0')
        return false;
    if (strcmp(text, plain) == 0)
        return true;
    size_t local_len = strcspn(plain, "@");
    return local_len > 0 && strlen(text) == local_len && strncmp(text, plain, local_len) == 0;
}

enum password_verdict password_judge(const char *password, const char *email, const char *name)
{
    size_t len = strlen(password);
    if (len < 8)
        return PASSWORD_TOO_SHORT;
    if (len > LIMIT_PASSWORD_LEN)
        return PASSWORD_TOO_LONG;
    char plain[LIMIT_PASSWORD_LEN + 1];
    lower(password, plain, sizeof plain);
    if (is_repetition(plain, len) || is_row(plain, len) || is_own(plain, email) ||
        is_own(plain, name))
        return PASSWORD_GUESSED;
    for (size_t i = 0; i < COUNT_OF(GUESSED); i++)
        if (strcmp(plain, GUESSED[i]) == 0)
            return PASSWORD_GUESSED;
    return PASSWORD_GOOD;
}

static atomic_int slots_taken;

bool password_slot_take(void)
{
    if (atomic_fetch_add(&slots_taken, 1) < LIMIT_PASSWORD_HASHES)
        return true;
    (void)atomic_fetch_sub(&slots_taken, 1);
    return false;
}

void password_slot_give(void)
{
    (void)atomic_fetch_sub(&slots_taken, 1);
}

enum err password_hash(const struct password_cost *cost, const char *password,
                       char out_hash[PASSWORD_HASH_SIZE])
{
    _Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "libsodium's strings fit");
    assert(sodium_init() >= 0);
    if (!password_slot_take())
        return ERR_BUSY;
    int failed = crypto_pwhash_str_alg(out_hash, password, strlen(password), cost->passes,
                                       cost->bytes, crypto_pwhash_ALG_ARGON2ID13);
    password_slot_give();
    return failed != 0 ? ERR_NO_MEMORY : ERR_NONE;
}

enum err password_verify(const char *hash, const char *password)
{
    assert(sodium_init() >= 0);
    if (!password_slot_take())
        return ERR_BUSY;
    int failed = crypto_pwhash_str_verify(hash, password, strlen(password));
    password_slot_give();
    return failed != 0 ? ERR_UNAUTHENTICATED : ERR_NONE;
}

bool password_is_outdated(const struct password_cost *cost, const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, cost->passes, cost->bytes) != 0;
}

void password_nobodys(const struct password_cost *cost, char out_hash[PASSWORD_HASH_SIZE])
{
    uint8_t chance[16 + 32];
    char salt[24], sum[48];
    random_secret(chance, sizeof chance);
    (void)sodium_bin2base64(salt, sizeof salt, chance, 16,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    (void)sodium_bin2base64(sum, sizeof sum, chance + 16, 32,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    (void)snprintf(out_hash, PASSWORD_HASH_SIZE, "$argon2id$v=19$m=%zu,t=%llu,p=1$%s$%s",
                   cost->bytes / 1024, (unsigned long long)cost->passes, salt, sum);
}
