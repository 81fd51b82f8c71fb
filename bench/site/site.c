// SPDX-License-Identifier: Apache-2.0
#include "bench/site/site.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "feeds/encode.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADMIN_EMAIL "bench@muster.example"
#define EVENT_PATH  "/api/v1/events/" SITE_EVENT

/* Pictures do not meet: each camera has people of its own. */
enum { COLUMNS = 20, CAMERA_WIDTH_M = 20, CAMERA_DEPTH_M = 11, GAP_M = 2 };
enum { PITCH_X_M = CAMERA_WIDTH_M + GAP_M, PITCH_Y_M = CAMERA_DEPTH_M + GAP_M };

/* A hundred pixels a metre, y downward: 2000 x 1100 pixels cover a camera's 20 x 11 m. */
static json_t *calibration_of(int index)
{
    double west = index % COLUMNS * PITCH_X_M;
    double north = index / COLUMNS * PITCH_Y_M + (double)CAMERA_DEPTH_M;
    return json_pack("{s:s, s:s, s:s, s:[f,f,f,f,f,f,f,f,f]}", "kind", "homography", "direction",
                     "pixel_to_floor", "unit", "m", "matrix", 0.01, 0.0, west, 0.0, -0.01, north,
                     0.0, 0.0, 1.0);
}

static json_t *calibration_in(const struct world *world, int index)
{
    double matrix[9];
    camera_pixel_to_floor(&world->cameras[index], matrix);
    json_t *rows = json_array();
    for (int i = 0; i < 9; i++)
        (void)json_array_append_new(rows, json_real(matrix[i]));
    return json_pack("{s:s, s:s, s:s, s:o}", "kind", "homography", "direction", "pixel_to_floor",
                     "unit", "m", "matrix", rows);
}

struct picture { /* of a camera */
    json_t *calibration;
    int width_px, height_px;
};

static struct picture picture_of(const struct site_options *options, int index)
{
    if (options->world == NULL)
        return (struct picture){calibration_of(index), 2000, 1100};
    return (struct picture){calibration_in(options->world, index), CAMERA_WIDTH_PX,
                            CAMERA_HEIGHT_PX};
}

/* Takes the picture's calibration. */
static enum err add_camera(struct client *client, const char *venue, const char *id,
                           struct picture picture, struct err_note *note)
{
    char path[200];
    (void)snprintf(path, sizeof path, EVENT_PATH "/venues/%s/devices", venue);
    return client_call(client, "POST", path,
                       json_pack("{s:s, s:s, s:s, s:[i,i], s:o}", "id", id, "name", id, "kind",
                                 "camera", "image_px", picture.width_px, picture.height_px,
                                 "calibration", picture.calibration),
                       NULL, note);
}

struct rectangle {
    double west, south, east, north;
};

static struct rectangle zone_of_camera(int index)
{
    double west = index % COLUMNS * PITCH_X_M + 1, south = index / COLUMNS * PITCH_Y_M + 1;
    return (struct rectangle){west, south, west + CAMERA_WIDTH_M - 2, south + CAMERA_DEPTH_M - 2};
}

static struct rectangle zone_of_group(const struct world *world, int group)
{
    double x, y, half = WORLD_ZONE_M / 2.0;
    world_centre(world, group, &x, &y);
    return (struct rectangle){x - half, y - half, x + half, y + half};
}

static enum err add_zone(struct client *client, const char *venue, const char *id,
                         struct rectangle at, struct err_note *note)
{
    char path[200];
    (void)snprintf(path, sizeof path, EVENT_PATH "/venues/%s/zones", venue);
    json_t *polygon = json_pack("{s:s, s:[[[f,f],[f,f],[f,f],[f,f],[f,f]]]}", "type", "Polygon",
                                "coordinates", at.west, at.south, at.east, at.south, at.east,
                                at.north, at.west, at.north, at.west, at.south);
    return client_call(client, "POST", path,
                       json_pack("{s:s, s:s, s:o}", "id", id, "name", id, "polygon", polygon), NULL,
                       note);
}

static enum err add_venue(struct client *client, const char *id, struct err_note *note)
{
    return client_call(client, "POST", EVENT_PATH "/venues",
                       json_pack("{s:s, s:s, s:s}", "id", id, "name", id, "crs", "local"), NULL,
                       note);
}

static enum err add_event(struct client *client, struct err_note *note)
{
    char starts[CLOCK_TEXT_SIZE];
    char ends[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms() - 3600000, starts);
    clock_format(clock_now_ms() + 86400000, ends);
    return client_call(client, "POST", "/api/v1/events",
                       json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", SITE_EVENT, "name",
                                 "Bench", "organiser", "bench", "time_zone", "UTC", "starts_at",
                                 starts, "ends_at", ends),
                       NULL, note);
}

static enum err furnish(struct site *site, const struct site_options *options,
                        struct err_note *note)
{
    struct client *client = site->client;
    char id[LIMIT_ID_LEN + 1];
    TRY(add_event(client, note));
    TRY(add_venue(client, SITE_VENUE, note));
    TRY(add_venue(client, SITE_PROBE, note));
    for (int i = 0; i < options->zones; i++) {
        (void)snprintf(id, sizeof id, "zone-%03d", i + 1);
        TRY(add_zone(client, SITE_VENUE, id,
                     options->world != NULL ? zone_of_group(options->world, i) : zone_of_camera(i),
                     note));
    }
    for (int i = 0; i < options->cameras; i++) {
        (void)snprintf(id, sizeof id, "cam-%04d", i + 1);
        TRY(add_camera(client, SITE_VENUE, id, picture_of(options, i), note));
    }
    TRY(add_zone(client, SITE_PROBE, "probe-zone", zone_of_camera(0), note));
    TRY(add_camera(client, SITE_PROBE, "probe-cam", (struct picture){calibration_of(0), 2000, 1100},
                   note));
    SCOPED_JSON *token = NULL;
    TRY(client_call(client, "POST", EVENT_PATH "/tokens", json_pack("{s:s}", "name", "bench"),
                    &token, note));
    const char *secret = json_string_value(json_object_get(token, "token"));
    if (secret == NULL || !text_copy(site->token, sizeof site->token, secret))
        return err_set(note, ERR_IO, "tokens", "the server gave no token");
    return ERR_NONE;
}

static enum err start(struct site *site, const struct site_options *options, struct err_note *note)
{
    char password[64];
    char secret[17];
    random_id(secret, sizeof secret);
    (void)snprintf(password, sizeof password, "MUSTER_ADMIN_PASSWORD=%s", secret);
    char database[1024] = "MUSTER_LOG_LEVEL=warn";
    if (options->database_url != NULL)
        (void)snprintf(database, sizeof database, "MUSTER_DATABASE=%s", options->database_url);
    char *arguments[] = {"--port", "0", "--data-folder", site->folder, "--ingest-rate", "0", NULL};
    char *environment[] = {"MUSTER_ADMIN_EMAIL=" ADMIN_EMAIL, password, database, NULL};
    TRY(local_server_folder(site->folder, sizeof site->folder, note));
    TRY(local_server_start(arguments, environment, &site->server, note));
    TRY(client_open(site->server.address, &site->client, note));
    TRY(client_sign_in(site->client, ADMIN_EMAIL, secret, note));
    return furnish(site, options, note);
}

enum err site_open(const struct site_options *options, struct site *out_site, struct err_note *note)
{
    *out_site = (struct site){0};
    enum err err = start(out_site, options, note);
    if (err != ERR_NONE)
        site_close(out_site);
    return err;
}

void site_close(struct site *site)
{
    if (site->client != NULL)
        client_close(site->client);
    (void)local_server_stop(&site->server); /* what was measured is measured */
    local_server_forget(site->folder);
    *site = (struct site){0};
}

/* A number of a line "Name:  123 kB" of /proc/PID/status. */
static int64_t status_kb(pid_t pid, const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    char line[256];
    int64_t kb = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kb = strtoll(line + strlen(name), NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return kb;
}

int64_t site_memory_bytes(const struct site *site)
{
    return status_kb(site->server.pid, "VmRSS:") * 1024;
}

double site_cpu_s(const struct site *site)
{
    char path[64];
    char line[1024] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)site->server.pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t len = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[len] = '\0';
    /* Fields 14 and 15, utime and stime, counted behind the name in parentheses. */
    const char *p = strrchr(line, ')');
    for (int field = 2; p != NULL && field < 14; field++)
        p = strchr(p + 1, ' ');
    char *end = NULL;
    double ticks = p == NULL ? 0 : strtod(p, &end);
    ticks += end == NULL ? 0 : strtod(end, NULL);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

int64_t site_telemetry_bytes(struct site *site)
{
    char path[1024];
    struct stat status;
    (void)local_server_stop(&site->server);
    (void)snprintf(path, sizeof path, "%s/telemetry.db", site->folder);
    return stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
}

enum err site_see(struct client *client, int people, struct err_note *note)
{
    struct observation persons[PROBE_PEOPLE_MAX];
    assert(people <= PROBE_PEOPLE_MAX);
    for (int i = 0; i < people; i++)
        persons[i] = (struct observation){
            .track = i + 1, .x = 300 + i * 30, .y = 400, .w = 40, .h = 110, .confidence = 0.9};
    struct encode_frame frame = {clock_now_ms(), persons, (size_t)people};
    SCOPED_TEXT body;
    text_init(&body, 64 * 1024);
    encode_batch(&body, "probe-cam", false, &frame, 1);
    return client_send(client, "/api/v1/detections", "application/json", body.bytes, body.len, NULL,
                       note);
}

enum err site_metric(const struct site *site, const char *name, int64_t *out, struct err_note *note)
{
    SCOPED_MEM char *text = NULL;
    size_t len;
    char start[100];
    TRY(client_get(site->client, "/metrics", &text, &len, note));
    (void)snprintf(start, sizeof start, "\n%s ", name);
    const char *line = strstr(text, start);
    /* A counter shows with its first use. */
    *out = line == NULL ? 0 : strtoll(line + strlen(start), NULL, 10);
    return ERR_NONE;
}
