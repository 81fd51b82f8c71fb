// SPDX-License-Identifier: Apache-2.0
/* bench/site/probe.h — how long after the answer a new count stands on the live socket, while the server is
 * under load: one camera of its own venue says a new number of people every now and then, and a
 * WebSocket client waits for just that number. */
#pragma once
#include "bench/site/site.h"

struct probe;

/* Starts a thread; `site` is borrowed until the stop. */
MUST_USE enum err probe_start(const struct site *site, struct probe **out_probe,
                              struct err_note *note);

struct probe_result {
    int64_t asked;
    int64_t people;  /* seen by its camera, over all */
    int64_t unheard; /* not seen within two seconds: counted into the quantiles as two seconds */
    double p50_ms, p99_ms;
};
void probe_stop(struct probe *probe, struct probe_result *out_result);
