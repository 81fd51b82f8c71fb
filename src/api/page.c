// SPDX-License-Identifier: Apache-2.0
#include "api/api.h"

enum err api_page_limit(const struct request *request, size_t *out_limit, struct err_note *note)
{
    int64_t limit = LIMIT_PAGE_DEFAULT;
    TRY(request_query_int(request, "limit", 1, LIMIT_PAGE_MAX, &limit, note));
    *out_limit = (size_t)limit;
    return ERR_NONE;
}

void api_reply_page(struct request *request, json_t *items, const char *next)
{
    json_t *cursor = next == NULL || next[0] == '\0' ? json_null() : json_string(next);
    reply_json(request, 200, json_pack("{s:o, s:o}", "items", items, "next", cursor));
}
