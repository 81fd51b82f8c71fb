// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/test.h"
#include "server/first_admin.h"

#include <sys/stat.h>
#include <unistd.h>

#define LEFT_PASSWORD "abcdefghijklmnopqrstuvwx"

struct house { /* an empty installation */
    struct store *store;
    struct accounts *accounts;
    struct server_options options;
    char folder[4200];
    char file[4300];
    struct err_note note;
};

static void open_house(struct house *house)
{
    static int count;
    char url[4300];
    *house = (struct house){0};
    (void)snprintf(house->folder, sizeof house->folder, "%s/house-%d", test_folder(), ++count);
    (void)snprintf(house->file, sizeof house->file, "%s/%s", house->folder,
                   FIRST_ADMIN_PASSWORD_FILE);
    (void)snprintf(url, sizeof url, "sqlite:%s", house->folder);
    house->options.data_folder = house->folder;
    struct store_options store = {
        .name = "main", .url = url, .modules = &accounts_store_module, .module_count = 1};
    CHECK(store_open(&store, &house->store, NULL) == ERR_NONE);
    struct accounts_options accounts = {
        .store = house->store, .password_passes = 1, .password_bytes = 8192};
    CHECK(accounts_open(&accounts, &house->accounts, NULL) == ERR_NONE);
}

static void close_house(struct house *house)
{
    accounts_close(house->accounts);
    store_close(house->store);
}

static enum err start(struct house *house)
{
    return first_admin_create(house->accounts, &house->options, &house->note);
}

static bool is_empty(const struct house *house)
{
    bool is_empty = false;
    CHECK(accounts_is_empty(house->accounts, &is_empty, NULL) == ERR_NONE);
    return is_empty;
}

static void leave_file(const struct house *house, const char *text)
{
    FILE *file = fopen(house->file, "we");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* The file's one line, which only its owner may read. */
static const char *kept_password(const struct house *house)
{
    static char line[100];
    struct stat status;
    CHECK(stat(house->file, &status) == 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    FILE *file = fopen(house->file, "re");
    CHECK(file != NULL && fgets(line, sizeof line, file) != NULL && fclose(file) == 0);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static bool opens(const struct house *house, const char *email, const char *password)
{
    struct sign_in sign_in = {.email = email, .password = password, .address = "192.0.2.1"};
    char token[SESSION_TOKEN_SIZE];
    struct session session;
    return session_sign_in(house->accounts, &sign_in, clock_now_ms(), token, &session, NULL) ==
           ERR_NONE;
}

TEST(first_password_waits_in_a_file_for_its_owner_only)
{
    struct house house;
    open_house(&house);
    CHECK(start(&house) == ERR_NONE);
    CHECK_INT(strlen(kept_password(&house)), PASSWORD_RANDOM_SIZE - 1);
    CHECK(opens(&house, "admin@localhost", kept_password(&house)));
    CHECK(unlink(house.file) == 0); /* as the owner does, having read it */
    CHECK(start(&house) == ERR_NONE);
    CHECK(access(house.file, F_OK) != 0);
    close_house(&house);
}

TEST(account_is_not_made_while_its_password_cannot_be_kept)
{
    struct house house;
    open_house(&house);
    CHECK(mkdir(house.file, 0700) == 0);
    CHECK(start(&house) == ERR_IO);
    CHECK_TEXT(house.note.place, house.file);
    CHECK(is_empty(&house));
    CHECK(rmdir(house.file) == 0);
    CHECK(start(&house) == ERR_NONE);
    CHECK(opens(&house, "admin@localhost", kept_password(&house)));
    close_house(&house);
}

TEST(start_that_ended_before_the_account_was_made_is_taken_up_again)
{
    struct house house;
    open_house(&house);
    house.options.admin_email = "nobody";
    CHECK(start(&house) == ERR_INVALID);
    char before[100];
    (void)snprintf(before, sizeof before, "%s", kept_password(&house));
    CHECK(is_empty(&house));
    house.options.admin_email = "anna@example.org";
    CHECK(start(&house) == ERR_NONE);
    CHECK_TEXT(kept_password(&house), before);
    CHECK(opens(&house, "anna@example.org", before));
    close_house(&house);
}

TEST(password_that_was_half_written_is_made_anew)
{
    static const char *const LEFT[] = {"", "abc", LEFT_PASSWORD, LEFT_PASSWORD "y\n"};
    for (size_t i = 0; i < COUNT_OF(LEFT); i++) {
        struct house house;
        open_house(&house);
        leave_file(&house, LEFT[i]);
        CHECK(start(&house) == ERR_NONE);
        CHECK(strcmp(kept_password(&house), LEFT_PASSWORD) != 0);
        CHECK(opens(&house, "admin@localhost", kept_password(&house)));
        close_house(&house);
    }
}

TEST(password_of_the_settings_is_not_written_anywhere)
{
    struct house house;
    open_house(&house);
    house.options.admin_password = "Riesenrad-am-See";
    CHECK(start(&house) == ERR_NONE);
    CHECK(access(house.file, F_OK) != 0);
    CHECK(opens(&house, "admin@localhost", "Riesenrad-am-See"));
    close_house(&house);
}
