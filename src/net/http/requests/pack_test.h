// SPDX-License-Identifier: Apache-2.0
/* net/http/requests/pack_test.h — compressed bodies for tests. */
#pragma once
#include "net/http/requests/body.h"

/* The caller owns the bytes. zstd frames carry a checksum, as gzip always does. */
char *pack_test(enum body_encoding encoding, const char *bytes, size_t len, size_t *out_len);
