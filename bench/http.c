// SPDX-License-Identifier: Apache-2.0
/* The page and a JSON resource of ours, and nginx with the very bytes that we answered as files. */
#include "base/text.h"
#include "bench/bench.h"
#include "bench/load/load.h"
#include "bench/peers/nginx.h"
#include "bench/site/site.h"

#include <stdio.h>

struct resource {
    const char *name;
    const char *path;      /* of ours */
    const char *peer_path; /* of nginx */
};

static const struct resource RESOURCES[] = {
    {"page", "/", "/page.html"},
    {"JSON", "/api/v1/events/" SITE_EVENT "/venues/" SITE_VENUE "/crowd", "/crowd.json"},
};
static const int64_t CONNECTIONS[] = {1, 64, 1000, 5000};

static bool next_request(void *context, int connection, struct load_request *out)
{
    (void)connection;
    *out = *(const struct load_request *)context;
    return true;
}

static enum err run_load(uint16_t port, const char *path, const char *authority,
                         const struct bench_options *options, int64_t connections,
                         struct load_result *out, struct err_note *note)
{
    char head[1024];
    int len = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", path,
                       authority);
    struct load_request request = {.bytes = head, .len = (size_t)len};
    struct load_options load = {.address = "127.0.0.1",
                                .port = port,
                                .connections = (int)connections,
                                .duration_us = options->seconds * 1000000,
                                .next = next_request,
                                .context = &request};
    return load_run(&load, out, note);
}

static double rate_of(const struct load_result *result)
{
    return result->duration_us == 0 ? 0
                                    : (double)result->answered * 1e6 / (double)result->duration_us;
}

static enum err measure(const struct bench_options *options, const struct site *site,
                        const struct nginx *nginx, const struct resource *resource,
                        int64_t connections, struct err_note *note)
{
    struct load_result ours = {0};
    struct load_result theirs = {0};
    enum err err = run_load(site->server.port, resource->path, client_authority(site->client),
                            options, connections, &ours, note);
    if (err == ERR_NONE)
        err = run_load(nginx->port, resource->peer_path, "", options, connections, &theirs, note);
    if (err == ERR_NONE) {
        char name[64];
        char conditions[300];
        (void)snprintf(name, sizeof name, "%s, %lld connections", resource->name,
                       (long long)connections);
        (void)snprintf(conditions, sizeof conditions,
                       "clients=%lld seconds=%lld bytes=%lld p99_ms=%.1f/%.1f errors=%lld/%lld",
                       (long long)connections, (long long)options->seconds,
                       (long long)(ours.answered > 0 ? ours.bytes_in / ours.answered : 0),
                       load_latency_ms(&ours, 0.99), load_latency_ms(&theirs, 0.99),
                       (long long)(ours.refused + ours.broken),
                       (long long)(theirs.refused + theirs.broken));
        report_figure(options->form, &(struct figure){.bench = "http",
                                                      .measured = name,
                                                      .unit = "requests/s",
                                                      .ours = rate_of(&ours),
                                                      .peer = "nginx",
                                                      .theirs = rate_of(&theirs),
                                                      .conditions = conditions});
    }
    load_result_fini(&ours);
    load_result_fini(&theirs);
    return err;
}

/* Saves what our server answers, for nginx to serve. */
static enum err save(const struct site *site, const char *folder, const struct resource *resource,
                     struct err_note *note)
{
    char *bytes = NULL;
    size_t len = 0;
    TRY(client_get(site->client, resource->path, &bytes, &len, note));
    char path[1024];
    (void)snprintf(path, sizeof path, "%s%s", folder, resource->peer_path);
    FILE *file = fopen(path, "we");
    bool is_saved = file != NULL && fwrite(bytes, 1, len, file) == len;
    if (file != NULL)
        is_saved = fclose(file) == 0 && is_saved;
    mem_free(bytes);
    return is_saved ? ERR_NONE : err_set(note, ERR_IO, path, "cannot be written");
}

static enum err measure_all(const struct bench_options *options, const struct site *site,
                            const char *folder, struct err_note *note)
{
    struct nginx nginx;
    for (size_t i = 0; i < COUNT_OF(RESOURCES); i++)
        TRY(save(site, folder, &RESOURCES[i], note));
    TRY(nginx_start(folder, &nginx, note));
    enum err err = ERR_NONE;
    for (size_t i = 0; i < COUNT_OF(RESOURCES) && err == ERR_NONE; i++) {
        for (size_t k = 0; k < COUNT_OF(CONNECTIONS) && err == ERR_NONE; k++) {
            if (options->connections == 0 || options->connections == CONNECTIONS[k])
                err = measure(options, site, &nginx, &RESOURCES[i], CONNECTIONS[k], note);
        }
    }
    nginx_stop(&nginx);
    return err;
}

enum err bench_http(const struct bench_options *options, struct err_note *note)
{
    struct site site;
    char folder[512];
    TRY(site_open(&(struct site_options){.cameras = 10, .zones = 10}, &site, note));
    enum err err = local_server_folder(folder, sizeof folder, note);
    if (err == ERR_NONE) {
        err = measure_all(options, &site, folder, note);
        local_server_forget(folder);
    }
    site_close(&site);
    return err;
}
