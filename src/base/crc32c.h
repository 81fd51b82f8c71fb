// SPDX-License-Identifier: Apache-2.0
/* base/crc32c.h — CRC-32C (Castagnoli, RFC 3720 appendix B.4) with the processor's instruction
 * where it has one. crc32c(0, "123456789", 9) == 0xE3069283. */
#pragma once
#include "base/base.h"

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);
