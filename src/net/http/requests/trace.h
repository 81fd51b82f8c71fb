// SPDX-License-Identifier: Apache-2.0
/* net/http/requests/trace.h — W3C Trace Context and request ids. Pure.
 *   00-<trace id, 32 hex>-<span id, 16 hex>-<flags, 2 hex>, lower case, neither id all zero. */
#pragma once
#include "base/random.h"

#define TRACE_TEXT_SIZE 56
#define TRACE_ID_SIZE   17 /* a request id: 16 hex digits and the terminator */

/* Continues the caller's trace with a new span; starts a new, sampled trace when `parent` is NULL
 * or not valid. */
void trace_continue(const char *parent, struct random_sequence *random, char out[TRACE_TEXT_SIZE]);
bool trace_is_valid(const char *text);

/* A client's own id is kept when it is 1 to 64 of [A-Za-z0-9._-]: it goes into logs and headers. */
bool trace_request_id_is_valid(const char *id);
void trace_request_id(struct random_sequence *random, char out[TRACE_ID_SIZE]);
