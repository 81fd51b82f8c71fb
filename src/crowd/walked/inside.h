// SPDX-License-Identifier: Apache-2.0
/* crowd/walked/inside.h — how many are inside each zone now, and for how long so far: a histogram a zone,
 * nobody's own. Visits that go on are part of how long people stay: without them stays look shorter the
 * more people are still there. */
#pragma once
#include "crowd/walked/venue.h"

/* ERR_NO_MEMORY; the caller frees. */
MUST_USE enum err inside_pack(const struct walked_venue *venue, void **out_bytes, size_t *out_len);
/* Calls for each zone in it, by its number. ERR_CORRUPT, ERR_NO_MEMORY. */
MUST_USE enum err inside_unpack(const void *bytes, size_t len,
                                void (*visit)(void *context, uint16_t zone,
                                              const struct dwell *dwell),
                                void *context);
