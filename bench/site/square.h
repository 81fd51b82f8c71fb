// SPDX-License-Identifier: Apache-2.0
/* bench/site/square.h — a real square beside a bench's load: WILDTRACK (seven overlapping cameras, two pictures a
 * second) at its own pace through the API into a venue of its own, identities withheld; afterwards how well
 * the tracks that the API gives fit the truth. */
#pragma once
#include "bench/site/site.h"
#include "evaluation/evaluation.h"

struct square;
/* Makes the venue and begins to send so many seconds of it in a thread of its own. The data are in the folder
 * wildtrack of MUSTER_DATA: ERR_NOT_FOUND when they are not there. `site` is borrowed until the end. */
MUST_USE enum err square_start(const struct site *site, int64_t seconds, struct square **out_square,
                               struct err_note *note);
/* Waits until all is sent and its tracks are settled. */
MUST_USE enum err square_score(struct square *square, struct evaluation_figures *out_figures,
                               struct err_note *note);
void square_destroy(struct square *square); /* NULL is fine */
DEFINE_SCOPED(square)
