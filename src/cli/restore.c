// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "server/stores.h"

static enum command_result restore(const struct command_call *call)
{
    struct err_note note = {0};
    if (stores_restore(call->settings, call->arguments[0], &note) != ERR_NONE)
        return command_fail(COMMAND_FAILED, &note);
    return COMMAND_DONE;
}

const struct command command_restore = {
    .name = "restore",
    .arguments = "PATH",
    .summary = "fills an empty installation from a backup",
    .manual = "Fills the databases from the folder PATH that 'muster backup' wrote. They must be "
              "empty and no server may use them; a PostgreSQL backup can be restored into another "
              "PostgreSQL.",
    .takes = COMMAND_STORE_SETTINGS,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = restore,
};
