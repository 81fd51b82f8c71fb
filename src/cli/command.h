// SPDX-License-Identifier: Apache-2.0
/* cli/command.h — a command of `muster`: one file, one `struct command`, one line in commands.c.
 * Its help, its part of the manual and the parsing of its options follow from the table; see
 * docs/how-to-add-a-command.md. */
#pragma once
#include "server/settings.h"

#include <stdio.h>

/* Which of the installation's settings the command takes as flags. Environment and settings file
 * are read in full by each command that takes any. An option of the command's own hides a setting.
 */
enum command_settings { COMMAND_NO_SETTINGS, COMMAND_STORE_SETTINGS, COMMAND_ALL_SETTINGS };

struct command_call {
    const struct server_options *settings; /* NULL with COMMAND_NO_SETTINGS */
    const void *options;    /* the struct that the command's table fills; NULL without */
    char *const *arguments; /* what is left, ends with NULL */
    size_t argument_count;
};

enum command_result { /* the process's exit code */
                      COMMAND_DONE = 0,
                      COMMAND_FAILED = 1,
                      COMMAND_MISUSED = 2, /* refused before anything was done */
};

struct command {
    const char *name;
    const char *arguments; /* "PATH", "FILE..."; NULL = none */
    const char *summary;   /* one line, no full stop */
    const char *manual;    /* paragraphs, separated by an empty line */
    enum command_settings takes;
    const struct setting *options;
    size_t option_count;
    size_t options_size; /* of the struct that they fill */
    size_t arguments_min;
    size_t arguments_max; /* SIZE_MAX = any number */
    enum command_result (*run)(const struct command_call *call);
};

extern const struct command *const commands[]; /* ends with NULL */

/* Runs `muster` with these arguments; what main() returns. */
int command_main(int argc, char **argv, char *const *environment);

/* Says "muster: place: detail" on stderr and returns `result`. */
enum command_result command_fail(enum command_result result, const struct err_note *note);

/* --- for help and the manual --- */
void help_write_overview(FILE *out);
void help_write_command(FILE *out, const struct command *command);
void manual_write(FILE *out); /* muster.1, for man */
/* True when the command takes this setting as a flag. */
bool command_takes_setting(const struct command *command, const struct setting *setting);

#define MUSTER_VERSION "0.1.0"
