// SPDX-License-Identifier: Apache-2.0
/* notify/retry.h — when a mail that failed is tried again. Pure. */
#pragma once
#include "base/base.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS   (5 * 60 * 1000)

enum retry_verdict { RETRY_LATER, RETRY_NEVER };

/* After the `attempts`th failure (from 1): doubling from RETRY_FIRST_MS up to RETRY_MAX_MS, of which
 * between a half and all is waited, by `chance` in [0, 1): mails that failed together must not come
 * back together. */
int64_t retry_pause_ms(int64_t attempts, double chance);

/* `failure` is what smtp_send() said, about a mail written at created_ms. */
enum retry_verdict retry_decide(enum err failure, int64_t created_ms, int64_t now_ms);
