// SPDX-License-Identifier: Apache-2.0
/* accounts/audit_chain.h — lets a test act as one process after another. */
#pragma once
#include "base/base.h"

/* The chain that this process writes from now on; 0 = a new one. */
void audit_chain_set(int64_t chain);
