// SPDX-License-Identifier: Apache-2.0
/* base/port.h — a loopback port for a program that cannot choose one itself. */
#pragma once
#include <stdint.h>

/* Free when asked, 0 if there is none; whoever takes it before the program does makes its start fail. */
uint16_t port_find_free(void);
