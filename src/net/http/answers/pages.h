// SPDX-License-Identifier: Apache-2.0
/* net/http/answers/pages.h — headers that keep a browser from being used against its user. */
#pragma once
#include <microhttpd.h>

#include "base/base.h"

/* On every answer. HSTS only where the connection is TLS: elsewhere it is void and misleading. */
void pages_add_security(struct MHD_Response *response, bool is_secure);
/* On pages: the Content-Security-Policy, without inline scripts or styles. */
void pages_add_policy(struct MHD_Response *response);
