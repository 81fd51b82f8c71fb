// SPDX-License-Identifier: Apache-2.0
#include "server/pages.h"

static int compare_path(const void *key, const void *page)
{
    return strcmp(key, ((const struct http_static *)page)->path);
}

const struct http_static *pages_find(const char *path)
{
    return bsearch(path, pages, page_count, sizeof pages[0], compare_path);
}

static void reply_page(struct request *request, const char *path)
{
    const struct http_static *page = pages_find(path);
    if (page == NULL) {
        struct err_note note = {0};
        enum err err = err_set(&note, ERR_NOT_FOUND, "path", "There is no such page: %.200s.",
                               request_path(request));
        reply_problem(request, err, &note);
        return;
    }
    reply_static(request, page);
}

static void handle_document(struct request *request, void *context)
{
    (void)context;
    reply_page(request, "/index.html");
}

static void handle_file(struct request *request, void *context)
{
    (void)context;
    reply_page(request, request_path(request));
}

#define PAGE(at, handler, text)                                                                    \
    {                                                                                              \
        .method = "GET", .path = (at), .handle = (handler), .tag = "Pages", .summary = (text)      \
    }

const struct route pages_routes[] = {
    PAGE("/", handle_document, "The page; leads to the sign-in or the control room"),
    PAGE("/sign-in", handle_document, "Sign in"),
    PAGE("/control", handle_document, "Choose an event and a venue"),
    PAGE("/control/{event}", handle_document, "The control room of an event"),
    PAGE("/control/{event}/{venue}", handle_document, "The control room of a venue"),
    PAGE("/editor/{event}", handle_document, "The venues of an event, to be edited"),
    PAGE("/editor/{event}/{venue}", handle_document, "The editor of a venue"),
    PAGE("/analysis/{event}/{venue}", handle_document, "Heat map, stays and ways of a venue"),
    PAGE("/devices/{event}/{venue}", handle_document, "Devices and their health"),
    PAGE("/outbox/{event}", handle_document, "Mails kept and sent"),
    PAGE("/people", handle_document, "Everybody who can sign in, for admins"),
    PAGE("/people/{event}", handle_document, "The members of an event and their roles"),
    PAGE("/tokens/{event}", handle_document, "What devices and programs sign in with"),
    PAGE("/privacy", handle_document, "What is stored, about whom and until when; for everybody"),
    PAGE("/icon.svg", handle_file, "The icon"),
    PAGE("/manifest.webmanifest", handle_file, "Name and icon for a phone's home screen"),
    PAGE("/start.js", handle_file, "Sets the look before the first paint"),
    PAGE("/assets/{file}", handle_file, "Scripts, styles and fonts; names hold a content hash"),
};
const size_t pages_route_count = COUNT_OF(pages_routes);
