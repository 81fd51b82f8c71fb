// SPDX-License-Identifier: Apache-2.0
/* api/crowd_measures.h — what every measure of a zone is found by, and how far it can be off. */
#pragma once
#include "base/text.h"

#define CROWD_MEASURES_BYTES_MAX 8192

/* As a JSON object, by measure. */
void crowd_measures_add(struct text *out);
