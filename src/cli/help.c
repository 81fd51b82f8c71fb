// SPDX-License-Identifier: Apache-2.0
/* Help and manual, both from the tables of commands and settings. */
#include "cli/command.h"

static const char ABOUT[] = "Muster runs an event: cameras and sensors in, crowd counts and alarms "
                            "out, live on one screen.";
static const char PLACES[] =
    "Every setting can be a flag (--smtp-url), an environment variable (MUSTER_SMTP_URL) or a line "
    "of "
    "the YAML file that --config or MUSTER_CONFIG names (smtp_url: ..., or url: ... below smtp:); "
    "the "
    "earlier of these wins. A secret can stand in a file of its own: --smtp-password-file FILE.";

/* The help is read in windows of 80 columns. */
static void write_wrapped(FILE *out, size_t indent, const char *text)
{
    size_t column = indent;
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        if (column > indent && column + 1 + len > 80) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        column += (size_t)fprintf(out, "%s%.*s", column > indent ? " " : "", (int)len, text);
        text += len;
        if (*text == '\n') {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        text += *text != '\0';
    }
    (void)fputc('\n', out);
}

static void write_flag(FILE *out, const struct setting *setting)
{
    char flag[2 * LIMIT_ID_LEN];
    int len =
        snprintf(flag, sizeof flag, "--%s%s%s", setting->name, setting->argument == NULL ? "" : " ",
                 setting->argument == NULL ? "" : setting->argument);
    (void)fprintf(out, "  %-26s", flag);
    if (len > 25)
        (void)fprintf(out, "\n%28s", "");
    char doc[512];
    bool has_default = setting->fallback != NULL && setting->kind != SETTING_SWITCH;
    (void)snprintf(doc, sizeof doc, "%s%s%s%s", setting->doc, has_default ? " [" : "",
                   has_default ? setting->fallback : "", has_default ? "]" : "");
    write_wrapped(out, 28, doc);
}

void help_write_overview(FILE *out)
{
    (void)fprintf(out, "usage: muster COMMAND [OPTION]...\n\n");
    write_wrapped(out, 0, ABOUT);
    (void)fprintf(out, "\n");
    for (const struct command *const *command = commands; *command != NULL; command++)
        (void)fprintf(out, "  %-10s %s\n", (*command)->name, (*command)->summary);
    (void)fprintf(out, "\n  muster COMMAND --help   tells of one command\n"
                       "  muster --version        tells the version\n");
}

void help_write_command(FILE *out, const struct command *command)
{
    (void)fprintf(out, "usage: muster %s [OPTION]...%s%s\n\n", command->name,
                  command->arguments == NULL ? "" : " ",
                  command->arguments == NULL ? "" : command->arguments);
    write_wrapped(out, 0, command->manual);
    if (command->option_count > 0)
        (void)fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < command->option_count; i++)
        write_flag(out, &command->options[i]);
    if (command->takes == COMMAND_NO_SETTINGS)
        return;
    (void)fprintf(out, "\nSettings:\n");
    for (size_t i = 0; i < server_setting_count; i++) {
        if (command_takes_setting(command, &server_settings[i]))
            write_flag(out, &server_settings[i]);
    }
    (void)fprintf(out, "  %-26sFile with settings, in YAML.\n", "--config FILE");
    (void)fprintf(out, "  %-26sTell what each setting is and where it comes from.\n\n",
                  "--show-settings");
    write_wrapped(out, 0, PLACES);
}

/* --- the manual, in man's own language --- */

static void write_roff(FILE *out, const char *text)
{
    bool is_line_start = true;
    for (; *text != '\0'; text++) {
        if (is_line_start && (*text == '.' || *text == '\''))
            (void)fputs("\\&", out);
        if (*text == '\n' && text[1] == '\n') {
            (void)fputs("\n.PP\n", out);
            text++;
        } else if (*text == '\\' || *text == '-') {
            (void)fprintf(out, "\\%c", *text);
        } else {
            (void)fputc(*text, out);
        }
        is_line_start = *text == '\n';
    }
    (void)fputc('\n', out);
}

static void write_roff_flag(FILE *out, const struct setting *setting)
{
    (void)fputs(".TP\n.B ", out);
    (void)fputs("\\-\\-", out);
    write_roff(out, setting->name);
    if (setting->argument != NULL)
        (void)fprintf(out, ".I %s\n", setting->argument);
    write_roff(out, setting->doc);
    if (setting->fallback != NULL) {
        (void)fputs("Default: ", out);
        write_roff(out, setting->fallback);
    }
}

void manual_write(FILE *out)
{
    (void)fprintf(out, ".TH MUSTER 1 \"\" \"muster %s\"\n.SH NAME\nmuster \\- runs an event\n",
                  MUSTER_VERSION);
    (void)fputs(".SH SYNOPSIS\n.B muster\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH DESCRIPTION\n", out);
    write_roff(out, ABOUT);
    for (const struct command *const *entry = commands; *entry != NULL; entry++) {
        const struct command *command = *entry;
        (void)fprintf(out, ".SH \"MUSTER %s\"\n.B muster %s\n[\\fIOPTION\\fR]...\n", command->name,
                      command->name);
        if (command->arguments != NULL)
            (void)fprintf(out, ".I %s\n", command->arguments);
        (void)fputs(".PP\n", out);
        write_roff(out, command->manual);
        for (size_t i = 0; i < command->option_count; i++)
            write_roff_flag(out, &command->options[i]);
    }
    (void)fputs(".SH SETTINGS\n", out);
    write_roff(out, PLACES);
    for (size_t i = 0; i < server_setting_count; i++)
        write_roff_flag(out, &server_settings[i]);
    (void)fputs(".SH \"EXIT STATUS\"\n0 when done, 1 when it failed, 2 when it was refused before "
                "anything was done.\n",
                out);
}
