// SPDX-License-Identifier: Apache-2.0
#include "notify/retry.h"

#include "notify/notify.h"

int64_t retry_pause_ms(int64_t attempts, double chance)
{
    assert(attempts >= 1 && chance >= 0 && chance < 1);
    int64_t pause_ms = RETRY_FIRST_MS;
    for (int64_t i = 1; i < attempts && pause_ms < RETRY_MAX_MS; i++)
        pause_ms *= 2;
    pause_ms = MIN(pause_ms, (int64_t)RETRY_MAX_MS);
    return pause_ms / 2 + (int64_t)((double)(pause_ms - pause_ms / 2) * chance);
}

enum retry_verdict retry_decide(enum err failure, int64_t created_ms, int64_t now_ms)
{
    assert(failure != ERR_NONE);
    /* Only a clear "never" of the server is final; whatever else fails may heal. */
    bool is_final = failure == ERR_INVALID || failure == ERR_MALFORMED;
    return is_final || now_ms - created_ms >= MAIL_TRY_MS ? RETRY_NEVER : RETRY_LATER;
}
