// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/belief.h — how surely a person exists: log odds, moved by every look. */
#pragma once
#include "crowd/tracking/step.h"

/* After a step; `is_new` when the cluster began the track. */
void belief_weigh(struct track *track, const struct step *step, const struct cluster *cluster,
                  bool is_new);
/* Log of the chance that all cameras that look miss somebody who stands there in plain sight. */
double belief_missed_by_chance(const struct cluster *cluster);
