// SPDX-License-Identifier: Apache-2.0
/* crowd/messages.h — the live messages (docs/architecture.md), as JSON text. */
#pragma once
#include "base/text.h"
#include "crowd/state.h"

#define MESSAGE_DOTS_MAX 2000 /* of one message: beyond, every n-th person is drawn */

void message_zones(struct text *out, const struct crowd_picture *picture);
/* The newest second of its lines, and their last minute. */
void message_lines(struct text *out, const struct settled *settled);
void message_people(struct text *out, const struct dots *dots, int64_t now_ms);
void message_devices(struct text *out, const struct crowd_picture *picture);
