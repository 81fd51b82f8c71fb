// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "server/settings.h"

struct sample {
    const char *name;
    const char *password;
    int64_t port;
    double speed;
    bool is_loud;
    int level;
    int64_t keep_ms;
    int64_t size_bytes;
};

static const char *const LEVELS[] = {"low", "high", NULL};
static const struct setting SAMPLE[] = {
    {.name = "name", .kind = SETTING_TEXT, SETTING_AT(struct sample, name), .fallback = "park"},
    {.name = "smtp-password",
     .kind = SETTING_TEXT,
     SETTING_AT(struct sample, password),
     .secrecy = SETTING_SECRET},
    {.name = "port", .kind = SETTING_INT, SETTING_AT(struct sample, port), .max = 65535},
    {.name = "speed", .kind = SETTING_REAL, SETTING_AT(struct sample, speed), .max = 100},
    {.name = "loud", .kind = SETTING_SWITCH, SETTING_AT(struct sample, is_loud)},
    {.name = "level", .kind = SETTING_ENUM, SETTING_AT(struct sample, level), .names = LEVELS},
    {.name = "keep", .kind = SETTING_DURATION, SETTING_AT(struct sample, keep_ms)},
    {.name = "size", .kind = SETTING_BYTES, SETTING_AT(struct sample, size_bytes)},
};

static struct setting_values said;
static struct sample filled;
static struct err_note note;

static void begin(void)
{
    setting_values_fini(&said);
    setting_values_init(&said, SAMPLE, COUNT_OF(SAMPLE));
    filled = (struct sample){0};
    note = (struct err_note){0};
}

static enum err fill_with(const char *name, const char *text)
{
    begin();
    TRY(setting_values_say(&said, name, text, "here", &note));
    return setting_values_fill(&said, &filled, &note);
}

static const char *write_file(const char *text)
{
    static char path[4200];
    (void)snprintf(path, sizeof path, "%s/muster.yaml", test_folder());
    FILE *file = fopen(path, "we");
    assert(file != NULL && fputs(text, file) >= 0);
    assert(fclose(file) == 0);
    return path;
}

static enum err fill_from_file(const char *text)
{
    begin();
    TRY(setting_values_from_file(&said, write_file(text), &note));
    return setting_values_fill(&said, &filled, &note);
}

TEST(each_kind_is_read_as_people_write_it)
{
    CHECK(fill_with("port", "8080") == ERR_NONE);
    CHECK_INT(filled.port, 8080);
    CHECK_TEXT(filled.name, "park");
    CHECK(fill_with("speed", "2.5") == ERR_NONE);
    CHECK_NEAR(filled.speed, 2.5, 0);
    CHECK(fill_with("loud", "on") == ERR_NONE && filled.is_loud);
    CHECK(fill_with("loud", "no") == ERR_NONE && !filled.is_loud);
    CHECK(fill_with("level", "high") == ERR_NONE);
    CHECK_INT(filled.level, 1);
    CHECK(fill_with("keep", "36h") == ERR_NONE);
    CHECK_INT(filled.keep_ms, 129600000);
    CHECK(fill_with("keep", "0") == ERR_NONE);
    CHECK(fill_with("size", "20G") == ERR_NONE);
    CHECK_INT(filled.size_bytes, 21474836480);
}

TEST(a_wrong_value_is_refused_with_its_place)
{
    static const char *const WRONG[][2] = {
        {"port", "80a"}, {"port", ""},      {"port", "65536"},  {"port", "-1"},    {"port", "1.5"},
        {"port", " 1"},  {"speed", "nan"},  {"speed", "1e999"}, {"loud", "maybe"}, {"level", "mid"},
        {"keep", "24"},  {"keep", "1 day"}, {"size", "-1G"},    {"size", "G"},     {"name", ""},
    };
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        CHECK(fill_with(WRONG[i][0], WRONG[i][1]) == ERR_INVALID);
        CHECK_TEXT(note.place, "here");
        CHECK(strstr(note.detail, WRONG[i][0]) != NULL);
    }
}

TEST(an_unknown_setting_is_answered_with_the_one_that_was_meant)
{
    CHECK(fill_with("prot", "1") == ERR_NOT_FOUND);
    CHECK(strstr(note.detail, "did you mean 'port'?") != NULL);
    CHECK(fill_with("xylophone", "1") == ERR_NOT_FOUND);
    CHECK(strstr(note.detail, "did you mean") == NULL);
}

TEST(a_file_may_be_flat_or_in_sections)
{
    CHECK(fill_from_file("port: 81\nsmtp:\n  password: 'x y'\n") == ERR_NONE);
    CHECK_INT(filled.port, 81);
    CHECK_TEXT(filled.password, "x y");
    CHECK(fill_from_file("smtp_password: z\n") == ERR_NONE);
    CHECK_TEXT(filled.password, "z");
    CHECK(fill_from_file("") == ERR_NONE);
}

TEST(a_mistake_in_the_file_is_found_by_line_and_column)
{
    CHECK(fill_from_file("name: x\nport: high\n") == ERR_INVALID);
    CHECK(strstr(note.place, "muster.yaml:2:7") != NULL);
    CHECK(fill_from_file("name: x\n prot: 1\n") == ERR_MALFORMED);
    CHECK(fill_from_file("smtp:\n  pasword: 1\n") == ERR_NOT_FOUND);
    CHECK(strstr(note.place, "muster.yaml:2:3") != NULL);
    CHECK(strstr(note.detail, "smtp-password") != NULL);
    CHECK(fill_from_file("port: [1, 2]\n") == ERR_INVALID);
    CHECK(strstr(note.place, "muster.yaml:1:7") != NULL);
    CHECK(fill_from_file("just words\n") == ERR_INVALID);
    CHECK(fill_from_file("a: {b: {c: {d: {e: {f: 1}}}}}\n") == ERR_INVALID);
    CHECK(fill_from_file("port: \"unclosed\n") == ERR_MALFORMED);
}

TEST(the_environment_is_said_over_the_file_and_named_as_the_place)
{
    static char entry[] = "MUSTER_PORT=82";
    static char config[] = "MUSTER_CONFIG=/etc/muster.yaml";
    static char fault[] = "MUSTER_FAULT=sync:7:EIO:1";
    static char other[] = "MUSTERING=1";
    begin();
    CHECK(setting_values_from_file(&said, write_file("port: 81\n"), &note) == ERR_NONE);
    CHECK(setting_values_from_environment(&said, (char *[]){config, fault, entry, other, NULL},
                                          &note) == ERR_NONE);
    CHECK(setting_values_fill(&said, &filled, &note) == ERR_NONE);
    CHECK_INT(filled.port, 82);
    CHECK_TEXT(said.slots[2].place, "environment variable MUSTER_PORT");
    static char wrong[] = "MUSTER_PROT=1";
    CHECK(setting_values_from_environment(&said, (char *[]){wrong, NULL}, &note) == ERR_NOT_FOUND);
    CHECK_TEXT(note.place, "environment variable MUSTER_PROT");
}

TEST(a_secret_is_masked_and_may_stand_in_a_file_of_its_own)
{
    const char *path = write_file("hush\n");
    CHECK(fill_with("smtp-password-file", path) == ERR_NONE);
    CHECK_TEXT(filled.password, "hush");
    SCOPED_TEXT shown = {0};
    text_init(&shown, 4096);
    setting_values_show(&said, &shown);
    CHECK(strstr(shown.bytes, "hush") == NULL);
    CHECK(strstr(shown.bytes, "(secret)") != NULL);
    CHECK(fill_with("name-file", path) == ERR_NOT_FOUND); /* no secret */
    CHECK(fill_with("smtp-password-file", "/nowhere/at/all") == ERR_INVALID);
}

TEST(the_table_of_the_installation_has_sound_defaults)
{
    struct setting_values defaults;
    struct server_options options = {0};
    setting_values_init(&defaults, server_settings, server_setting_count);
    CHECK(setting_values_fill(&defaults, &options, &note) == ERR_NONE);
    CHECK_TEXT(options.address, "127.0.0.1");
    CHECK_INT(options.port, 8080);
    CHECK_INT(options.session_idle_ms, 1800000);
    CHECK_INT(options.session_absolute_ms, 28800000);
    CHECK_INT(options.keep_streams_ms, 86400000);
    CHECK_INT(options.log_level, LOG_INFO);
    setting_values_fini(&defaults);
    setting_values_fini(&said);
}
