// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "server/stores.h"

static enum command_result backup(const struct command_call *call)
{
    struct err_note note = {0};
    enum err err = stores_backup(call->settings, call->arguments[0], &note);
    return err == ERR_NONE ? COMMAND_DONE : command_fail(COMMAND_FAILED, &note);
}

const struct command command_backup = {
    .name = "backup",
    .arguments = "PATH",
    .summary = "copies both databases into a new folder, while everything runs",
    .manual =
        "Writes a consistent copy of each database into the new folder PATH. A running server "
        "goes on; the copy shows one moment of it. The folder appears under its name only once "
        "it is complete and on disk.",
    .takes = COMMAND_STORE_SETTINGS,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = backup,
};
