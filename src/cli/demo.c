// SPDX-License-Identifier: Apache-2.0
/* muster demo — a complete event on this machine: a server with an embedded database of its own, the sample
 * venue, and a crowd (or recorded files) seen by its cameras. `--check` proves it and ends. */
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/demo_feed.h"
#include "client/interrupt.h"
#include "client/local_server.h"
#include "client/replay.h"
#include "client/sample_setup.h"
#include "feeds/sample.h"
#include "feeds/simulation.h"

#include <stdio.h>
#include <unistd.h>

#define ADMIN_EMAIL "admin@riverside.example"
#define CHECK_MS    120000
#define CHECK_HASTE 4
#define LOOK_US     200000

struct demo_options {
    int64_t port;
    int64_t people;
    int64_t seed;
    int64_t frames_per_s;
    const char *data; /* files to replay instead of the simulation */
    double speed;
    bool checks;
};

#define AT(member) SETTING_AT(struct demo_options, member)
static const struct setting OPTIONS[] = {
    {.name = "port",
     .kind = SETTING_INT,
     AT(port),
     .argument = "PORT",
     .fallback = "8080",
     .min = 0,
     .max = 65535,
     .doc = "Port to listen on; 0 for any free one."},
    {.name = "people",
     .kind = SETTING_INT,
     AT(people),
     .argument = "N",
     .fallback = "1500",
     .min = 1,
     .max = SIMULATION_PEOPLE_MAX,
     .doc = "How many people walk the venue."},
    {.name = "seed",
     .kind = SETTING_INT,
     AT(seed),
     .argument = "N",
     .fallback = "1",
     .min = 0,
     .max = 1e9,
     .doc = "The same seed gives the same crowd."},
    {.name = "frames-per-s",
     .kind = SETTING_INT,
     AT(frames_per_s),
     .argument = "N",
     .fallback = "5",
     .min = 1,
     .max = DEMO_FRAMES_PER_S_MAX,
     .doc = "Frames of each camera: 1, 2, 5 or 10."},
    {.name = "data",
     .kind = SETTING_TEXT,
     AT(data),
     .argument = "FILE",
     .doc = "Replay this file or folder instead of the simulated crowd."},
    {.name = "speed",
     .kind = SETTING_REAL,
     AT(speed),
     .argument = "N",
     .fallback = "1",
     .min = 0,
     .max = 1000,
     .doc = "Of the replay, times real speed."},
    {.name = "check",
     .kind = SETTING_SWITCH,
     AT(checks),
     .doc = "Start, see the crowd and an alarm with its mail, stop; 0 when all was there."},
};

struct demo {
    const struct demo_options *options;
    char folder[512];
    struct local_server server;
    char admin_password[32];
    struct client *client; /* the administrator's */
    struct sample_access access;
    struct demo_feed *feed;
    struct err_note note;
};

/* False when the end was asked for. */
static bool look_again(void)
{
    return !interrupt_wait_until(clock_monotonic_us() + LOOK_US);
}

static enum err start_server(struct demo *demo)
{
    TRY(local_server_folder(demo->folder, sizeof demo->folder, &demo->note));
    random_id(demo->admin_password, 17);
    char port[16];
    char email[128];
    char password[128];
    (void)snprintf(port, sizeof port, "%lld", (long long)demo->options->port);
    (void)snprintf(email, sizeof email, "MUSTER_ADMIN_EMAIL=%s", ADMIN_EMAIL);
    (void)snprintf(password, sizeof password, "MUSTER_ADMIN_PASSWORD=%s", demo->admin_password);
    char *arguments[] = {"--port", port, "--data-folder", demo->folder, "--log-level",
                         "warn",   NULL};
    char *environment[] = {email, password, NULL};
    TRY(local_server_start(arguments, environment, &demo->server, &demo->note));
    TRY(client_open(demo->server.address, &demo->client, &demo->note));
    TRY(client_sign_in(demo->client, ADMIN_EMAIL, demo->admin_password, &demo->note));
    return sample_setup(demo->client, &demo->access, &demo->note);
}

static void print_welcome(const struct demo *demo)
{
    (void)printf("\n  Muster is running:  %s\n\n"
                 "  control room        %s  %s\n"
                 "  administrator       %s    %s\n\n"
                 "  The band starts in a few seconds; watch the footbridge. Ctrl-C ends the demo "
                 "and removes its data.\n\n",
                 demo->server.address, SAMPLE_CONTROL_EMAIL, demo->access.control_password,
                 ADMIN_EMAIL, demo->admin_password);
    (void)fflush(stdout);
}

/* --- the recorded crowd --- */

static enum err replay_data(struct demo *demo)
{
    char *paths[] = {(char *)demo->options->data, NULL};
    struct recording_options how = {0};
    struct recording recording;
    TRY(replay_read(paths, 1, &how, -1, &recording, &demo->note));
    struct replay_plan plan = {.recording = &recording,
                               .client = demo->client,
                               .event = SAMPLE_EVENT,
                               .venue = "replay",
                               .speed = demo->options->speed,
                               .window_ms = 500,
                               .shows_progress = isatty(STDERR_FILENO) == 1};
    struct replay_report report = {0};
    enum err err = replay_run(&plan, &report, &demo->note);
    (void)printf("  replayed %lld detections in %lld frames\n", (long long)report.detections,
                 (long long)report.frames);
    recording_fini(&recording);
    return err;
}

/* --- the check --- */

struct sighting {
    int64_t people; /* in all zones at once, the most seen */
    char incident[LIMIT_NAME_LEN + 1];
    char mail[LIMIT_NAME_LEN + 1];
};

static void look_at_crowd(struct demo *demo, struct sighting *sighting)
{
    SCOPED_JSON *crowd = NULL;
    if (client_call(demo->client, "GET",
                    "/api/v1/events/" SAMPLE_EVENT "/venues/" SAMPLE_VENUE "/crowd", NULL, &crowd,
                    &demo->note) != ERR_NONE)
        return;
    int64_t people = json_integer_value(json_object_get(crowd, "people"));
    sighting->people = MAX(sighting->people, people);
}

/* The named member of the newest item of a list. */
static void look_at_list(struct demo *demo, const char *path, const char *member, char *out,
                         size_t size)
{
    SCOPED_JSON *page = NULL;
    if (client_call(demo->client, "GET", path, NULL, &page, &demo->note) != ERR_NONE)
        return;
    json_t *item = json_array_get(json_object_get(page, "items"), 0);
    const char *text = json_string_value(json_object_get(item, member));
    if (text != NULL)
        (void)text_copy(out, size, text);
}

static enum err check(struct demo *demo)
{
    struct sighting sighting = {0};
    int64_t start_us = clock_monotonic_us();
    bool is_complete = false;
    while (!is_complete && look_again() && demo_feed_failure(demo->feed) == NULL &&
           clock_monotonic_us() - start_us < CHECK_MS * 1000LL) {
        look_at_crowd(demo, &sighting);
        look_at_list(demo, "/api/v1/events/" SAMPLE_EVENT "/incidents", "name", sighting.incident,
                     sizeof sighting.incident);
        look_at_list(demo, "/api/v1/events/" SAMPLE_EVENT "/outbox", "subject", sighting.mail,
                     sizeof sighting.mail);
        is_complete = sighting.people >= demo->options->people / 4 &&
                      sighting.incident[0] != '\0' && sighting.mail[0] != '\0';
    }
    (void)printf(
        "detections sent: %lld\npeople seen:     %lld\nalarm:           %s\nmail:            %s\n"
        "after:           %.1f s\ndemo check:      %s\n",
        (long long)demo_feed_sent(demo->feed), (long long)sighting.people, sighting.incident,
        sighting.mail, (double)(clock_monotonic_us() - start_us) / 1e6,
        is_complete ? "passed" : "FAILED");
    if (is_complete)
        return ERR_NONE;
    const struct err_note *failure = demo_feed_failure(demo->feed);
    if (failure != NULL)
        demo->note = *failure;
    else if (demo->note.detail[0] == '\0')
        (void)err_set(&demo->note, ERR_NOT_FOUND, "demo", "not everything was seen in time");
    return ERR_IO;
}

static enum err run(struct demo *demo)
{
    TRY(start_server(demo));
    if (demo->options->data != NULL) {
        print_welcome(demo);
        TRY(replay_data(demo));
    } else {
        struct demo_feed_options feed = {.address = demo->server.address,
                                         .token = demo->access.token,
                                         .seed = (uint64_t)demo->options->seed,
                                         .people = (size_t)demo->options->people,
                                         .frames_per_s = demo->options->frames_per_s,
                                         .haste = demo->options->checks ? CHECK_HASTE : 1,
                                         .miss_probability = 0.02};
        demo->feed = demo_feed_start(&feed);
        if (demo->options->checks)
            return check(demo);
        print_welcome(demo);
    }
    while (demo->feed == NULL || demo_feed_failure(demo->feed) == NULL) {
        if (!look_again())
            return ERR_NONE;
    }
    demo->note = *demo_feed_failure(demo->feed);
    return ERR_IO;
}

static enum command_result demo(const struct command_call *call)
{
    struct demo demo = {.options = call->options};
    if (demo.options->checks && demo.options->data != NULL) {
        (void)err_set(&demo.note, ERR_INVALID, "--check",
                      "looks at the simulated crowd; leave out --data");
        return command_fail(COMMAND_MISUSED, &demo.note);
    }
    interrupt_block();
    enum err err = run(&demo);
    demo_feed_stop(demo.feed);
    if (demo.client != NULL)
        client_close(demo.client);
    int code = local_server_stop(&demo.server);
    local_server_forget(demo.folder);
    if (err == ERR_NONE && code != 0)
        err = err_set(&demo.note, ERR_IO, "serve", "ended with exit code %d", code);
    return err == ERR_NONE ? COMMAND_DONE : command_fail(COMMAND_FAILED, &demo.note);
}

const struct command command_demo = {
    .name = "demo",
    .summary = "runs a sample event with a simulated crowd",
    .manual =
        "Starts a server on an embedded database in a temporary folder, makes the sample event in "
        "it, and "
        "prints the address and the sign-ins. A crowd walks the venue as eight cameras see it; "
        "when the "
        "band plays it gets dense on the footbridge and in front of the stage, and alarms come up. "
        "No "
        "mail server is needed: the mails stay in the outbox that the control room shows.\n"
        "\n"
        "With --data a recording goes through a venue called \"replay\" instead (see replay).",
    .options = OPTIONS,
    .option_count = COUNT_OF(OPTIONS),
    .options_size = sizeof(struct demo_options),
    .run = demo,
};
