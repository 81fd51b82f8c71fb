// SPDX-License-Identifier: Apache-2.0
/* store/store_fault.h — a disk that fails on request: an SQLite VFS between SQLite and the real
 * one. For tests, and for scenarios with the real program by the environment:
 *   MUSTER_FAULT="write:120:ENOSPC:50"  from the 120th write on, 50 writes fail with "no space
 * left"
 *   MUSTER_FAULT="sync:7:EIO:1"         the 7th fsync fails
 * Without either it is never installed. */
#pragma once
#include "base/base.h"

enum store_fault_where { STORE_FAULT_WRITE, STORE_FAULT_SYNC };

struct store_fault {
    enum store_fault_where where;
    int64_t after; /* so many pass first, counted from arming */
    int error;     /* errno: EIO or ENOSPC */
    int64_t count; /* so many fail; INT64_MAX: until disarmed */
};

/* Installs the VFS for databases opened from now on. Before the first store_open(). */
void store_fault_install(void);
/* From MUSTER_FAULT; ERR_INVALID when it cannot be read, ERR_NONE when it is not set. */
MUST_USE enum err store_fault_from_environment(struct err_note *note);
void store_fault_arm(const struct store_fault *fault);
void store_fault_disarm(void);
/* How many operations have failed since arming. */
int64_t store_fault_hits(void);
