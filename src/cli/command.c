// SPDX-License-Identifier: Apache-2.0
/* From the command line to a command's run(): finds the command, parses flags by its table and the
 * settings', lays settings file, environment and flags over each other, refuses what is wrong. */
#include "cli/command.h"

struct parsing {
    const struct command *command;
    struct setting_values options;
    struct setting_values settings; /* flags only */
    const char *config;
    char **arguments;
    size_t argument_count;
    bool wants_help;
    bool wants_settings;
};

enum command_result command_fail(enum command_result result, const struct err_note *note)
{
    bool has_place = note->place[0] != '\0';
    (void)fprintf(stderr, "muster: %s%s%s\n", note->place, has_place ? ": " : "", note->detail);
    return result;
}

bool command_takes_setting(const struct command *command, const struct setting *setting)
{
    static const char *const STORE[] = {"data-folder", "database", "log-level"};
    if (setting_find(command->options, command->option_count, setting->name) != NULL)
        return false;
    if (command->takes != COMMAND_STORE_SETTINGS)
        return command->takes == COMMAND_ALL_SETTINGS;
    for (size_t i = 0; i < COUNT_OF(STORE); i++) {
        if (strcmp(STORE[i], setting->name) == 0)
            return true;
    }
    return false;
}

static const struct command *find_command(const char *name)
{
    for (const struct command *const *command = commands; *command != NULL; command++) {
        if (strcmp((*command)->name, name) == 0)
            return *command;
    }
    return NULL;
}

static const char *suggest_command(const char *name)
{
    const char *nearest = NULL;
    size_t least = 3;
    for (const struct command *const *command = commands; *command != NULL; command++) {
        size_t distance = setting_distance(name, (*command)->name);
        if (distance < least) {
            least = distance;
            nearest = (*command)->name;
        }
    }
    return nearest;
}

/* --- flags --- */

static enum err unknown_flag(const struct parsing *parsing, const char *flag, struct err_note *note)
{
    const struct command *command = parsing->command;
    const char *meant = setting_suggest(command->options, command->option_count, flag + 2);
    if (meant == NULL && command->takes == COMMAND_ALL_SETTINGS)
        meant = setting_suggest(server_settings, server_setting_count, flag + 2);
    return err_set(note, ERR_INVALID, flag, "muster %s has no such option; %s%s%s%s", command->name,
                   meant == NULL ? "see muster " : "did you mean --",
                   meant == NULL ? command->name : meant, meant == NULL ? " --help" : "?", "");
}

/* "--smtp-password-file" belongs to the table of that secret; setting_values_say() reads the file. */
static struct setting_values *table_of_file(struct parsing *parsing, const char *name)
{
    static const char ENDING[] = "-file";
    const struct command *command = parsing->command;
    char secret[LIMIT_ID_LEN + 1];
    size_t len = strlen(name);
    if (len < sizeof ENDING || strcmp(name + len + 1 - sizeof ENDING, ENDING) != 0)
        return NULL;
    (void)snprintf(secret, sizeof secret, "%.*s", (int)(len + 1 - sizeof ENDING), name);
    if (setting_find(command->options, command->option_count, secret) != NULL)
        return &parsing->options;
    return command->takes != COMMAND_NO_SETTINGS ? &parsing->settings : NULL;
}

/* The table that this flag belongs to; NULL when there is none. */
static struct setting_values *table_of(struct parsing *parsing, const char *name,
                                       const struct setting **out_setting)
{
    const struct command *command = parsing->command;
    const struct setting *own = setting_find(command->options, command->option_count, name);
    const struct setting *setting = setting_find(server_settings, server_setting_count, name);
    if (own != NULL) {
        *out_setting = own;
        return &parsing->options;
    }
    if (setting != NULL && command_takes_setting(command, setting)) {
        *out_setting = setting;
        return &parsing->settings;
    }
    *out_setting = NULL;
    return table_of_file(parsing, name);
}

/* The first word of a list and those that follow, up to the next flag, behind what an earlier flag of
 * this name has said. */
static enum err read_words_of_flag(struct setting_values *table, const struct setting *setting,
                                   const char *flag, const char *first, char *const **inout_next,
                                   struct err_note *note)
{
    const char *before = table->slots[setting - table->table].text;
    SCOPED_TEXT list = {0};
    text_init(&list, LIMIT_SETTING_BYTES);
    if (before != NULL)
        text_addf(&list, "%s\n", before);
    text_add(&list, first);
    while (**inout_next != NULL && strncmp(**inout_next, "--", 2) != 0)
        text_addf(&list, "\n%s", *(*inout_next)++);
    if (list.overflowed)
        return err_set(note, ERR_TOO_LARGE, flag, "takes at most %d bytes; give it fewer words",
                       LIMIT_SETTING_BYTES);
    return setting_values_say(table, setting->name, list.bytes, flag, note);
}

/* `*inout_next` is the following word, taken when the flag needs a value that no = gives. */
static enum err read_flag(struct parsing *parsing, const char *word, char *const **inout_next,
                          struct err_note *note)
{
    char name[LIMIT_ID_LEN + 1];
    const char *equals = strchr(word, '=');
    size_t len = equals == NULL ? strlen(word + 2) : (size_t)(equals - word) - 2;
    if (len >= sizeof name)
        return err_set(note, ERR_INVALID, "command line", "there is no option of such length");
    (void)snprintf(name, sizeof name, "%.*s", (int)len, word + 2);
    char flag[sizeof name + 2];
    (void)snprintf(flag, sizeof flag, "--%s", name);

    const struct setting *setting = NULL;
    struct setting_values *table = table_of(parsing, name, &setting);
    bool is_negated = table == NULL && strncmp(name, "no-", 3) == 0;
    if (is_negated) {
        memmove(name, name + 3, strlen(name + 3) + 1);
        table = table_of(parsing, name, &setting);
        is_negated = setting != NULL && setting->kind == SETTING_SWITCH && equals == NULL;
        table = is_negated ? table : NULL;
    }
    if (table == NULL)
        return unknown_flag(parsing, flag, note);
    const char *value = equals == NULL ? NULL : equals + 1;
    if (value == NULL && setting != NULL && setting->kind == SETTING_SWITCH)
        value = is_negated ? "no" : "yes";
    if (value == NULL && **inout_next != NULL)
        value = *(*inout_next)++;
    if (value == NULL)
        return err_set(note, ERR_INVALID, flag, "needs a value: %s %s", flag,
                       setting == NULL || setting->argument == NULL ? "VALUE" : setting->argument);
    if (setting != NULL && setting->kind == SETTING_WORDS)
        return read_words_of_flag(table, setting, flag, value, inout_next, note);
    return setting_values_say(table, name, value, flag, note);
}

static enum err read_config_flag(struct parsing *parsing, const char *word,
                                 char *const **inout_next, struct err_note *note)
{
    const char *equals = strchr(word, '=');
    parsing->config = equals != NULL ? equals + 1 : **inout_next;
    if (parsing->config == NULL)
        return err_set(note, ERR_INVALID, "--config", "needs a value: --config FILE");
    *inout_next += equals == NULL;
    return ERR_NONE;
}

static enum err read_word(struct parsing *parsing, char *word, char *const **inout_next,
                          struct err_note *note)
{
    bool has_settings = parsing->command->takes != COMMAND_NO_SETTINGS;
    bool is_config = strcmp(word, "--config") == 0 || strncmp(word, "--config=", 9) == 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        parsing->wants_help = true;
    else if (has_settings && strcmp(word, "--show-settings") == 0)
        parsing->wants_settings = true;
    else if (has_settings && is_config)
        return read_config_flag(parsing, word, inout_next, note);
    else if (strncmp(word, "--", 2) == 0)
        return read_flag(parsing, word, inout_next, note);
    else if (word[0] == '-' && word[1] != '\0')
        return err_set(note, ERR_INVALID, word, "options are written in full: see muster %s --help",
                       parsing->command->name);
    else
        parsing->arguments[parsing->argument_count++] = word;
    return ERR_NONE;
}

static enum err read_words(struct parsing *parsing, char *const *words, struct err_note *note)
{
    while (*words != NULL) {
        char *word = *words++;
        if (strcmp(word, "--") == 0)
            break;
        TRY(read_word(parsing, word, &words, note));
    }
    for (; *words != NULL; words++)
        parsing->arguments[parsing->argument_count++] = *words;
    const struct command *command = parsing->command;
    size_t count = parsing->argument_count;
    if (parsing->wants_help || (count >= command->arguments_min && count <= command->arguments_max))
        return ERR_NONE;
    return err_set(note, ERR_INVALID, "", "usage: muster %s [OPTION]...%s%s", command->name,
                   command->arguments == NULL ? "" : " ",
                   command->arguments == NULL ? "" : command->arguments);
}

/* --- settings --- */

/* File, then environment, then flags: later ones win. */
static enum err lay_settings(const struct parsing *parsing, char *const *environment,
                             struct setting_values *settings, struct err_note *note)
{
    const char *config = parsing->config;
    for (char *const *entry = environment; config == NULL && *entry != NULL; entry++)
        config = strncmp(*entry, "MUSTER_CONFIG=", 14) == 0 ? *entry + 14 : NULL;
    if (config != NULL && *config != '\0')
        TRY(setting_values_from_file(settings, config, note));
    TRY(setting_values_from_environment(settings, environment, note));
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting_slot *flag = &parsing->settings.slots[i];
        if (flag->text != NULL)
            TRY(setting_values_say(settings, settings->table[i].name, flag->text, flag->place,
                                   note));
    }
    return ERR_NONE;
}

static int run_command(const struct parsing *parsing, const struct server_options *settings)
{
    struct err_note note = {0};
    void *options = mem_new(MAX(parsing->command->options_size, (size_t)1));
    int result = COMMAND_MISUSED;
    if (setting_values_fill(&parsing->options, options, &note) != ERR_NONE) {
        (void)command_fail(COMMAND_MISUSED, &note);
    } else {
        struct command_call call = {.settings = settings,
                                    .options = options,
                                    .arguments = parsing->arguments,
                                    .argument_count = parsing->argument_count};
        result = (int)parsing->command->run(&call);
    }
    mem_free(options);
    return result;
}

static int run_with_settings(const struct parsing *parsing, char *const *environment)
{
    struct err_note note = {0};
    struct setting_values settings;
    struct server_options filled = {0};
    setting_values_init(&settings, server_settings, server_setting_count);
    int result = COMMAND_MISUSED;
    if (lay_settings(parsing, environment, &settings, &note) != ERR_NONE ||
        setting_values_fill(&settings, &filled, &note) != ERR_NONE) {
        (void)command_fail(COMMAND_MISUSED, &note);
    } else if (parsing->wants_settings) {
        SCOPED_TEXT shown = {0};
        text_init(&shown, 64UL * 1024);
        setting_values_show(&settings, &shown);
        result = fputs(shown.bytes, stdout) < 0 ? COMMAND_FAILED : COMMAND_DONE;
    } else {
        log_set_level((enum log_level)filled.log_level);
        result = run_command(parsing, &filled);
    }
    setting_values_fini(&settings);
    return result;
}

static int run_parsed(struct parsing *parsing, char *const *words, char *const *environment)
{
    struct err_note note = {0};
    if (read_words(parsing, words, &note) != ERR_NONE)
        return (int)command_fail(COMMAND_MISUSED, &note);
    if (parsing->wants_help) {
        help_write_command(stdout, parsing->command);
        return COMMAND_DONE;
    }
    if (parsing->command->takes == COMMAND_NO_SETTINGS)
        return run_command(parsing, NULL);
    return run_with_settings(parsing, environment);
}

/* What works without a command; -1 when it is none of these. */
static int run_plain(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        help_write_overview(stdout);
    else if (strcmp(word, "--version") == 0)
        (void)printf("muster %s\n", MUSTER_VERSION);
    else if (strcmp(word, "--manual") == 0) /* the build makes muster.1 of it */
        manual_write(stdout);
    else
        return -1;
    return COMMAND_DONE;
}

int command_main(int argc, char **argv, char *const *environment)
{
    if (argc < 2) {
        help_write_overview(stderr);
        return COMMAND_MISUSED;
    }
    int plain = run_plain(argv[1]);
    if (plain >= 0)
        return plain;
    const struct command *command = find_command(argv[1]);
    if (command == NULL) {
        const char *meant = suggest_command(argv[1]);
        struct err_note note = {0};
        (void)err_set(&note, ERR_NOT_FOUND, argv[1], "there is no such command; %s%s%s",
                      meant == NULL ? "see muster --help" : "did you mean '",
                      meant == NULL ? "" : meant, meant == NULL ? "" : "'?");
        return (int)command_fail(COMMAND_MISUSED, &note);
    }
    struct parsing parsing = {.command = command,
                              .arguments = mem_new_array((size_t)argc + 1, sizeof(char *))};
    setting_values_init(&parsing.options, command->options, command->option_count);
    setting_values_init(&parsing.settings, server_settings, server_setting_count);
    int result = run_parsed(&parsing, argv + 2, environment);
    setting_values_fini(&parsing.options);
    setting_values_fini(&parsing.settings);
    mem_free(parsing.arguments);
    return result;
}
