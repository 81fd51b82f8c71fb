// SPDX-License-Identifier: Apache-2.0
/* crowd/meet.h — between the groups of a venue and crowd/handover/: who was lost and who began goes there, and
 * whoever is the same person goes by the first number from then on. After all groups were stepped. */
#pragma once
#include "crowd/handover/handover.h"
#include "crowd/scenes/scene.h"
#include "crowd/tracks/log.h"

void meet_again(struct handover *handover, struct crowd_scene *scene, struct track_log *tracks);
