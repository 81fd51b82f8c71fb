// SPDX-License-Identifier: Apache-2.0
/* net/certificate_test.h — a self-signed certificate for localhost and 127.0.0.1, made for one test. */
#pragma once
#include "base/test.h"

/* Writes folder/cert.pem and folder/key.pem. */
void certificate_test_write(const char *folder);
