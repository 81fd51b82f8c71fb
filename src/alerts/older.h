// SPDX-License-Identifier: Apache-2.0
/* alerts/older.h — brings events of an older database to the form that a new one has from the start:
 * where an event is over its rules rest and nothing of it is open, and each has the rule "device-silent",
 * unless somebody has removed it. Once per event: the migration has noted which were there. */
#pragma once
#include "store/store.h"

/* At start-up, before anybody decides; several processes may. */
MUST_USE enum err older_events_repair(struct store *main_store, struct err_note *note);
