// SPDX-License-Identifier: Apache-2.0
/* What is stored and until when, for everybody to read: the periods are those that the stores'
 * housekeeping was told, not what the settings say. */
#include "privacy/privacy.h"

#include "api/api.h"
#include "store/stream.h"

static struct store *store_of(const struct app *app, const char *table)
{
    bool is_main = strncmp(table, "main.", strlen("main.")) == 0;
    return is_main ? app->main_store : app->telemetry_store;
}

/* The longest of all that the names stand for; for ever when one of them is. */
static int64_t longest(int64_t so_far_ms, int64_t age_ms)
{
    return so_far_ms == 0 || age_ms == 0 ? 0 : MAX(so_far_ms, age_ms);
}

static int64_t age_in_force(const void *context, const struct privacy_kind *kind)
{
    const struct app *app = context;
    int64_t age_ms = 1;
    char name[PRIVACY_TABLE_SIZE];
    if (kind->stream != NULL) {
        const char *streams = kind->stream;
        while (privacy_next_table(&streams, name))
            age_ms = longest(age_ms, store_kept_ms(store_of(app, kind->tables), name));
        return age_ms;
    }
    const char *tables = kind->tables;
    while (privacy_next_table(&tables, name))
        age_ms = longest(age_ms, store_expiry_ms(store_of(app, name), strchr(name, '.') + 1));
    return age_ms;
}

static void privacy(struct request *request, void *context)
{
    struct privacy_clock clock = {.age_ms = age_in_force, .context = context};
    reply_header(request, "Cache-Control", "no-store");
    reply_json(request, 200, privacy_json(&clock));
}

const struct route privacy_routes[] = {
    {.method = "GET",
     .path = "/api/v1/privacy",
     .handle = privacy,
     .tag = "System",
     .summary = "What is stored, about whom, and until when, as it is in force; for everybody."},
};
const size_t privacy_route_count = COUNT_OF(privacy_routes);
