// SPDX-License-Identifier: Apache-2.0
#include "api/api.h"

#define ID_DIGITS_MAX 16
#define ID_MAX        (INT64_C(1) << 53) /* what JavaScript reads exactly */

bool api_id_parse(const char *text, int64_t *out_id)
{
    size_t len = strlen(text);
    if (len > ID_DIGITS_MAX || text[0] == '0' || strspn(text, "0123456789") != len)
        return false;
    int64_t id = strtoll(text, NULL, 10);
    if (id <= 0 || id >= ID_MAX)
        return false;
    *out_id = id;
    return true;
}

int64_t api_param_id(const struct request *request, const char *name)
{
    int64_t id = 0;
    (void)api_id_parse(request_param(request, name), &id); /* what is none finds nothing */
    return id;
}

enum err api_cursor_id(const struct request *request, int64_t *inout_id, struct err_note *note)
{
    const char *cursor = request_query(request, "cursor");
    if (cursor != NULL && !api_id_parse(cursor, inout_id))
        return err_set(note, ERR_MALFORMED, "cursor", "is not one that this list gave");
    return ERR_NONE;
}
