// SPDX-License-Identifier: Apache-2.0
/* server/privacy_settings.h — how long data would be kept by these settings, for who asks without a
 * running server. What a running one says is read from its housekeeping (api/privacy_routes.c); a
 * scenario compares the two. */
#pragma once
#include "privacy/privacy.h"
#include "server/settings.h"

/* `options` is borrowed. */
struct privacy_clock privacy_clock_of(const struct server_options *options);
