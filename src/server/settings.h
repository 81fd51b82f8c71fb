// SPDX-License-Identifier: Apache-2.0
/* server/settings.h — what an installation may be told: one table of settings, three places to say
 * them. A flag (--smtp-url) beats the environment (MUSTER_SMTP_URL), that beats the YAML file
 * (smtp_url:, or url: below smtp:), that beats the default. A wrong one is refused with its place
 * and the remedy; an unknown one with the name that was probably meant. A secret may also stand in
 * a file of its own (--smtp-password-file, smtp_password_file), and is never shown.
 *
 * The same table format describes the options of a single command (cli/command.h). */
#pragma once
#include "base/log.h"
#include "base/text.h"

enum setting_kind {
    SETTING_TEXT,     /* const char *; never empty */
    SETTING_WORDS,    /* const char *, one word a line: a flag takes all up to the next flag */
    SETTING_INT,      /* int64_t, min..max */
    SETTING_REAL,     /* double, min..max */
    SETTING_SWITCH,   /* bool: a flag alone means yes */
    SETTING_ENUM,     /* int, index into `names` */
    SETTING_DURATION, /* int64_t ms: "90s", "24h", "30d"; "0" */
    SETTING_BYTES,    /* int64_t: "512M", "20G"; "0" */
};
enum setting_secrecy { SETTING_OPEN, SETTING_SECRET };

struct setting {
    const char *name; /* "smtp-url" */
    enum setting_kind kind;
    size_t offset;            /* of the member in the struct that the table fills */
    const char *argument;     /* "URL": how help names the value; NULL for a switch */
    const char *fallback;     /* the default, as a user would write it; NULL = zero */
    double min, max;          /* when max > min */
    const char *const *names; /* ends with NULL */
    enum setting_secrecy secrecy;
    const char *doc; /* one sentence */
};
#define SETTING_AT(type, member) .offset = offsetof(type, member)

/* Everything that `muster serve` can be told. Texts are owned by the struct settings around it. */
struct server_options {
    const char *data_folder; /* folder of the embedded databases */
    const char *database;    /* postgresql://...; NULL = the folder */
    const char *address;
    int64_t port;
    int64_t thread_count;
    const char *tls_certificate;
    const char *tls_key;
    const char *trusted_proxies; /* NULL = none */
    int64_t connections_per_address;
    int64_t ingest_rate;    /* messages a second; 0 = any number */
    const char *public_url; /* NULL = the listening address */
    const char *admin_email;
    const char *admin_password;
    int64_t session_idle_ms;
    int64_t session_absolute_ms;
    const char *smtp_url;
    const char *smtp_user;
    const char *smtp_password;
    const char *smtp_from;
    const char *smtp_ca_file;
    bool smtp_requires_tls;
    bool smtp_plain_sign_in;
    const char *mqtt_url; /* NULL = none */
    const char *mqtt_user;
    const char *mqtt_password;
    const char *mqtt_ca_file;
    const char *mqtt_client_id;
    const char *mqtt_prefix;
    const char *mqtt_event;            /* NULL = nobody sends */
    const char *mqtt_scenescape_event; /* NULL = none */
    int64_t keep_streams_ms;
    int64_t keep_streams_bytes;
    int64_t keep_detections_ms;
    int64_t keep_tracks_ms;
    int64_t keep_values_ms;
    int64_t keep_mails_ms;
    int64_t keep_incidents_ms;
    int log_level; /* enum log_level */
};

extern const struct setting server_settings[];
extern const size_t server_setting_count;

#define LIMIT_SETTING_BYTES       4096
#define LIMIT_SETTINGS_FILE_BYTES (256 * 1024)

/* One value and where it came from, while the places are laid over each other. */
struct setting_slot {
    char *text;      /* owned; NULL = not said anywhere */
    char place[160]; /* "muster.yaml:3:7", "environment variable MUSTER_PORT", "--port" */
};

/* What was said so far about one table. */
struct setting_values {
    const struct setting *table;
    size_t count;
    struct setting_slot *slots; /* owned, one for each line of the table */
};
void setting_values_init(struct setting_values *values, const struct setting *table, size_t count);
void setting_values_fini(struct setting_values *values);

/* Says one by its name, over what was said before. ERR_NOT_FOUND with a suggestion when the table
 * has no such name; for a secret, "<name>-file" reads the value from that file. */
MUST_USE enum err setting_values_say(struct setting_values *values, const char *name,
                                     const char *text, const char *place, struct err_note *note);
/* Every MUSTER_* variable of `environment` (as environ), but MUSTER_CONFIG, which names the file,
 * MUSTER_DATA, which tells tests where the recordings are, and MUSTER_FAULT, which makes the disk
 * of a test fail (store/store_fault.h). */
MUST_USE enum err setting_values_from_environment(struct setting_values *values,
                                                  char *const *environment, struct err_note *note);
/* A YAML file: flat, or with names split at any dash into sections. */
MUST_USE enum err setting_values_from_file(struct setting_values *values, const char *path,
                                           struct err_note *note);
/* Checks every value and default and fills `target`. Texts point into `values`. */
MUST_USE enum err setting_values_fill(const struct setting_values *values, void *target,
                                      struct err_note *note);
/* One line a setting: name, value (secrets masked), place. */
void setting_values_show(const struct setting_values *values, struct text *out);

/* The line of this name, NULL when there is none. */
const struct setting *setting_find(const struct setting *table, size_t count, const char *name);
/* The nearest of the names, NULL when none is near. */
const char *setting_suggest(const struct setting *table, size_t count, const char *name);
/* How near two names are: insertions, deletions and changes. */
size_t setting_distance(const char *a, const char *b);
