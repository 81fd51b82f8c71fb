// SPDX-License-Identifier: Apache-2.0
#include "net/http/answers/missing.h"

#define SHOWN_BYTES   LIMIT_ID_LEN /* of a name */
#define ADDRESS_BYTES 256          /* a longer one is not told */

/* The place of a parameter in the route's path, or SIZE_MAX. "" is the last one: whatever was missing before it,
 * there it is not. */
static size_t find_param(const struct request *request, const char *place)
{
    size_t count = request->match.param_count;
    struct route_slice name;
    if (place[0] == '\0')
        return count - 1; /* SIZE_MAX where there are none */
    for (size_t i = 0; i < count; i++) {
        if (route_param_name(request->match.route, i, &name) && strlen(place) == name.len &&
            memcmp(place, name.text, name.len) == 0)
            return i;
    }
    return SIZE_MAX;
}

static void add_param(const struct request *request, size_t n, struct text *out)
{
    struct route_slice name;
    const char *value = request->params[n] == NULL ? "" : request->params[n];
    size_t len = strlen(value), shown = MIN(len, (size_t)SHOWN_BYTES);
    while (shown < len && ((unsigned char)value[shown] & 0xc0) == 0x80)
        shown--; /* no part of a letter */
    if (!route_param_name(request->match.route, n, &name))
        return;
    text_addf(out, "%.*s \"%.*s%s\"", (int)name.len, name.text, (int)shown, value,
              shown < len ? "..." : "");
}

/* The address before the parameter, when there is one to read, and the caller may. */
static void add_list(const struct request *request, size_t n, struct text *out)
{
    struct route_match list;
    const char *text = request->match.params[n].text;
    size_t len = (size_t)(text - request->path) - 1;
    if (len > ADDRESS_BYTES ||
        router_match(request->server->router, "GET", request->path, len, &list) != ROUTE_FOUND)
        return;
    if (list.route->roles != 0 && (list.route->roles & request->roles) == 0)
        text_add(out, "; ask an organiser what there is");
    else
        text_addf(out, "; GET %.*s lists those there are", (int)len, request->path);
}

bool missing_tell(struct request *request, const struct err_note *note, const char **out_place,
                  struct text *out_detail)
{
    if (request->match.route == NULL || strchr(note->detail, ';') != NULL)
        return false;
    size_t n = find_param(request, note->place);
    struct route_slice name;
    if (n == SIZE_MAX || !route_param_name(request->match.route, n, &name) ||
        name.text[name.len] == '*') /* {path*} names nothing */
        return false;
    text_add(out_detail, "there is no ");
    for (size_t i = n + 1; i-- > 0;) {
        add_param(request, i, out_detail);
        text_add(out_detail, i == 0 ? "" : " in ");
    }
    add_list(request, n, out_detail);
    char *place = request_alloc(request, name.len + 1);
    memcpy(place, name.text, name.len);
    *out_place = place;
    return true;
}
