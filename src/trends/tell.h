// SPDX-License-Identifier: Apache-2.0
/* trends/tell.h — what a venue's zones told last, as JSON: answers of the API and live messages alike
 * (docs/formats/trends.md). Pure. */
#pragma once
#include "base/text.h"
#include "trends/tracked.h"

void tell_forecast(struct text *out, const struct tracked *tracked);
void tell_occupancy(struct text *out, const struct tracked *tracked);
