// SPDX-License-Identifier: Apache-2.0
/* net/http/requests/framing.h — where a request ends, and for whom it is, as its head tells.
 *
 * A proxy before us may read a sloppy head otherwise than we do. Where the two see different ends, it
 * could be made to send one person's request as another's (RFC 9112, 5.1, 6.3 and 11.2). So a head that
 * can be read in two ways is refused, and nothing behind it is read. */
#pragma once
#include "base/base.h"

struct request;

/* *out_len: SIZE_MAX for a chunked body, whose length nobody knows. Not set when there is none. */
bool framing_tells_body(const struct request *request, size_t *out_len);

MUST_USE enum err framing_check(const struct request *request, struct err_note *note);
