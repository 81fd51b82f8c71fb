// SPDX-License-Identifier: Apache-2.0
/* bench/site/followed.h — the world of a bench as the server tells it: how long after the picture was taken a zone
 * shows it on the live socket, and afterwards how well a group's tracks fit the truth. */
#pragma once
#include "bench/load/latency.h"
#include "bench/site/site.h"
#include "evaluation/evaluation.h"

struct followed;
/* Starts a thread that hears the zones of SITE_VENUE. `site` and `world` are borrowed until the stop. */
MUST_USE enum err followed_start(const struct site *site, const struct world *world,
                                 struct followed **out_followed, struct err_note *note);
/* The frame of a camera that stands for this step is sent now, with this time. */
void followed_sent(struct followed *followed, int camera, int step, int64_t at_ms);
/* Stops listening. */
void followed_stop(struct followed *followed);
void followed_destroy(struct followed *followed); /* NULL is fine */

/* From the time of a group's last frame of a step to the live message whose figures hold it, transport,
 * commit and following included; after the first seconds, in which nobody is known yet. */
const struct latency *followed_delays(const struct followed *followed);
/* Steps of which no message told by the stop. */
int64_t followed_untold(const struct followed *followed);
/* How well the tracks that the API gives of the first group fit the truth; waits until they are settled. */
MUST_USE enum err followed_score(const struct followed *followed,
                                 struct evaluation_figures *out_figures, struct err_note *note);
