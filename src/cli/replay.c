// SPDX-License-Identifier: Apache-2.0
/* muster replay — real files through the public API. */
#include "client/replay.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "client/interrupt.h"

#include <stdio.h>
#include <unistd.h>

struct replay_options {
    const char *server;
    const char *token;
    const char *email;
    const char *password;
    const char *event;
    const char *venue;
    const char *device;
    const char *calibration;
    const char *position_file;
    const char *start;
    int64_t window_ms;
    double speed;
    double frames_per_s;
    double metres_per_unit;
    int format;
    bool creates;
    bool restarts;
};

static const char *const FORMAT_NAMES[] = {"guess",      "mot",        "wildtrack",
                                           "trajectory", "scenescape", NULL};

#define AT(member) SETTING_AT(struct replay_options, member)
static const struct setting OPTIONS[] = {
    {.name = "server",
     .kind = SETTING_TEXT,
     AT(server),
     .argument = "URL",
     .fallback = "http://127.0.0.1:8080",
     .doc = "Address of the server."},
    {.name = "token",
     .kind = SETTING_TEXT,
     AT(token),
     .argument = "TOKEN",
     .secrecy = SETTING_SECRET,
     .doc = "A token of the event, to send with."},
    {.name = "email",
     .kind = SETTING_TEXT,
     AT(email),
     .argument = "EMAIL",
     .doc = "An organiser to sign in as, instead of a token; needed by --create."},
    {.name = "password",
     .kind = SETTING_TEXT,
     AT(password),
     .argument = "PASSWORD",
     .secrecy = SETTING_SECRET,
     .doc = "The organiser's password."},
    {.name = "event",
     .kind = SETTING_TEXT,
     AT(event),
     .argument = "ID",
     .doc = "The event; a token implies it."},
    {.name = "venue",
     .kind = SETTING_TEXT,
     AT(venue),
     .argument = "ID",
     .fallback = "replay",
     .doc = "The venue for --create."},
    {.name = "create",
     .kind = SETTING_SWITCH,
     AT(creates),
     .doc = "Make the event, the venue and the devices that are missing."},
    {.name = "calibration",
     .kind = SETTING_TEXT,
     AT(calibration),
     .argument = "FOLDER",
     .doc = "OpenCV's intr_*.xml and extr_*.xml of the cameras, in centimetres, for --create."},
    {.name = "device",
     .kind = SETTING_TEXT,
     AT(device),
     .argument = "ID",
     .doc = "Id of the device of a MOT or trajectory file; prefix of WILDTRACK's seven."},
    {.name = "format",
     .kind = SETTING_ENUM,
     AT(format),
     .argument = "FORMAT",
     .fallback = "guess",
     .names = FORMAT_NAMES,
     .doc = "What the files are."},
    {.name = "frames-per-s",
     .kind = SETTING_REAL,
     AT(frames_per_s),
     .argument = "N",
     .fallback = "0",
     .min = 0,
     .max = 1000,
     .doc = "Frame rate of MOT and trajectory files; 0: what the file says, else 30 and 16."},
    {.name = "metres-per-unit",
     .kind = SETTING_REAL,
     AT(metres_per_unit),
     .argument = "N",
     .fallback = "0",
     .min = 0,
     .max = 1000,
     .doc = "Unit of trajectories, 0.01 for centimetres; 0: what the file says, else metres."},
    {.name = "speed",
     .kind = SETTING_REAL,
     AT(speed),
     .argument = "N",
     .fallback = "1",
     .min = 0,
     .max = 10000,
     .doc = "Times real speed; 0: as fast as it is taken."},
    {.name = "window",
     .kind = SETTING_DURATION,
     AT(window_ms),
     .argument = "TIME",
     .fallback = "500ms",
     .min = 10,
     .max = REPLAY_WINDOW_MAX_MS,
     .doc = "Recorded time that one request holds."},
    {.name = "start",
     .kind = SETTING_TEXT,
     AT(start),
     .argument = "TIME",
     .doc = "When its first frame was (RFC 3339); by default it is moved to now."},
    {.name = "position",
     .kind = SETTING_TEXT,
     AT(position_file),
     .argument = "FILE",
     .doc = "Remember there how far it came, and go on from there."},
    {.name = "restart",
     .kind = SETTING_SWITCH,
     AT(restarts),
     .doc = "Send all anew, whatever the position file says."},
};

static enum err sign_in(struct client *client, const struct replay_options *options,
                        struct err_note *note)
{
    if (options->token != NULL && !options->creates) {
        client_use_token(client, options->token);
        return ERR_NONE;
    }
    if (options->email == NULL || options->password == NULL)
        return err_set(note, ERR_UNAUTHENTICATED, options->creates ? "--create" : "--token",
                       "say who sends: --token-file FILE, or --email with --password-file FILE%s",
                       options->creates ? " (to create, an organiser's sign-in)" : "");
    if (options->event == NULL)
        return err_set(note, ERR_INVALID, "--event", "name the event");
    return client_sign_in(client, options->email, options->password, note);
}

static enum err run(const struct replay_options *options, const struct recording *recording,
                    struct replay_report *out_report, struct err_note *note)
{
    SCOPED(client) client = NULL;
    TRY(client_open(options->server, &client, note));
    TRY(sign_in(client, options, note));
    int64_t start_ms = 0;
    if (options->start != NULL && !clock_parse(options->start, strlen(options->start), &start_ms))
        return err_set(note, ERR_INVALID, "--start", "must be a time like 2026-06-20T21:14:03Z");
    struct replay_plan plan = {.recording = recording,
                               .client = client,
                               .event = options->event,
                               .venue = options->creates ? options->venue : NULL,
                               .calibration = options->calibration,
                               .speed = options->speed,
                               .window_ms = options->window_ms,
                               .start_ms = start_ms,
                               .position_file = options->position_file,
                               .restarts = options->restarts,
                               .shows_progress = isatty(STDERR_FILENO) == 1};
    return replay_run(&plan, out_report, note);
}

static enum command_result replay(const struct command_call *call)
{
    const struct replay_options *options = call->options;
    struct err_note note = {0};
    struct recording recording;
    struct recording_options how = {.device = options->device,
                                    .frames_per_s = options->frames_per_s,
                                    .metres_per_unit = options->metres_per_unit};
    if (replay_read(call->arguments, call->argument_count, &how, options->format - 1, &recording,
                    &note) != ERR_NONE)
        return command_fail(COMMAND_MISUSED, &note);
    interrupt_block();
    struct replay_report report = {0};
    enum err err = run(options, &recording, &report, &note);
    (void)printf("frames=%lld detections=%lld rejected=%lld complete=%s\n",
                 (long long)report.frames, (long long)report.detections, (long long)report.rejected,
                 report.is_complete ? "yes" : "no");
    recording_fini(&recording);
    return err == ERR_NONE ? COMMAND_DONE : command_fail(COMMAND_FAILED, &note);
}

const struct command command_replay = {
    .name = "replay",
    .arguments = "FILE...",
    .summary = "sends recorded detections through the API",
    .manual =
        "Reads MOTChallenge CSV, WILDTRACK's JSON (name the folder), trajectories of crowd "
        "experiments "
        "(id frame x y [z]) and SceneScape's camera messages (NDJSON), and sends them as cameras "
        "do.\n"
        "\n"
        "Times are moved so that nothing lies in the future: at real speed the first frame is now, "
        "at a "
        "higher one the last will be. With --position a replay that was interrupted or killed goes "
        "on where "
        "it "
        "was; what had been sent is not counted twice.\n"
        "\n"
        "Ends with 0 when all was sent or it was interrupted, with 1 when the server refused it.",
    .options = OPTIONS,
    .option_count = COUNT_OF(OPTIONS),
    .options_size = sizeof(struct replay_options),
    .arguments_min = 1,
    .arguments_max = SIZE_MAX,
    .run = replay,
};
