// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "cli/command.h"

#include <fcntl.h>
#include <unistd.h>

/* Two commands of the test's own take the place of commands.c. */
struct ride_options {
    int64_t laps;
    bool is_wet;
    const char *stops;
};
static struct ride_options seen;
static char seen_stops[64];
static char seen_arguments[256];
static int64_t seen_port;
static int runs;

static enum command_result ride(const struct command_call *call)
{
    runs++;
    seen = *(const struct ride_options *)call->options;
    (void)snprintf(seen_stops, sizeof seen_stops, "%s", seen.stops == NULL ? "" : seen.stops);
    seen_port = call->settings == NULL ? -1 : call->settings->port;
    seen_arguments[0] = '\0';
    for (size_t i = 0; i < call->argument_count; i++)
        (void)snprintf(seen_arguments + strlen(seen_arguments),
                       sizeof seen_arguments - strlen(seen_arguments), "%s,", call->arguments[i]);
    return COMMAND_DONE;
}

static const struct setting RIDE_OPTIONS[] = {
    {.name = "laps",
     .kind = SETTING_INT,
     SETTING_AT(struct ride_options, laps),
     .argument = "N",
     .fallback = "3",
     .max = 9,
     .doc = "How often around."},
    {.name = "wet",
     .kind = SETTING_SWITCH,
     SETTING_AT(struct ride_options, is_wet),
     .doc = "Through water."},
    {.name = "stops",
     .kind = SETTING_WORDS,
     SETTING_AT(struct ride_options, stops),
     .argument = "PLACE...",
     .doc = "Where to rest."},
};
static const struct command RIDE = {.name = "ride",
                                    .arguments = "HORSE...",
                                    .summary = "rides a horse",
                                    .manual = "Rides around.",
                                    .takes = COMMAND_ALL_SETTINGS,
                                    .options = RIDE_OPTIONS,
                                    .option_count = COUNT_OF(RIDE_OPTIONS),
                                    .options_size = sizeof(struct ride_options),
                                    .arguments_max = 3,
                                    .run = ride};
static const struct command WALK = {.name = "walk",
                                    .summary = "walks",
                                    .manual = "Walks.",
                                    .options = RIDE_OPTIONS,
                                    .option_count = COUNT_OF(RIDE_OPTIONS),
                                    .options_size = sizeof(struct ride_options),
                                    .run = ride};
const struct command *const commands[] = {&RIDE, &WALK, NULL};

static char printed[16384];

/* Runs with stdout and stderr into a file, which printed[] then holds. */
static int muster_with(char *const *environment, char **words)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/out", test_folder());
    int argc = 0;
    while (words[argc] != NULL)
        argc++;
    (void)fflush(NULL);
    int file = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    assert(file >= 0 && dup2(file, STDOUT_FILENO) >= 0 && dup2(file, STDERR_FILENO) >= 0);
    int result = command_main(argc, words, environment);
    (void)fflush(NULL);
    assert(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    ssize_t len = pread(file, printed, sizeof printed - 1, 0);
    printed[MAX(len, 0)] = '\0';
    (void)close(file); /* all of these were only for this call */
    (void)close(out);
    (void)close(err);
    return result;
}
#define MUSTER(...) muster_with((char *[]){NULL}, (char *[]){"muster", __VA_ARGS__, NULL})

TEST(a_command_gets_its_options_settings_and_arguments)
{
    CHECK_INT(MUSTER("ride", "--laps", "5", "anna", "--wet", "--port=81", "--", "--bert"),
              COMMAND_DONE);
    CHECK_INT(seen.laps, 5);
    CHECK(seen.is_wet);
    CHECK_INT(seen_port, 81);
    CHECK_TEXT(seen_arguments, "anna,--bert,");
    CHECK_INT(MUSTER("ride", "--no-wet"), COMMAND_DONE);
    CHECK(!seen.is_wet);
    CHECK_INT(seen.laps, 3);
}

TEST(a_flag_of_many_words_takes_all_up_to_the_next_flag)
{
    CHECK_INT(MUSTER("ride", "--stops", "inn", "brook", "--wet", "anna"), COMMAND_DONE);
    CHECK_TEXT(seen_stops, "inn\nbrook");
    CHECK_TEXT(seen_arguments, "anna,");
    CHECK_INT(MUSTER("ride", "--stops=inn", "--laps", "5", "--stops", "mill"), COMMAND_DONE);
    CHECK_TEXT(seen_stops, "inn\nmill");
    CHECK_INT(MUSTER("ride", "--stops"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("ride", "--stops", "", "--wet"), COMMAND_MISUSED);
}

TEST(a_flag_beats_the_environment)
{
    char *environment[] = {"MUSTER_PORT=82", NULL};
    CHECK_INT(muster_with(environment, (char *[]){"muster", "ride", NULL}), COMMAND_DONE);
    CHECK_INT(seen_port, 82);
    CHECK_INT(muster_with(environment, (char *[]){"muster", "ride", "--port", "83", NULL}),
              COMMAND_DONE);
    CHECK_INT(seen_port, 83);
}

TEST(what_is_wrong_is_refused_before_the_command_runs)
{
    int before = runs;
    CHECK_INT(MUSTER("ride", "--lap", "5"), COMMAND_MISUSED);
    CHECK(strstr(printed, "did you mean --laps?") != NULL);
    CHECK_INT(MUSTER("ride", "--laps", "10"), COMMAND_MISUSED);
    CHECK(strstr(printed, "muster: --laps: laps must be a whole number from 0 to 9") != NULL);
    CHECK_INT(MUSTER("ride", "--laps"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("ride", "--port", "x"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("ride", "a", "b", "c", "d"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("ride", "-l"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("ride", "--config", "/nowhere.yaml"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("walk", "--port", "81"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("walk", "--config", "x"), COMMAND_MISUSED);
    CHECK_INT(MUSTER("rode"), COMMAND_MISUSED);
    CHECK(strstr(printed, "did you mean 'ride'?") != NULL);
    char *environment[] = {"MUSTER_PROT=82", NULL};
    CHECK_INT(muster_with(environment, (char *[]){"muster", "ride", NULL}), COMMAND_MISUSED);
    CHECK_INT(runs, before);
    CHECK_INT(muster_with(environment, (char *[]){"muster", "walk", NULL}), COMMAND_DONE);
}

TEST(help_and_manual_tell_of_every_option)
{
    CHECK_INT(MUSTER("--help"), COMMAND_DONE);
    CHECK(strstr(printed, "rides a horse") != NULL);
    CHECK_INT(MUSTER("ride", "--help"), COMMAND_DONE);
    CHECK(strstr(printed, "--laps N") != NULL && strstr(printed, "--smtp-url URL") != NULL);
    CHECK_INT(MUSTER("walk", "--help"), COMMAND_DONE);
    CHECK(strstr(printed, "--laps N") != NULL && strstr(printed, "--smtp-url") == NULL);
    CHECK_INT(MUSTER("--manual"), COMMAND_DONE);
    CHECK(strstr(printed, ".TH MUSTER 1") != NULL && strstr(printed, "\\-\\-laps") != NULL);
    CHECK_INT(MUSTER("--version"), COMMAND_DONE);
    CHECK_TEXT(printed, "muster " MUSTER_VERSION "\n");
}

TEST(settings_are_shown_without_their_secrets)
{
    CHECK_INT(MUSTER("ride", "--smtp-password", "hush", "--show-settings"), COMMAND_DONE);
    CHECK(strstr(printed, "hush") == NULL && strstr(printed, "(secret)") != NULL);
}
