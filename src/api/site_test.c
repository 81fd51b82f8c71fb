// SPDX-License-Identifier: Apache-2.0
#include "api/site_test.h"

#include "base/clock.h"
#include "events/events.h"

#include <stdio.h>

static const char PASSWORD[] = "Karussell-am-See";

struct making {
    const char *id;
    int64_t now_ms;
};

static enum err make_event_run(struct db *db, void *context, struct err_note *note)
{
    const struct making *making = context;
    struct actor actor = actor_program("test");
    struct event event;
    event_defaults(&event);
    (void)text_copy(event.id, sizeof event.id, making->id);
    (void)text_copy(event.name, sizeof event.name, making->id);
    (void)text_copy(event.organiser, sizeof event.organiser, making->id);
    event.starts_at_ms = making->now_ms + 3600000;
    event.ends_at_ms = making->now_ms + 7200000;
    TRY(event_insert(db, &actor, &event, making->now_ms, note));
    return event_move(db, &actor, making->id, EVENT_PUBLISHED, making->now_ms, note);
}

static void make_event(struct site *site, const char *id)
{
    struct making making = {.id = id, .now_ms = clock_now_ms()};
    CHECK(store_write(site->store, make_event_run, &making, NULL) == ERR_NONE);
}

static void sign_in(struct site *site, enum asker asker, const char *email)
{
    SCOPED_ANSWER answer = {0};
    char body[400];
    (void)snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"%s\"}", email, PASSWORD);
    site_ask(site, "", "POST", "/api/v1/session", body, &answer);
    CHECK_INT(answer.status, 200);
    const char *cookie = answer_header(&answer, "Set-Cookie");
    CHECK(cookie != NULL);
    char line[sizeof site->credentials[asker]];
    (void)snprintf(line, sizeof line, "Cookie: %.*s\r\nOrigin: http://127.0.0.1:%u\r\n",
                   (int)strcspn(cookie, ";"), cookie, site->port);
    memcpy(site->credentials[asker], line, sizeof line);
}

static void make_person(struct site *site, enum asker asker, const char *name, const char *event,
                        uint32_t roles)
{
    struct actor actor = actor_program("test");
    struct person_new wanted = {.is_admin = asker == ADMIN};
    (void)snprintf(wanted.email, sizeof wanted.email, "%s@example.org", name);
    (void)snprintf(wanted.name, sizeof wanted.name, "%s", name);
    (void)snprintf(wanted.password, sizeof wanted.password, "%s", PASSWORD);
    struct person person;
    CHECK(person_create(site->app.accounts, &wanted, &actor, clock_now_ms(), &person, NULL) ==
          ERR_NONE);
    site->person_ids[asker] = person.id;
    if (roles != 0)
        CHECK(member_set(site->app.accounts, &actor, event, person.id, roles, clock_now_ms(),
                         NULL) == ERR_NONE);
    sign_in(site, asker, wanted.email);
}

static void make_token(struct site *site, enum asker asker, const char *event,
                       enum token_purpose purpose)
{
    struct actor actor = actor_program("test");
    struct device_token wanted = {.name = "camera", .purpose = purpose};
    (void)text_copy(wanted.event, sizeof wanted.event, event);
    struct device_token token;
    CHECK(token_create(site->app.accounts, &actor, &wanted, clock_now_ms(), &token,
                       site->secrets[asker], NULL) == ERR_NONE);
    char line[sizeof site->credentials[asker]];
    (void)snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", site->secrets[asker]);
    memcpy(site->credentials[asker], line, sizeof line);
}

static void add_routes(struct site *site, const struct route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        site->routes[site->route_count] = routes[i];
        /* Throttling is net's; here it would only make the order of the tests matter. */
        site->routes[site->route_count++].rate.limit = 0;
    }
}

static void start(struct site *site)
{
    const struct {
        const struct route *routes;
        size_t count;
    } tables[] = {{accounts_routes, accounts_route_count}, {people_routes, people_route_count},
                  {events_routes, events_route_count},     {members_routes, members_route_count},
                  {venues_routes, venues_route_count},     {import_routes, import_route_count},
                  {crowd_routes, crowd_route_count},       {exchange_routes, exchange_route_count},
                  {readings_routes, readings_route_count}, {alerts_routes, alerts_route_count},
                  {notify_routes, notify_route_count}};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        count += tables[i].count;
    site->routes = mem_new_array(count, sizeof *site->routes);
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        add_routes(site, tables[i].routes, tables[i].count);
    struct http_server_options options = {.authorise = api_authorise,
                                          .authorise_context = &site->app,
                                          .trusted_proxies = "127.0.0.1"};
    site->server = loopback_server_with(options, site->routes, site->route_count, &site->app);
    site->port = http_server_port(site->server);
}

static struct store *open_store(const char *name, const struct store_module *modules, size_t count)
{
    char url[4200];
    (void)snprintf(url, sizeof url, "sqlite:%s", test_folder());
    struct store_options options = {
        .name = name, .url = url, .modules = modules, .module_count = count};
    struct store *store = NULL;
    CHECK(store_open(&options, &store, NULL) == ERR_NONE);
    return store;
}

static void open_crowd(struct site *site)
{
    CHECK(venues_open(site->store, &site->app.venues, NULL) == ERR_NONE);
    struct readings_options readings = {.telemetry_store = site->telemetry,
                                        .venues = site->app.venues};
    CHECK(readings_open(&readings, &site->app.readings, NULL) == ERR_NONE);
    struct crowd_options crowd = {.telemetry_store = site->telemetry,
                                  .venues = site->app.venues,
                                  .readings = site->app.readings};
    CHECK(crowd_open(&crowd, &site->app.crowd, NULL) == ERR_NONE);
}

static void open_alerts(struct site *site)
{
    struct alerts_options alerts = {.main_store = site->store, .telemetry_store = site->telemetry};
    CHECK(alerts_open(&alerts, &site->app.alerts, NULL) == ERR_NONE);
    struct notify_options notify = {.main_store = site->store,
                                    .public_url = "https://muster.example.org"};
    CHECK(notify_open(&notify, &site->app.notify, NULL) == ERR_NONE);
}

struct site *site_create(void)
{
    struct site *site = mem_new(sizeof *site);
    const struct store_module modules[] = {accounts_store_module, events_store_module,
                                           api_store_module,      alerts_store_module,
                                           notify_store_module,   venues_store_module};
    const struct store_module telemetry[] = {readings_store_module, crowd_store_module,
                                             crossings_store_module};
    site->store = open_store("main", modules, COUNT_OF(modules));
    site->telemetry = open_store("telemetry", telemetry, COUNT_OF(telemetry));
    struct accounts_options accounts = {
        .store = site->store, .password_passes = 1, .password_bytes = 8192};
    CHECK(accounts_open(&accounts, &site->app.accounts, NULL) == ERR_NONE);
    site->app.main_store = site->store;
    site->app.telemetry_store = site->telemetry;
    open_crowd(site);
    open_alerts(site);
    make_event(site, "fest");
    make_event(site, "fair");
    start(site);
    make_person(site, ADMIN, "admin", NULL, 0);
    make_person(site, ORGANISER, "organiser", "fest", ROLE_ORGANISER);
    make_person(site, CONTROL, "control", "fest", ROLE_CONTROL);
    make_person(site, CREW, "crew", "fest", ROLE_CREW);
    make_person(site, DOOR, "door", "fest", ROLE_DOOR);
    make_person(site, GUEST, "guest", "fest", ROLE_GUEST);
    make_person(site, STRANGER, "stranger", NULL, 0);
    make_person(site, OTHER_ORGANISER, "other", "fair", ROLE_ORGANISER);
    make_token(site, DEVICE, "fest", TOKEN_SENDS);
    make_token(site, OTHER_DEVICE, "fair", TOKEN_SENDS);
    make_token(site, READER, "fest", TOKEN_READS);
    return site;
}

void site_destroy(struct site *site)
{
    if (site == NULL)
        return;
    http_server_stop(site->server);
    notify_close(site->app.notify);
    alerts_close(site->app.alerts);
    crowd_close(site->app.crowd);
    readings_close(site->app.readings);
    venues_close(site->app.venues);
    accounts_close(site->app.accounts);
    store_close(site->telemetry);
    store_close(site->store);
    mem_free(site->routes);
    mem_free(site);
}

void site_ask(struct site *site, const char *headers, const char *method, const char *path,
              const char *body, struct answer *out)
{
    char head[2000];
    (void)snprintf(head, sizeof head,
                   "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%s%s", method,
                   path, site->port, headers,
                   body == NULL || strstr(headers, "Content-Type:") != NULL
                       ? ""
                       : "Content-Type: application/json\r\n");
    loopback_ask(site->port, head, body, body == NULL ? 0 : strlen(body), out);
}

int site_status(struct site *site, enum asker asker, const char *method, const char *path,
                const char *body)
{
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[asker], method, path, body, &answer);
    return answer.status;
}

json_t *answer_json(const struct answer *answer)
{
    json_t *json = NULL;
    CHECK(json_parse(answer->body, answer->body_len, &json, NULL) == ERR_NONE);
    return json;
}
