// SPDX-License-Identifier: Apache-2.0
#include "api/access/access.h"
#include "api/access/credentials.h"
#include "base/test.h"
#include "base/text.h"

static void forget(struct principal **slot)
{
    mem_free(*slot);
}
#define OWNED __attribute__((cleanup(forget))) struct principal *

/* Crew of fest, then organiser of fair. */
static struct principal *member_of(size_t count)
{
    struct principal *member = mem_new(sizeof *member + 2 * sizeof member->memberships[0]);
    member->membership_count = count;
    (void)text_copy(member->memberships[0].event, LIMIT_ID_LEN + 1, "fest");
    member->memberships[0].roles = ROLE_CREW;
    (void)text_copy(member->memberships[1].event, LIMIT_ID_LEN + 1, "fair");
    member->memberships[1].roles = ROLE_ORGANISER;
    return member;
}

TEST(role_counts_at_its_own_event_only)
{
    OWNED crew = member_of(2);
    CHECK(access_decide(ROLE_CREW, crew, "fest") == ACCESS_GRANTED);
    CHECK(access_decide(ROLE_ORGANISER, crew, "fest") == ACCESS_DENIED);
    CHECK(access_decide(ROLE_ORGANISER, crew, "fair") == ACCESS_GRANTED);
    CHECK(access_decide(ROLE_ORGANISER, crew, "elsewhere") == ACCESS_HIDDEN);
    CHECK(access_decide(ROLE_ADMIN, crew, "fair") == ACCESS_DENIED);
    CHECK(access_decide(ROLE_DEVICE, crew, "fest") == ACCESS_DENIED);
}

TEST(event_must_be_named_where_there_are_several)
{
    OWNED crew = member_of(2);
    CHECK(access_decide(ROLE_CREW, crew, "") == ACCESS_UNCERTAIN);
    CHECK(access_decide(ROLE_ADMIN, crew, "") == ACCESS_DENIED);
    CHECK(access_decide(ROLE_PERSON, crew, "") == ACCESS_GRANTED);
    OWNED stranger = member_of(0);
    CHECK(access_decide(ROLE_CREW, stranger, "") == ACCESS_DENIED);
}

TEST(nobody_gets_only_what_is_open)
{
    CHECK(access_decide(0, NULL, "") == ACCESS_GRANTED);
    CHECK(access_decide(ROLE_PERSON, NULL, "") == ACCESS_UNKNOWN);
    CHECK(access_decide(ROLE_GUEST, NULL, "fest") == ACCESS_UNKNOWN);
}

TEST(admin_passes_where_a_person_may_but_is_no_device)
{
    struct principal admin = {.kind = PRINCIPAL_PERSON, .is_admin = true};
    CHECK(access_decide(ROLE_ADMIN, &admin, "") == ACCESS_GRANTED);
    CHECK(access_decide(ROLE_CREW, &admin, "fest") == ACCESS_GRANTED);
    CHECK(access_decide(ROLE_CREW | ROLE_DEVICE, &admin, "fest") == ACCESS_GRANTED);
    CHECK(access_decide(ROLE_DEVICE, &admin, "fest") == ACCESS_DENIED);
    CHECK(access_decide(ROLES_TOKEN, &admin, "fest") == ACCESS_DENIED);
}

TEST(token_that_reads_sends_nothing_and_the_reverse)
{
    struct principal token = {.kind = PRINCIPAL_TOKEN, .event = "fest", .purpose = TOKEN_READS};
    CHECK(access_decide(ROLES_WATCH | ROLE_READER, &token, "fest") == ACCESS_GRANTED);
    CHECK(access_decide(ROLES_WATCH | ROLE_DEVICE, &token, "fest") == ACCESS_DENIED);
    CHECK(access_decide(ROLE_PERSON, &token, "fest") == ACCESS_DENIED);
    CHECK(access_decide(ROLE_READER, &token, "fair") == ACCESS_HIDDEN);
    token.purpose = TOKEN_SENDS;
    CHECK(access_decide(ROLES_WATCH | ROLE_READER, &token, "fest") == ACCESS_DENIED);
}

TEST(token_is_no_person)
{
    struct principal token = {.kind = PRINCIPAL_TOKEN, .event = "fest"};
    CHECK(access_decide(ROLE_DEVICE, &token, "fest") == ACCESS_GRANTED);
    CHECK(access_decide(ROLE_PERSON, &token, "fest") == ACCESS_DENIED);
    CHECK(access_decide(ROLE_DEVICE, &token, "fair") == ACCESS_HIDDEN);
    /* Even one that claims to be an admin's. */
    token.is_admin = true;
    CHECK(access_decide(ROLE_ADMIN, &token, "fest") == ACCESS_DENIED);
}

static bool is_safe(enum credential_kind credential, const char *method, const char *site,
                    const char *origin)
{
    return csrf_is_safe(&(struct csrf_facts){.credential = credential,
                                             .method = method,
                                             .sec_fetch_site = site,
                                             .origin = origin,
                                             .host = "muster.example.org",
                                             .is_secure = true});
}

TEST(other_sites_cannot_use_a_cookie)
{
    CHECK(is_safe(CREDENTIAL_COOKIE, "POST", "same-origin", NULL));
    CHECK(is_safe(CREDENTIAL_COOKIE, "POST", "none", NULL));
    CHECK(!is_safe(CREDENTIAL_COOKIE, "POST", "cross-site", NULL));
    CHECK(!is_safe(CREDENTIAL_COOKIE, "POST", "same-site", NULL));
    CHECK(is_safe(CREDENTIAL_COOKIE, "DELETE", NULL, "https://muster.example.org"));
    CHECK(!is_safe(CREDENTIAL_COOKIE, "DELETE", NULL, "https://evil.example.org"));
    CHECK(!is_safe(CREDENTIAL_COOKIE, "DELETE", NULL, "http://muster.example.org"));
    CHECK(!is_safe(CREDENTIAL_COOKIE, "PATCH", NULL, "null"));
    CHECK(!is_safe(CREDENTIAL_COOKIE, "PUT", NULL, NULL));
}

TEST(reading_and_tokens_need_no_origin_and_sign_in_refuses_other_sites)
{
    CHECK(is_safe(CREDENTIAL_COOKIE, "GET", "cross-site", NULL));
    CHECK(is_safe(CREDENTIAL_BEARER, "POST", "cross-site", "https://evil.example.org"));
    CHECK(is_safe(CREDENTIAL_NONE, "POST", NULL, NULL));
    CHECK(!is_safe(CREDENTIAL_NONE, "POST", "cross-site", NULL));
    CHECK(!is_safe(CREDENTIAL_NONE, "POST", NULL, "https://evil.example.org"));
}
