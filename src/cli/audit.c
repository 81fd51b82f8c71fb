// SPDX-License-Identifier: Apache-2.0
#include "accounts/audit.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "server/stores.h"

#include <inttypes.h>

struct audit_options {
    const char *noted;
};

static const struct setting OPTIONS[] = {
    {.name = "noted",
     .kind = SETTING_TEXT,
     SETTING_AT(struct audit_options, noted),
     .argument = "HEAD",
     .doc = "The head that an earlier check has shown; fails when its row is gone."},
};

struct verification {
    const char *noted;
    struct audit_check check;
};

static enum err verify(struct db *db, void *context)
{
    struct verification *verification = context;
    return audit_verify(db, verification->noted, &verification->check);
}

static enum command_result tell_break(const struct audit_check *check)
{
    char at[CLOCK_TEXT_SIZE], place[100];
    struct err_note note = {0};
    clock_format(check->at_ms, at);
    (void)snprintf(place, sizeof place, "audit chain %" PRId64 " row %" PRId64, check->chain,
                   check->number);
    (void)err_set(
        &note, ERR_CORRUPT, place,
        "does not fit what stands before it: this row (%s, %s) was changed or inserted, or "
        "one before it was removed. Rows that fit: %" PRId64 ". Compare with a backup from before.",
        at, check->action, check->row_count);
    return command_fail(COMMAND_FAILED, &note);
}

static enum command_result audit(const struct command_call *call)
{
    struct err_note note = {0};
    if (strcmp(call->arguments[0], "verify") != 0) {
        (void)err_set(&note, ERR_INVALID, call->arguments[0], "usage: muster audit verify");
        return command_fail(COMMAND_MISUSED, &note);
    }
    const struct audit_options *options = call->options;
    struct verification verification = {.noted = options->noted};
    const struct audit_check *check = &verification.check;
    enum err err = stores_read_main(call->settings, verify, &verification, &note);
    if (err == ERR_CORRUPT)
        return tell_break(check);
    if (err != ERR_NONE)
        return command_fail(COMMAND_FAILED, &note);
    (void)printf("whole rows=%" PRId64 " head=%s\n", check->row_count, check->head);
    if (options->noted == NULL || check->has_noted)
        return COMMAND_DONE;
    (void)err_set(&note, ERR_CORRUPT, "--noted",
                  "no row has this head: rows were cut off at the end, or this is another "
                  "installation");
    return command_fail(COMMAND_FAILED, &note);
}

const struct command command_audit = {
    .name = "audit",
    .arguments = "verify",
    .summary = "checks that nobody has tampered with the log of who did what",
    .manual =
        "Reads the whole log and checks that each row follows from the one before it, while a "
        "server may be running. Shows how many rows there are and the head, a hash of the newest "
        "one; fails with the place of the first row that does not fit.\n\n"
        "Rows cut off at the very end leave no trace in the log itself: note the head somewhere "
        "else from time to time, and give it with --noted at the next check. The log is read at "
        "/api/v1/audit and /api/v1/events/{event}/audit.",
    .takes = COMMAND_STORE_SETTINGS,
    .options = OPTIONS,
    .option_count = COUNT_OF(OPTIONS),
    .options_size = sizeof(struct audit_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .run = audit,
};
