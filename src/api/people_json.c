// SPDX-License-Identifier: Apache-2.0
#include "api/people_json.h"

#include "base/clock.h"

json_t *json_of_time(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (at_ms == 0)
        return json_null();
    clock_format(at_ms, text);
    return json_string(text);
}

json_t *json_of_roles(uint32_t roles)
{
    json_t *names = json_array();
    for (unsigned i = 0; ROLE_NAMES[i] != NULL; i++)
        if ((roles & role_of_name(ROLE_NAMES[i])) != 0)
            (void)json_array_append_new(names, json_string(ROLE_NAMES[i]));
    return names;
}

json_t *json_of_person(const struct person *person)
{
    return json_pack("{s:I, s:s, s:s, s:b, s:o}", "id", (json_int_t)person->id, "email",
                     person->email, "name", person->name, "is_admin", person->is_admin,
                     "created_at", json_of_time(person->created_at_ms));
}

bool id_parse(const char *text, int64_t *out_id)
{
    size_t len = strlen(text);
    if (len == 0 || len > 16 || strspn(text, "0123456789") != len)
        return false;
    int64_t id = strtoll(text, NULL, 10);
    if (id <= 0 || id > (1LL << 53))
        return false;
    *out_id = id;
    return true;
}
