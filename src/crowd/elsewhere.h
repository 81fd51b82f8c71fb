// SPDX-License-Identifier: Apache-2.0
/* crowd/elsewhere.h — the pictures of venues that another process on the same database counts, taken
 * from its live messages. A message is kept as it came and read when somebody asks. An owner speaks
 * every second at least: one that has been quiet for ELSEWHERE_QUIET_MS is gone, and until somebody
 * has taken over, everything is unknown. */
#pragma once
#include "crowd/crowd.h"

#define ELSEWHERE_QUIET_MS 5000

struct elsewhere;

struct elsewhere *elsewhere_create(void);
void elsewhere_destroy(struct elsewhere *elsewhere);

enum elsewhere_part { ELSEWHERE_ZONES, ELSEWHERE_DEVICES, ELSEWHERE_PARTS };

/* `json` is a message of crowd/messages.h; `now_us` of clock_monotonic_us(). Any thread. */
void elsewhere_hear(struct elsewhere *elsewhere, const char *event, const char *venue,
                    enum elsewhere_part part, const char *json, size_t len, int64_t now_us);
/* NULL when nothing was heard of late. What the messages do not name stays unknown. The caller owns
 * the reference. Any thread. */
struct crowd_picture *elsewhere_picture(struct elsewhere *elsewhere, const struct venue_view *view,
                                        int64_t now_us);
