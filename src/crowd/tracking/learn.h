// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/learn.h — what a step teaches about the venue: how exact and how watchful its cameras are,
 * and how people walk. Only from people who are certain. */
#pragma once
#include "crowd/tracking/step.h"

void learn_from(const struct step *step, const struct step_ground *ground,
                const struct track *track, const struct cluster *cluster);
