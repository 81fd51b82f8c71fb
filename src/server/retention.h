// SPDX-License-Identifier: Apache-2.0
/* server/retention.h — lets old records of streams go, a slice at a time, every minute. */
#pragma once
#include "server/settings.h"
#include "server/stores.h"

struct retention;

/* The caller owns the result; `stores` is borrowed until the stop. */
struct retention *retention_start(const struct stores *stores,
                                  const struct server_options *options);
void retention_stop(struct retention *retention); /* NULL is fine */
