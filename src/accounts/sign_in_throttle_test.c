// SPDX-License-Identifier: Apache-2.0
#include "accounts/sign_in_throttle.h"

#include "base/test.h"

#include <stdio.h>

static const int64_t NOW_MS = 1000000000;
static int64_t wait_ms;

static int attempts_until_refused(struct sign_in_throttle *throttle, const char *account_format,
                                  const char *address_format)
{
    for (int i = 0; i < 1000; i++) {
        char account[64], address[64];
        (void)snprintf(account, sizeof account, "%s%d", account_format,
                       account_format[0] == '*' ? i : 0);
        (void)snprintf(address, sizeof address, "%s%d", address_format,
                       address_format[0] == '*' ? i : 0);
        if (!sign_in_throttle_charge(throttle, account, address, NOW_MS, &wait_ms))
            return i;
    }
    return 1000;
}

TEST(sixth_failure_from_one_address_must_wait_half_a_minute)
{
    struct sign_in_throttle throttle;
    sign_in_throttle_init(&throttle);
    CHECK_INT(attempts_until_refused(&throttle, "anna", "192.0.2.1"), 5);
    CHECK_INT(wait_ms, 30000);
    CHECK(!sign_in_throttle_charge(&throttle, "anna0", "192.0.2.10", NOW_MS + 29999, &wait_ms));
    CHECK(sign_in_throttle_charge(&throttle, "anna0", "192.0.2.10", NOW_MS + 30000, &wait_ms));
    CHECK(!sign_in_throttle_charge(&throttle, "anna0", "192.0.2.10", NOW_MS + 30000, &wait_ms));
    sign_in_throttle_fini(&throttle);
}

TEST(failures_elsewhere_leave_the_owner_a_way_in)
{
    struct sign_in_throttle throttle;
    sign_in_throttle_init(&throttle);
    CHECK_INT(attempts_until_refused(&throttle, "anna", "192.0.2.1"), 5);
    CHECK(sign_in_throttle_charge(&throttle, "anna0", "198.51.100.7", NOW_MS, &wait_ms));
    sign_in_throttle_fini(&throttle);
}

TEST(one_account_from_many_addresses_and_many_accounts_from_one_are_bounded_too)
{
    struct sign_in_throttle throttle;
    sign_in_throttle_init(&throttle);
    CHECK_INT(attempts_until_refused(&throttle, "anna", "*192.0.2."), 30);
    CHECK_INT(attempts_until_refused(&throttle, "*guest", "203.0.113.1"), 60);
    sign_in_throttle_fini(&throttle);
}

TEST(right_passwords_are_not_counted)
{
    struct sign_in_throttle throttle;
    sign_in_throttle_init(&throttle);
    for (int i = 0; i < 500; i++) {
        CHECK(sign_in_throttle_charge(&throttle, "anna", "192.0.2.1", NOW_MS, &wait_ms));
        sign_in_throttle_refund(&throttle, "anna", "192.0.2.1");
    }
    sign_in_throttle_fini(&throttle);
}

TEST(flood_of_accounts_does_not_wash_away_an_offender)
{
    struct sign_in_throttle throttle;
    sign_in_throttle_init(&throttle);
    CHECK_INT(attempts_until_refused(&throttle, "anna", "192.0.2.1"), 5);
    for (int i = 0; i < 3 * LIMIT_SIGN_IN_OFFENDERS; i++) {
        char account[32];
        (void)snprintf(account, sizeof account, "guest%d", i);
        int64_t ignored;
        (void)sign_in_throttle_charge(&throttle, account, account, NOW_MS, &ignored);
    }
    CHECK(!sign_in_throttle_charge(&throttle, "anna0", "192.0.2.10", NOW_MS, &wait_ms));
    sign_in_throttle_fini(&throttle);
}
