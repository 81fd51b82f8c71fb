// SPDX-License-Identifier: Apache-2.0
#include "api/api.h"

#include <inttypes.h>
#include <stdio.h>

const char *const api_page_query[] = {"cursor: `next` of the page before",
                                      "limit: items of a page, 1 to 1000", NULL};

enum err api_reader_take(const struct app *app, struct db **out_db, struct err_note *note)
{
    struct db *db = store_reader_take(app->main_store);
    if (db == NULL)
        return err_set(note, ERR_BUSY, "", "the database is away; try again soon");
    *out_db = db;
    return ERR_NONE;
}

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

static enum err read_page(const struct request *request, const struct app *app,
                          enum err (*read)(const struct request *request, struct db *db,
                                           struct id_page *page),
                          struct id_page *page, struct err_note *note)
{
    TRY(api_cursor_id(request, &page->after_id, note));
    TRY(api_page_limit(request, &page->limit, note));
    struct db *db = NULL;
    TRY(api_reader_take(app, &db, note));
    enum err err = read(request, db, page);
    store_reader_give(app->main_store, db);
    return err;
}

void api_list_by_id(struct request *request, const struct app *app,
                    enum err (*read)(const struct request *request, struct db *db,
                                     struct id_page *page))
{
    struct err_note note = {.detail = ""};
    struct id_page page = {.items = json_array()};
    enum err err = read_page(request, app, read, &page, &note);
    if (err != ERR_NONE) {
        json_decref(page.items);
        reply_problem(request, err, &note);
        return;
    }
    char next[24] = "";
    if (json_array_size(page.items) == page.limit)
        (void)snprintf(next, sizeof next, "%" PRId64, page.last_id);
    api_reply_page(request, page.items, next);
}

void id_page_add(struct id_page *page, int64_t id, json_t *item)
{
    (void)json_array_append_new(page->items, item);
    page->last_id = id;
}
