// SPDX-License-Identifier: Apache-2.0
/* client/files.h — files that a user named, as bytes. */
#pragma once
#include "base/base.h"

/* Gives `take` the bytes of a file, or of every file of a folder in the order of their names, until
 * it fails; the bytes are borrowed. ERR_NOT_FOUND, with the reason, for what cannot be read. */
MUST_USE enum err files_read(const char *path,
                             enum err (*take)(void *context, const char *path, const char *bytes,
                                              size_t len),
                             void *context, struct err_note *note);
