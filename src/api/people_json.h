// SPDX-License-Identifier: Apache-2.0
/* api/people_json.h — people and roles as JSON, for the routes of accounts and members. */
#pragma once
#include "accounts/accounts.h"
#include "base/json.h"

json_t *json_of_time(int64_t at_ms); /* null for 0: never */
json_t *json_of_roles(uint32_t roles);
json_t *json_of_person(const struct person *person);
/* A whole number above 0 and below 2^53, and nothing else. */
bool id_parse(const char *text, int64_t *out_id);
