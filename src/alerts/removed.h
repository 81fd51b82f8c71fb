// SPDX-License-Identifier: Apache-2.0
/* alerts/removed.h — the consumer "alert-places" of the main stream "venues": ends the incidents and
 * forgets the alarms of zones, devices and venues that are no more, whoever removed them, and has the
 * evaluator look again at what there is to wait for. */
#pragma once
#include "store/consumer.h"

struct removed;

MUST_USE enum err removed_start(struct store *main_store, struct removed **out_removed,
                                struct err_note *note);
void removed_stop(struct removed *removed);
/* As consumer_wait_idle(). */
MUST_USE enum err removed_wait_idle(struct removed *removed, int64_t deadline_ms);
