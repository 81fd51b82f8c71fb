// SPDX-License-Identifier: Apache-2.0
#include "accounts/password.h"

#include "base/clock.h"
#include "base/test.h"

static const struct password_cost CHEAP = {.passes = 1, .bytes = 8192};

TEST(password_needs_eight_bytes_and_no_more_than_the_limit)
{
    char longest[LIMIT_PASSWORD_LEN + 2];
    for (size_t i = 0; i <= LIMIT_PASSWORD_LEN; i++)
        longest[i] = (char)('a' + (i * 7 + i / 5) % 26);
    longest[LIMIT_PASSWORD_LEN + 1] = '\0';
    CHECK(password_judge("kq9-vux", "", "") == PASSWORD_TOO_SHORT);
    CHECK(password_judge("kq9-vux7", "", "") == PASSWORD_GOOD);
    CHECK(password_judge(longest, "", "") == PASSWORD_TOO_LONG);
    CHECK(password_judge(longest + 1, "", "") == PASSWORD_GOOD);
    CHECK(password_judge("Über-allen-Gipfeln", "", "") == PASSWORD_GOOD);
}

TEST(password_that_everybody_tries_first_is_refused)
{
    static const char *const TRIVIAL[] = {"password",  "PassWord", "12345678",     "87654321",
                                          "qwertyui",  "aaaaaaaa", "abcabcabcabc", "ABCDEFGH",
                                          "qwertz123", "1q2w3e4r", "asdfghjkl",    "abababab"};
    for (size_t i = 0; i < COUNT_OF(TRIVIAL); i++)
        CHECK(password_judge(TRIVIAL[i], "", "") == PASSWORD_GUESSED);
}

TEST(password_must_not_be_the_person)
{
    CHECK(password_judge("anna.schmidt", "anna.schmidt@example.org", "Anna") == PASSWORD_GUESSED);
    CHECK(password_judge("Anna.Schmidt@example.org", "anna.schmidt@example.org", "Anna") ==
          PASSWORD_GUESSED);
    CHECK(password_judge("Anna Schmidt", "a@example.org", "Anna Schmidt") == PASSWORD_GUESSED);
    CHECK(password_judge("anna.schmidts hut", "anna.schmidt@example.org", "Anna") == PASSWORD_GOOD);
}

TEST(hash_fits_its_password_only)
{
    char hash[PASSWORD_HASH_SIZE];
    CHECK(password_hash(&CHEAP, "kq9-vux7", hash) == ERR_NONE);
    CHECK(strncmp(hash, "$argon2id$v=19$", 15) == 0);
    CHECK(password_verify(hash, "kq9-vux7") == ERR_NONE);
    CHECK(password_verify(hash, "kq9-vux8") == ERR_UNAUTHENTICATED);
    CHECK(!password_is_outdated(&CHEAP, hash));
    CHECK(password_is_outdated(&(struct password_cost){.passes = 2, .bytes = 8192}, hash));
}

TEST(nobodys_hash_costs_what_a_real_one_costs_and_fits_nothing)
{
    struct password_cost cost = {.passes = 3, .bytes = 4 << 20};
    char hash[PASSWORD_HASH_SIZE];
    password_nobodys(&cost, hash);
    CHECK(!password_is_outdated(&cost, hash));
    CHECK(password_verify(hash, "") == ERR_UNAUTHENTICATED);
    /* A hash that argon2 cannot read is refused at once, which the clock would give away. */
    int64_t start_us = clock_monotonic_us();
    CHECK(password_verify(hash, "kq9-vux7") == ERR_UNAUTHENTICATED);
    CHECK(clock_monotonic_us() - start_us > 500);
}

TEST(more_hashes_than_the_limit_are_refused_not_queued)
{
    char hash[PASSWORD_HASH_SIZE];
    for (int i = 0; i < LIMIT_PASSWORD_HASHES; i++)
        CHECK(password_slot_take());
    CHECK(password_hash(&CHEAP, "kq9-vux7", hash) == ERR_BUSY);
    CHECK(password_verify("$argon2id$", "kq9-vux7") == ERR_BUSY);
    password_slot_give();
    CHECK(password_hash(&CHEAP, "kq9-vux7", hash) == ERR_NONE);
    for (int i = 1; i < LIMIT_PASSWORD_HASHES; i++)
        password_slot_give();
}
