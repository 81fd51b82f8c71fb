// SPDX-License-Identifier: Apache-2.0
/* net/curl.h — libcurl's one-time start, shared by the mail sender and the HTTP client. */
#pragma once
#include <curl/curl.h>

void curl_start_once(void); /* any thread */
