// SPDX-License-Identifier: Apache-2.0
/* cli/commands.h — every command, each defined in the file of its name. */
#pragma once
#include "cli/command.h"

extern const struct command command_serve, command_demo, command_replay, command_evaluate,
    command_bench, command_backup, command_restore, command_audit, command_privacy;
