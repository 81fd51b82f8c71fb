// SPDX-License-Identifier: Apache-2.0
/* api/people_json.h — people and roles as JSON and in paths, for the routes of accounts, people and members. */
#pragma once
#include "api/api.h"
#include "base/json.h"

json_t *json_of_time(int64_t at_ms); /* null for 0: never */
json_t *json_of_roles(uint32_t roles);
json_t *json_of_person(const struct person *person);

/* The person that the path's {person} names, by id or by e-mail address. ERR_NOT_FOUND. */
MUST_USE enum err person_of_path(const struct request *request, const struct app *app,
                                 struct person *out_person, struct err_note *note);
