// SPDX-License-Identifier: Apache-2.0
/* server/pages.h — the pages of web/, inside the program. The page is one document that draws
 * itself by its path, so that /control/{event}/{venue} and its sisters all answer index.html;
 * everything under /assets/ has a content hash in its name and may be kept for ever. net/ adds the security headers. */
#pragma once
#include "net/http.h"

/* Made at build time by web/pack.mjs; sorted by path. */
extern const struct http_static pages[];
extern const size_t page_count;

/* NULL when there is none of that path ("/index.html", "/assets/index-3f2a.js"). */
const struct http_static *pages_find(const char *path);

/* "/", "/sign-in", "/control/{event}/{venue}", "/assets/{file}" ... No context. */
extern const struct route pages_routes[];
extern const size_t pages_route_count;
