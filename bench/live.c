// SPDX-License-Identifier: Apache-2.0
/* Every client follows the zones of one venue; once a second a camera says how many people it sees. The
 * delay runs from the server's answer to that camera until a client has the message: it holds the
 * commit's fan-out, the count, and all the sends before that client's. */
#include "base/clock.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bench/load/latency.h"
#include "bench/load/ws.h"
#include "bench/site/site.h"

#include <stdio.h>

enum { ROUND_US = 1000000, LEAST = 3, STEPS = 30 };

struct live_run {
    char wanted[32]; /* "\"people\":17," as the message has it */
    int64_t answered_us;
    bool *has_heard; /* of each client, in this round */
    struct latency delays;
};

static void heard(void *context, int client, const char *message, size_t len)
{
    struct live_run *run = context;
    if (run->has_heard[client] || memmem(message, len, run->wanted, strlen(run->wanted)) == NULL)
        return;
    run->has_heard[client] = true;
    latency_add(&run->delays, clock_monotonic_us() - run->answered_us);
}

struct live_cost {
    double memory_per_client;
    double cpu; /* cores */
    int64_t expected;
    int64_t lost_clients;
};

static void report(const struct bench_options *options, struct live_run *run,
                   const struct live_cost *cost)
{
    char conditions[300];
    (void)snprintf(conditions, sizeof conditions,
                   "clients=%lld updates=1/s seconds=%lld p50_ms=%.1f max_ms=%.1f heard=%lld/%lld "
                   "disconnected=%lld server_cpu=%.2f (less is better)",
                   (long long)options->clients, (long long)options->seconds,
                   latency_ms(&run->delays, 0.5), latency_ms(&run->delays, 1),
                   (long long)run->delays.count, (long long)cost->expected,
                   (long long)cost->lost_clients, cost->cpu);
    report_figure(options->form, &(struct figure){.bench = "live",
                                                  .measured = "delay p99",
                                                  .unit = "ms",
                                                  .ours = latency_ms(&run->delays, 0.99),
                                                  .conditions = conditions});
    report_figure(options->form, &(struct figure){.bench = "live",
                                                  .measured = "server memory per client",
                                                  .unit = "bytes",
                                                  .ours = cost->memory_per_client,
                                                  .conditions = conditions});
}

static enum err run_rounds(const struct bench_options *options, struct client *sender,
                           struct ws_clients *clients, struct live_run *run, struct err_note *note)
{
    for (int64_t round = 0; round < options->seconds; round++) {
        int count = LEAST + (int)(round % STEPS);
        memset(run->has_heard, 0, (size_t)options->clients * sizeof *run->has_heard);
        (void)snprintf(run->wanted, sizeof run->wanted, "\"people\":%d,", count);
        int64_t start_us = clock_monotonic_us();
        TRY(site_see(sender, count, note));
        run->answered_us = clock_monotonic_us();
        ws_clients_run(clients, start_us + ROUND_US, NULL);
    }
    return ERR_NONE;
}

static enum err measure(const struct bench_options *options, const struct site *site,
                        struct client *sender, struct live_run *run, struct err_note *note)
{
    struct ws_options how = {.address = "127.0.0.1",
                             .port = site->server.port,
                             .path = "/live",
                             .headers = client_authority(site->client),
                             .topic = "events/" SITE_EVENT "/venues/" SITE_PROBE "/zones",
                             .clients = (int)options->clients,
                             .heard = heard,
                             .context = run};
    struct ws_clients *clients = NULL;
    TRY(site_see(sender, LEAST + STEPS - 1, note)); /* so that there is something to hear at once */
    int64_t memory = site_memory_bytes(site);
    TRY(ws_clients_open(&how, &clients, note));
    (void)snprintf(run->wanted, sizeof run->wanted, "nothing yet");
    ws_clients_run(clients, clock_monotonic_us() + 2 * ROUND_US, NULL);
    double cpu_s = site_cpu_s(site);
    enum err err = run_rounds(options, sender, clients, run, note);
    struct live_cost cost = {.memory_per_client = (double)(site_memory_bytes(site) - memory) /
                                                  (double)options->clients,
                             .cpu = (site_cpu_s(site) - cpu_s) / (double)options->seconds,
                             .expected = options->clients * options->seconds,
                             .lost_clients = options->clients - ws_clients_open_count(clients)};
    ws_clients_close(clients);
    if (err == ERR_NONE)
        report(options, run, &cost);
    return err;
}

enum err bench_live(const struct bench_options *options, struct err_note *note)
{
    struct site site;
    TRY(site_open(&(struct site_options){.cameras = 1, .zones = 1}, &site, note));
    SCOPED(client) sender = NULL;
    struct live_run run = {0};
    run.has_heard = mem_new_array((size_t)options->clients, sizeof *run.has_heard);
    enum err err = client_open(site.server.address, &sender, note);
    if (err == ERR_NONE) {
        client_use_token(sender, site.token);
        err = measure(options, &site, sender, &run, note);
    }
    mem_free(run.has_heard);
    site_close(&site);
    return err;
}
