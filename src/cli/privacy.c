// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "server/privacy_settings.h"

#define PRIVACY_TEXT_MAX (256 * 1024)

struct privacy_options {
    bool is_json;
};

static const struct setting OPTIONS[] = {
    {.name = "json",
     .kind = SETTING_SWITCH,
     SETTING_AT(struct privacy_options, is_json),
     .doc = "Say it as JSON, as GET /api/v1/privacy does."},
};

static enum command_result privacy(const struct command_call *call)
{
    const struct privacy_options *options = call->options;
    struct privacy_clock clock = privacy_clock_of(call->settings);
    if (options->is_json) {
        SCOPED_JSON *document = privacy_json(&clock);
        bool is_written = json_dumpf(document, stdout, JSON_INDENT(2)) == 0 && puts("") >= 0;
        return is_written ? COMMAND_DONE : COMMAND_FAILED;
    }
    SCOPED_TEXT text = {0};
    text_init(&text, PRIVACY_TEXT_MAX);
    privacy_add_text(&text, &clock);
    assert(!text.overflowed);
    return fputs(text.bytes, stdout) >= 0 ? COMMAND_DONE : COMMAND_FAILED;
}

const struct command command_privacy = {
    .name = "privacy",
    .summary = "says what is stored, about whom, and until when",
    .manual =
        "Says of every kind of data that Muster stores what is in it, about whom it is, until when "
        "it is kept, and why, by the settings given: as flags, in the environment and in the "
        "settings file. Needs no running server and changes nothing.\n\nA running server says the "
        "same of itself, as it is in force there, at /privacy and /api/v1/privacy, to everybody.",
    .takes = COMMAND_ALL_SETTINGS,
    .options = OPTIONS,
    .option_count = COUNT_OF(OPTIONS),
    .options_size = sizeof(struct privacy_options),
    .run = privacy,
};
