// SPDX-License-Identifier: Apache-2.0
#include "api/api.h"
#include "api/site_test.h"
#include "base/test.h"

TEST(number_in_a_path_is_an_id_in_one_spelling_only)
{
    int64_t id = 0;
    CHECK(api_id_parse("7", &id));
    CHECK_INT(id, 7);
    CHECK(api_id_parse("9007199254740991", &id));
    CHECK_INT(id, 9007199254740991);
    static const char *const NONE[] = {"",
                                       "0",
                                       "07",
                                       "-1",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1.0",
                                       "1e3",
                                       "0x1",
                                       "1,2",
                                       "seven",
                                       "9007199254740992",
                                       "99999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(NONE); i++)
        CHECK(!api_id_parse(NONE[i], &id));
}

TEST(what_is_no_id_is_not_found_and_no_cursor)
{
    static const char *const PATHS[] = {"incidents/07", "incidents/seven", "outbox/07",
                                        "outbox/-1"};
    static const char *const LISTS[] = {"incidents?cursor=07", "outbox?cursor=x", "tokens?cursor=0",
                                        "members?cursor=-1"};
    SCOPED(site) site = site_create();
    char path[100];
    for (size_t i = 0; i < COUNT_OF(PATHS); i++) {
        (void)snprintf(path, sizeof path, "/api/v1/events/fest/%s", PATHS[i]);
        CHECK_INT(site_status(site, ORGANISER, "GET", path, NULL), 404);
    }
    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        (void)snprintf(path, sizeof path, "/api/v1/events/fest/%s", LISTS[i]);
        CHECK_INT(site_status(site, ORGANISER, "GET", path, NULL), 400);
    }
}
