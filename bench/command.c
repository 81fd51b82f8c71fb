// SPDX-License-Identifier: Apache-2.0
/* muster bench — our figures beside their peers', in the same run. */
#include "bench/bench.h"

#include "cli/commands.h"

#include <stdio.h>

struct options {
    int64_t seconds;
    int64_t connections;
    int64_t clients;
    const char *only;
    bool is_json;
};

#define AT(member) SETTING_AT(struct options, member)
static const struct setting OPTIONS[] = {
    {.name = "seconds",
     .kind = SETTING_INT,
     AT(seconds),
     .argument = "N",
     .fallback = "10",
     .min = 1,
     .max = 3600,
     .doc = "How long each case is measured."},
    {.name = "connections",
     .kind = SETTING_INT,
     AT(connections),
     .argument = "N",
     .fallback = "0",
     .min = 0,
     .max = 5000,
     .doc = "Of http: only the case with 1, 64, 1000 or 5000 connections; 0: all."},
    {.name = "clients",
     .kind = SETTING_INT,
     AT(clients),
     .argument = "N",
     .fallback = "10000",
     .min = 1,
     .max = 16000,
     .doc = "Of live: how many WebSocket clients."},
    {.name = "only",
     .kind = SETTING_TEXT,
     AT(only),
     .argument = "TEXT",
     .doc = "Of ingest: only the cases whose name holds this, and the peers."},
    {.name = "json", .kind = SETTING_SWITCH, AT(is_json), .doc = "A JSON line for each figure."},
};

static const struct {
    const char *name;
    enum err (*run)(const struct bench_options *options, struct err_note *note);
} BENCHES[] = {{"ingest", bench_ingest},
               {"crowd", bench_crowd},
               {"http", bench_http},
               {"live", bench_live},
               {"trends", bench_trends}};

static enum command_result bench(const struct command_call *call)
{
    const struct options *asked = call->options;
    struct err_note note = {0};
    struct bench_options options = {.form = asked->is_json ? REPORT_JSON : REPORT_TABLE,
                                    .seconds = asked->seconds,
                                    .connections = asked->connections,
                                    .clients = asked->clients,
                                    .only = asked->only};
    for (size_t i = 0; i < COUNT_OF(BENCHES); i++) {
        if (strcmp(call->arguments[0], BENCHES[i].name) != 0)
            continue;
        report_begin(options.form);
        enum err err = BENCHES[i].run(&options, &note);
        return err == ERR_NONE ? COMMAND_DONE : command_fail(COMMAND_FAILED, &note);
    }
    (void)err_set(&note, ERR_INVALID, call->arguments[0],
                  "is none of the benches: ingest, crowd, http, live, trends");
    return command_fail(COMMAND_MISUSED, &note);
}

const struct command command_bench = {
    .name = "bench",
    .arguments = "ingest|crowd|http|live|trends",
    .summary = "measures beside the usual tools, in the same run",
    .manual =
        "ingest: detections by HTTP, as required (200 cameras, 10 frames a second, 50 persons) and "
        "as fast "
        "as they are taken, beside PostgreSQL's COPY of the same rows and SQLite row by row.\n"
        "\n"
        "crowd: people in groups of seven overlapping cameras: from a frame to the zone's state, "
        "and how well "
        "tracks fit the truth alone and under the required load. Beside them goes WILDTRACK, "
        "where the folder MUSTER_DATA has it (wildtrack/).\n"
        "\n"
        "http: a page and a JSON resource at 1, 64, 1,000 and 5,000 connections, beside nginx.\n"
        "\n"
        "live: WebSocket clients that all get an update a second: delay and memory.\n"
        "\n"
        "trends: unusual counts and forecasts of New York's taxi rides (Numenta anomaly benchmark; "
        "timeseries/NAB_nyc_taxi.csv.gz in the folder MUSTER_DATA), beside naive ones.\n"
        "\n"
        "Everything runs on this machine, against a server and peers of its own in a temporary "
        "folder. The peers are "
        "Debian's postgresql-15 and nginx-light; see docs/performance.md.",
    .options = OPTIONS,
    .option_count = COUNT_OF(OPTIONS),
    .options_size = sizeof(struct options),
    .arguments_min = 1,
    .arguments_max = 1,
    .run = bench,
};
