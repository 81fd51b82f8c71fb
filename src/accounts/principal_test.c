// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts_internal.h"
#include "base/test.h"
#include "base/text.h"

TEST(roles_are_those_at_the_event_and_nowhere_else)
{
    struct principal *principal = principal_new(PRINCIPAL_PERSON, 2);
    principal->membership_count = 2;
    (void)text_copy(principal->memberships[0].event, LIMIT_ID_LEN + 1, "fair");
    principal->memberships[0].roles = ROLE_CREW;
    (void)text_copy(principal->memberships[1].event, LIMIT_ID_LEN + 1, "fest");
    principal->memberships[1].roles = ROLE_CONTROL | ROLE_DOOR;
    CHECK_INT(principal_roles(principal, "fest"), ROLE_CONTROL | ROLE_DOOR | ROLE_PERSON);
    CHECK_INT(principal_roles(principal, "fair"), ROLE_CREW | ROLE_PERSON);
    CHECK_INT(principal_roles(principal, "fes"), 0);
    CHECK_INT(principal_roles(principal, ""), 0);
    CHECK_INT(principal_roles(NULL, "fest"), 0);
    principal_unref(principal);
}

TEST(admin_is_everything_but_a_device)
{
    struct principal *principal = principal_new(PRINCIPAL_PERSON, 0);
    principal->is_admin = true;
    CHECK_INT(principal_roles(principal, "fest"), ROLE_ADMIN | ROLES_EVENT | ROLE_PERSON);
    principal_unref(principal);
}

TEST(token_is_a_device_or_a_reader_of_its_own_event_only)
{
    struct principal *principal = principal_new(PRINCIPAL_TOKEN, 0);
    (void)text_copy(principal->event, sizeof principal->event, "fest");
    CHECK_INT(principal_roles(principal, "fest"), ROLE_DEVICE);
    CHECK_INT(principal_roles(principal, "fair"), 0);
    principal->purpose = TOKEN_READS;
    CHECK_INT(principal_roles(principal, "fest"), ROLE_READER);
    CHECK_INT(principal_roles(principal, "fair"), 0);
    principal_unref(principal);
}

TEST(address_is_normalised_or_refused)
{
    char out[LIMIT_EMAIL_LEN + 1];
    CHECK(email_normalise(" Anna.Schmidt@Example.ORG ", out));
    CHECK_TEXT(out, "anna.schmidt@example.org");
    CHECK(email_normalise("admin@localhost", out));
    static const char *const BAD[] = {
        "",         "anna",     "@example.org", "anna@",    "a@b@c",
        "a b@c.de", "a\n@c.de", "<a@c.de>",     "a,b@c.de", "a@c.de\r\nBcc: x@y.z"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        CHECK(!email_normalise(BAD[i], out));
}
