// SPDX-License-Identifier: Apache-2.0
/* store/sql/url.h — where a database is: "sqlite:/var/lib/muster" or "postgresql://...". */
#pragma once
#include "base/base.h"

enum url_kind { URL_UNKNOWN, URL_SQLITE, URL_POSTGRES };

enum url_kind url_kind_of(const char *url);
/* The folder and its parents, readable by the owner only. */
MUST_USE enum err url_make_folder(const char *url, struct err_note *note);
char *url_file(const char *url, const char *name); /* "<folder>/<name>.db"; the caller owns it */
