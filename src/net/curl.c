// SPDX-License-Identifier: Apache-2.0
#include "net/curl.h"

#include "base/lock.h"

static void start(void)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(code == CURLE_OK);
}

void curl_start_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start); /* cannot fail with a valid flag */
}
