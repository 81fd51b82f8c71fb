// SPDX-License-Identifier: Apache-2.0
/* The table of what is stored, held against the stores: their tables, and what housekeeping is told. */
#include "server/privacy_settings.h"
#include "server/stores.h"
#include "store/place_test.h"
#include "store/stream.h"

#define TABLES_TEXT_MAX 16384
#define HOUR_MS         INT64_C(3600000)

static void fill_options(const struct place *place, struct server_options *options)
{
    static struct setting_values values;
    setting_values_fini(&values);
    setting_values_init(&values, server_settings, server_setting_count);
    CHECK_INT(setting_values_fill(&values, options, NULL), ERR_NONE);
    static const char SQLITE[] = "sqlite:";
    if (strncmp(place->url, SQLITE, strlen(SQLITE)) == 0)
        options->data_folder = place->url + strlen(SQLITE);
    else
        options->database = place->url;
}

static bool is_among(const char *names, const char *wanted)
{
    char name[PRIVACY_TABLE_SIZE];
    while (privacy_next_table(&names, name)) {
        if (strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

static bool is_named(const char *table)
{
    for (size_t i = 0; i < privacy_kind_count; i++) {
        if (is_among(privacy_kinds[i].tables, table))
            return true;
    }
    return false;
}

static void check_streams_are_named(const char *records, const char *const *streams)
{
    for (size_t s = 0; streams[s] != NULL; s++) {
        bool is_said = false;
        for (size_t i = 0; i < privacy_kind_count; i++) {
            const struct privacy_kind *kind = &privacy_kinds[i];
            is_said |= kind->stream != NULL && is_among(kind->tables, records) &&
                       is_among(kind->stream, streams[s]);
        }
        if (!is_said)
            print_error("no line of src/privacy/kinds.c names the stream %s\n", streams[s]);
        CHECK(is_said);
    }
}

/* Adds " main.person main.membership ... " of one store. */
static void list_tables(struct store *store, struct text *out)
{
    struct db *db = store_reader_take(store);
    struct sql_rows rows;
    CHECK(db != NULL);
    CHECK_INT(sql_query(db, &rows,
                        store_is_postgres(store)
                            ? "SELECT table_name FROM information_schema.tables"
                              " WHERE table_schema = current_schema()"
                            : "SELECT name FROM sqlite_schema WHERE type = 'table'"
                              " AND name NOT LIKE 'sqlite_%'"),
              ERR_NONE);
    while (sql_next(&rows))
        text_addf(out, " %s.%s ", store_name(store), sql_text(&rows, 0));
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(store, db);
}

static void check_all_are_named(const char *tables)
{
    char table[PRIVACY_TABLE_SIZE];
    int count = 0;
    for (; privacy_next_table(&tables, table); count++) {
        if (!is_named(table))
            print_error("no line of src/privacy/kinds.c names the table %s: say there what it "
                        "holds and until when (docs/how-to-add-stored-data.md)\n",
                        table);
        CHECK(is_named(table));
    }
    CHECK(count > 40);
}

static void check_all_are_there(const char *tables)
{
    char name[PRIVACY_TABLE_SIZE], framed[PRIVACY_TABLE_SIZE + 2];
    for (size_t i = 0; i < privacy_kind_count; i++) {
        const char *names = privacy_kinds[i].tables;
        while (privacy_next_table(&names, name)) {
            (void)snprintf(framed, sizeof framed, " %s ", name);
            if (strstr(tables, framed) == NULL)
                print_error("src/privacy/kinds.c names the table %s, which is not there\n", name);
            CHECK(strstr(tables, framed) != NULL);
        }
    }
}

ON_BOTH_ENGINES(whoever_adds_a_table_says_what_it_stores_and_until_when)
{
    struct server_options options = {0};
    struct stores stores;
    SCOPED_TEXT tables = {0};
    text_init(&tables, TABLES_TEXT_MAX);
    fill_options(place, &options);
    CHECK_INT(stores_open(&options, &stores, NULL), ERR_NONE);
    list_tables(stores.main, &tables);
    list_tables(stores.telemetry, &tables);
    CHECK(!tables.overflowed);
    check_all_are_named(tables.bytes);
    check_all_are_there(tables.bytes);
    stores_close(&stores);
}

TEST(whoever_adds_a_stream_says_what_it_stores_and_until_when)
{
    check_streams_are_named("main.store_record", stores_main_streams);
    check_streams_are_named("telemetry.store_record", stores_telemetry_streams);
}

TEST(every_period_is_a_setting_or_fixed)
{
    struct server_options options = {0};
    fill_options(place_sqlite(), &options);
    struct privacy_clock clock = privacy_clock_of(&options);
    for (size_t i = 0; i < privacy_kind_count; i++) {
        const struct privacy_kind *kind = &privacy_kinds[i];
        if (kind->end == END_AFTER)
            CHECK(clock.age_ms(clock.context, kind) > 0);
    }
}

TEST(a_period_follows_its_setting_and_nought_is_for_ever)
{
    struct server_options options = {.keep_tracks_ms = 2 * HOUR_MS, .keep_mails_ms = 0};
    struct privacy_clock clock = privacy_clock_of(&options);
    for (size_t i = 0; i < privacy_kind_count; i++) {
        const struct privacy_kind *kind = &privacy_kinds[i];
        if (strcmp(kind->id, "tracks") == 0)
            CHECK_INT(clock.age_ms(clock.context, kind), 2 * HOUR_MS + 10000);
        if (strcmp(kind->id, "mails") == 0)
            CHECK_INT(clock.age_ms(clock.context, kind), 0);
    }
}
