// SPDX-License-Identifier: Apache-2.0
#include "api/people/people_json.h"

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
    return json_pack("{s:I, s:s, s:s, s:b, s:b, s:o}", "id", (json_int_t)person->id, "email",
                     person->email, "name", person->name, "is_admin", person->is_admin,
                     "is_disabled", person->is_disabled, "created_at",
                     json_of_time(person->created_at_ms));
}

enum err person_of_path(const struct request *request, const struct app *app,
                        struct person *out_person, struct err_note *note)
{
    const char *name = request_param(request, "person");
    int64_t id;
    struct db *db = NULL;
    TRY(api_reader_take(app, &db, note));
    enum err err = api_id_parse(name, &id) ? person_by_id(db, id, out_person)
                                           : person_by_email(db, name, out_person);
    store_reader_give(app->main_store, db);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "person", "there is no such person; an admin can create one");
    return err;
}
