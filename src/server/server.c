// SPDX-License-Identifier: Apache-2.0
/* Everything is a stage: opened in the order of the table, closed in reverse, so that nothing is
 * closed while something above still uses it. A new module is one pair of functions and one line.
 */
#include "server/server.h"

#include "alerts/alerts.h"
#include "api/mqtt.h"
#include "base/clock.h"
#include "crowd/crowd.h"
#include "crowd/paths.h"
#include "notify/notify.h"
#include "readings/readings.h"
#include "server/first_admin.h"
#include "server/routes.h"
#include "server/spread.h"
#include "server/stores.h"
#include "trends/trends.h"
#include "venues/venues.h"

#include <stdio.h>

struct server {
    const struct server_options *options;
    struct http_listener listener;
    struct stores stores;
    struct app app;
    struct spread spread;
    struct publisher publisher;
    struct spread_ear crowd_ear; /* of what other processes count */
    struct smtp_server smtp;
    struct mqtt_bridge *mqtt; /* NULL without a broker */
    struct routes routes;
    struct http_server *http;
    size_t stage_count; /* that are open */
    char url[256];
};

/* What this machine reaches it by. */
static void name_url(const struct server *server, unsigned port, char *out, size_t size)
{
    const char *address = server->options->address;
    bool is_any = strcmp(address, "::") == 0 || strcmp(address, "0.0.0.0") == 0;
    bool is_v6 = !is_any && strchr(address, ':') != NULL;
    (void)snprintf(out, size, "%s://%s%s%s:%u",
                   server->options->tls_certificate == NULL ? "http" : "https", is_v6 ? "[" : "",
                   is_any ? "127.0.0.1" : address, is_v6 ? "]" : "", port);
}

/* --- the port, before everything that names it --- */

static enum err open_listener(struct server *server, struct err_note *note)
{
    const struct server_options *options = server->options;
    TRY(http_listen(options->address, (uint16_t)options->port, &server->listener, note));
    name_url(server, server->listener.port, server->url, sizeof server->url);
    return ERR_NONE;
}

static void close_listener(struct server *server)
{
    http_listener_close(&server->listener);
}

static enum err open_stores(struct server *server, struct err_note *note)
{
    TRY(stores_open(server->options, &server->stores, note));
    server->app.main_store = server->stores.main;
    server->app.telemetry_store = server->stores.telemetry;
    stores_keep(&server->stores, server->options);
    return ERR_NONE;
}

static void close_stores(struct server *server)
{
    stores_close(&server->stores);
}

/* --- live: modules publish, browsers follow --- */

static enum err open_live(struct server *server, struct err_note *note)
{
    struct live_options options = {.may_follow = api_may_follow, .is_current = api_is_current};
    enum err err = live_start(&options, &server->app.live);
    if (err != ERR_NONE)
        return err_set(note, err, "live", "the hub of live topics cannot start");
    spread_start(&server->spread, server->stores.main, server->app.live);
    server->publisher = spread_publisher(&server->spread);
    return ERR_NONE;
}

static void close_live(struct server *server)
{
    spread_stop(&server->spread);
    live_stop(server->app.live);
}

/* --- the event's modules --- */

static enum err open_accounts(struct server *server, struct err_note *note)
{
    struct accounts_options options = {.store = server->stores.main,
                                       .session_idle_ms = server->options->session_idle_ms,
                                       .session_absolute_ms = server->options->session_absolute_ms};
    TRY(accounts_open(&options, &server->app.accounts, note));
    enum err err = first_admin_create(server->app.accounts, server->options, note);
    if (err != ERR_NONE)
        accounts_close(server->app.accounts);
    return err;
}

static void close_accounts(struct server *server)
{
    accounts_close(server->app.accounts);
}

static enum err open_venues(struct server *server, struct err_note *note)
{
    return venues_open(server->stores.main, &server->app.venues, note);
}

static void close_venues(struct server *server)
{
    venues_close(server->app.venues);
}

static enum err open_readings(struct server *server, struct err_note *note)
{
    struct readings_options options = {.telemetry_store = server->stores.telemetry,
                                       .venues = server->app.venues,
                                       .keep_detections_ms = server->options->keep_detections_ms,
                                       .keep_points_ms = server->options->keep_values_ms};
    return readings_open(&options, &server->app.readings, note);
}

static void close_readings(struct server *server)
{
    readings_close(server->app.readings);
}

static void overhear_crowd(void *crowd, const char *topic, const char *json, size_t len)
{
    crowd_hear(crowd, topic, json, len);
}

static enum err open_crowd(struct server *server, struct err_note *note)
{
    struct crowd_options options = {.telemetry_store = server->stores.telemetry,
                                    .venues = server->app.venues,
                                    .readings = server->app.readings,
                                    .publisher = &server->publisher,
                                    .keep_tracks_ms = server->options->keep_tracks_ms};
    TRY(crowd_open(&options, &server->app.crowd, note));
    server->crowd_ear = (struct spread_ear){.hear = overhear_crowd, .context = server->app.crowd};
    spread_listen(&server->spread, &server->crowd_ear);
    return ERR_NONE;
}

static void close_crowd(struct server *server)
{
    spread_unlisten(&server->crowd_ear);
    crowd_close(server->app.crowd);
}

static enum err open_paths(struct server *server, struct err_note *note)
{
    struct paths_options options = {.telemetry_store = server->stores.telemetry,
                                    .venues = server->app.venues,
                                    .keep_tracks_ms = server->options->keep_tracks_ms};
    return paths_open(&options, &server->app.paths, note);
}

static void close_paths(struct server *server)
{
    paths_close(server->app.paths);
}

static enum err open_trends(struct server *server, struct err_note *note)
{
    struct trends_options options = {.telemetry_store = server->stores.telemetry,
                                     .main_store = server->stores.main,
                                     .venues = server->app.venues,
                                     .publisher = &server->publisher};
    return trends_open(&options, &server->app.trends, note);
}

static void close_trends(struct server *server)
{
    trends_close(server->app.trends);
}

static enum err open_alerts(struct server *server, struct err_note *note)
{
    struct alerts_options options = {.main_store = server->stores.main,
                                     .telemetry_store = server->stores.telemetry,
                                     .venues = server->app.venues,
                                     .crowd = server->app.crowd,
                                     .readings = server->app.readings,
                                     .publisher = &server->publisher};
    return alerts_open(&options, &server->app.alerts, note);
}

static void close_alerts(struct server *server)
{
    alerts_close(server->app.alerts);
}

#define SMTP_TIMEOUT_MS 30000

static enum err open_notify(struct server *server, struct err_note *note)
{
    const struct server_options *options = server->options;
    server->smtp = (struct smtp_server){.url = options->smtp_url,
                                        .user = options->smtp_user,
                                        .password = options->smtp_password,
                                        .ca_file = options->smtp_ca_file,
                                        .requires_tls = options->smtp_requires_tls,
                                        .allows_plain_sign_in = options->smtp_plain_sign_in,
                                        .timeout_ms = SMTP_TIMEOUT_MS};
    struct notify_options notify = {.main_store = server->stores.main,
                                    .venues = server->app.venues,
                                    .smtp = options->smtp_url == NULL ? NULL : &server->smtp,
                                    .from = options->smtp_from,
                                    .public_url = options->public_url == NULL ? server->url
                                                                              : options->public_url,
                                    .publisher = &server->publisher};
    return notify_open(&notify, &server->app.notify, note);
}

static void close_notify(struct server *server)
{
    notify_close(server->app.notify);
}

/* --- the doors --- */

static enum err open_mqtt(struct server *server, struct err_note *note)
{
    const struct server_options *options = server->options;
    if (options->mqtt_url == NULL)
        return ERR_NONE;
    struct mqtt_bridge_options mqtt = {.app = &server->app,
                                       .url = options->mqtt_url,
                                       .user = options->mqtt_user,
                                       .password = options->mqtt_password,
                                       .ca_file = options->mqtt_ca_file,
                                       .client_id = options->mqtt_client_id,
                                       .prefix = options->mqtt_prefix,
                                       .senders = options->mqtt_event,
                                       .scenescape_event = options->mqtt_scenescape_event,
                                       .rate = (int)options->ingest_rate};
    return mqtt_bridge_open(&mqtt, &server->mqtt, note);
}

static void close_mqtt(struct server *server)
{
    mqtt_bridge_close(server->mqtt);
}

static enum err open_http(struct server *server, struct err_note *note)
{
    const struct server_options *options = server->options;
    routes_init(&server->routes, &server->app, (int)options->ingest_rate);
    struct http_server_options http = {.listener = &server->listener,
                                       .thread_count = (int)options->thread_count,
                                       .tls_certificate_file = options->tls_certificate,
                                       .tls_key_file = options->tls_key,
                                       .trusted_proxies = options->trusted_proxies,
                                       .connections_per_address =
                                           (size_t)options->connections_per_address,
                                       .tables = server->routes.tables,
                                       .table_count = server->routes.count,
                                       .authorise = api_authorise,
                                       .authorise_context = &server->app};
    enum err err = http_server_start(&http, &server->http, note);
    if (err != ERR_NONE)
        routes_fini(&server->routes);
    return err;
}

static void close_http(struct server *server)
{
    http_server_stop(server->http);
    routes_fini(&server->routes);
}

static const struct stage {
    const char *name;
    enum err (*open)(struct server *server, struct err_note *note);
    void (*close)(struct server *server);
} STAGES[] = {
    {"listener", open_listener, close_listener},
    {"stores", open_stores, close_stores},
    {"live", open_live, close_live},
    {"accounts", open_accounts, close_accounts},
    {"venues", open_venues, close_venues},
    {"readings", open_readings, close_readings},
    {"crowd", open_crowd, close_crowd},
    {"paths", open_paths, close_paths},
    {"trends", open_trends, close_trends},
    {"alerts", open_alerts, close_alerts},
    {"notify", open_notify, close_notify},
    {"mqtt", open_mqtt, close_mqtt},
    {"http", open_http, close_http},
};

enum err server_start(const struct server_options *options, struct server **out_server,
                      struct err_note *note)
{
    if ((options->tls_certificate == NULL) != (options->tls_key == NULL))
        return err_set(note, ERR_INVALID, "tls-certificate",
                       "HTTPS needs both --tls-certificate and --tls-key");
    struct server *server = mem_new(sizeof *server);
    server->options = options;
    for (; server->stage_count < COUNT_OF(STAGES); server->stage_count++) {
        const struct stage *stage = &STAGES[server->stage_count];
        int64_t started_us = clock_monotonic_us();
        enum err err = stage->open(server, note);
        if (err != ERR_NONE) {
            server_stop(server);
            return err;
        }
        log_write(LOG_DEBUG, "server", "opened", "stage=%s us=%lld", stage->name,
                  (long long)(clock_monotonic_us() - started_us));
    }
    log_write(LOG_INFO, "server", "serving", "url=%s database=%s", server->url,
              store_is_postgres(server->stores.main) ? "postgresql" : "sqlite");
    *out_server = server;
    return ERR_NONE;
}

void server_stop(struct server *server)
{
    while (server->stage_count > 0)
        STAGES[--server->stage_count].close(server);
    mem_free(server);
}

const char *server_url(const struct server *server)
{
    return server->url;
}
