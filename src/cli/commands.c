// SPDX-License-Identifier: Apache-2.0
/* The table of commands, in the order of help and manual. */
#include "cli/commands.h"

const struct command *const commands[] = {
    &command_serve,  &command_demo,    &command_replay, &command_evaluate, &command_bench,
    &command_backup, &command_restore, &command_audit,  &command_privacy,  NULL,
};
