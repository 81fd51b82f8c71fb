// SPDX-License-Identifier: Apache-2.0
#include "accounts/forgotten.h"

#include "accounts/accounts_internal.h"
#include "base/clock.h"
#include "base/test.h"
#include "base/text.h"

static struct principal *loaded_now(int64_t person_id, const char *event)
{
    struct principal *principal = principal_new(PRINCIPAL_PERSON, 1);
    principal->person_id = person_id;
    principal->ends_at_ms = 1000;
    principal->membership_count = 1;
    (void)text_copy(principal->memberships[0].event, LIMIT_ID_LEN + 1, event);
    int64_t last_us = clock_monotonic_us();
    while (clock_monotonic_us() == last_us) {
    }
    principal->loaded_at_us = clock_monotonic_us();
    return principal;
}

TEST(forgotten_person_is_not_current_and_another_is)
{
    struct principal *anna = loaded_now(71, "fest");
    struct principal *ben = loaded_now(72, "fair");
    CHECK(principal_is_current(anna, 0) && principal_is_current(ben, 0));
    forgotten_note_person(71);
    CHECK(!principal_is_current(anna, 0));
    CHECK(principal_is_current(ben, 0));
    struct principal *anew = loaded_now(71, "fest");
    CHECK(principal_is_current(anew, 0));
    forgotten_note_event("fair");
    CHECK(!principal_is_current(ben, 0));
    CHECK(principal_is_current(anew, 0));
    forgotten_note_token(7);
    CHECK(principal_is_current(anew, 0));
    principal_unref(anew);
    principal_unref(anna);
    principal_unref(ben);
}

TEST(forgotten_token_is_not_current_and_another_is)
{
    struct principal *token = loaded_now(0, "fest");
    token->token_id = 7;
    forgotten_note_token(8);
    forgotten_note_person(7);
    CHECK(principal_is_current(token, 0));
    forgotten_note_token(7);
    CHECK(!principal_is_current(token, 0));
    principal_unref(token);
}

TEST(session_is_current_until_it_ends)
{
    struct principal *anna = loaded_now(73, "fest");
    CHECK(principal_is_current(anna, 999));
    CHECK(!principal_is_current(anna, 1000));
    principal_unref(anna);
}

/* More than are remembered: better everybody is looked up anew than one stays. */
TEST(none_of_very_many_forgotten_stays)
{
    struct principal *first = loaded_now(1000, "fest");
    for (int64_t i = 0; i < 1000; i++)
        forgotten_note_person(1000 + i);
    CHECK(!principal_is_current(first, 0));
    struct principal *later = loaded_now(74, "fest");
    CHECK(principal_is_current(later, 0));
    principal_unref(first);
    principal_unref(later);
}
