// SPDX-License-Identifier: Apache-2.0
#include "bench/site/probe.h"

#include "base/clock.h"
#include "base/lock.h"
#include "bench/load/latency.h"
#include "bench/load/ws.h"

#include <stdatomic.h>
#include <stdio.h>

enum {
    PAUSE_US = 150000,
    PATIENCE_US = 2000000,
    ASKED_MAX = 10000,
    LEAST = 3,
    MOST = PROBE_PEOPLE_MAX
};

struct probe {
    const struct site *site;
    struct client *client;
    struct ws_clients *socket;
    struct thread thread;
    atomic_bool is_stopping;
    volatile int is_heard;
    int wanted;
    int64_t heard_us;
    struct latency waited;
    int64_t asked;
    int64_t people;
    int64_t unheard;
};

/* {"topic":"...","data":{"zones":[{"id":"probe-zone","people":N,...}],...}} */
static void heard(void *context, int client, const char *message, size_t len)
{
    struct probe *probe = context;
    (void)client;
    SCOPED_JSON *document = json_loadb(message, len, 0, NULL);
    json_t *zones = json_object_get(json_object_get(document, "data"), "zones");
    json_t *people = json_object_get(json_array_get(zones, 0), "people");
    if (json_is_integer(people) && json_integer_value(people) == probe->wanted &&
        probe->is_heard == 0) {
        probe->heard_us = clock_monotonic_us();
        probe->is_heard = 1;
    }
}

static void *run(void *context)
{
    struct probe *probe = context;
    while (!atomic_load(&probe->is_stopping) && probe->asked < ASKED_MAX) {
        ws_clients_run(probe->socket, clock_monotonic_us() + PAUSE_US, NULL);
        probe->wanted = LEAST + (int)(probe->asked % (MOST - LEAST));
        probe->is_heard = 0;
        struct err_note note;
        if (site_see(probe->client, probe->wanted, &note) != ERR_NONE)
            continue; /* refusals are counted by the load itself */
        int64_t answered_us = clock_monotonic_us();
        ws_clients_run(probe->socket, answered_us + PATIENCE_US, &probe->is_heard);
        int64_t waited_us = probe->is_heard != 0 ? probe->heard_us - answered_us : PATIENCE_US;
        probe->unheard += probe->is_heard == 0;
        latency_add(&probe->waited, waited_us);
        probe->people += probe->wanted;
        probe->asked++;
    }
    return NULL;
}

enum err probe_start(const struct site *site, struct probe **out_probe, struct err_note *note)
{
    struct probe *probe = mem_new(sizeof *probe);
    probe->site = site;
    struct ws_options options = {.address = "127.0.0.1",
                                 .port = site->server.port,
                                 .path = "/live",
                                 .headers = client_authority(site->client),
                                 .topic = "events/" SITE_EVENT "/venues/" SITE_PROBE "/zones",
                                 .clients = 1,
                                 .heard = heard,
                                 .context = probe};
    enum err err = client_open(site->server.address, &probe->client, note);
    if (err == ERR_NONE)
        err = ws_clients_open(&options, &probe->socket, note);
    if (err != ERR_NONE) {
        if (probe->client != NULL)
            client_close(probe->client);
        mem_free(probe);
        return err;
    }
    client_use_token(probe->client, site->token);
    thread_start(&probe->thread, "probe", run, probe);
    *out_probe = probe;
    return ERR_NONE;
}

void probe_stop(struct probe *probe, struct probe_result *out_result)
{
    atomic_store(&probe->is_stopping, true);
    thread_join(&probe->thread);
    *out_result = (struct probe_result){.asked = probe->asked,
                                        .people = probe->people,
                                        .unheard = probe->unheard,
                                        .p50_ms = latency_ms(&probe->waited, 0.5),
                                        .p99_ms = latency_ms(&probe->waited, 0.99)};
    ws_clients_close(probe->socket);
    client_close(probe->client);
    mem_free(probe);
}
