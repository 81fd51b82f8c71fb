// SPDX-License-Identifier: Apache-2.0
#include "client/replay.h"

#include "base/clock.h"
#include "base/text.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

enum { FILES_MAX = 64, FILE_BYTES_MAX = 64 * 1024 };

/* The calibration files of a folder and those below it, by their base names. */
struct calibration_files {
    char intrinsic[FILES_MAX][4096];
    char extrinsic[FILES_MAX][4096];
    size_t intrinsic_count;
    size_t extrinsic_count;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(base_name(a), base_name(b));
}

/* nftw() has no context. */
static struct calibration_files *found;

static int take_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)walk;
    const char *name = base_name(path);
    /* WILDTRACK's pictures are undistorted already: of its two sets of intrinsics, "zero" fits. */
    bool is_original = strstr(path, "intrinsic_original") != NULL;
    if (type != FTW_F || is_original)
        return 0;
    if (strncmp(name, "intr_", 5) == 0 && found->intrinsic_count < FILES_MAX)
        (void)text_copy(found->intrinsic[found->intrinsic_count++], sizeof found->intrinsic[0],
                        path);
    if (strncmp(name, "extr_", 5) == 0 && found->extrinsic_count < FILES_MAX)
        (void)text_copy(found->extrinsic[found->extrinsic_count++], sizeof found->extrinsic[0],
                        path);
    return 0;
}

static enum err find_files(const char *folder, struct calibration_files *out, struct err_note *note)
{
    found = out;
    if (nftw(folder, take_entry, 16, FTW_PHYS) != 0)
        return err_set(note, ERR_NOT_FOUND, folder, "is no folder that can be read");
    qsort(out->intrinsic, out->intrinsic_count, sizeof out->intrinsic[0], compare_names);
    qsort(out->extrinsic, out->extrinsic_count, sizeof out->extrinsic[0], compare_names);
    if (out->intrinsic_count == 0 || out->intrinsic_count != out->extrinsic_count)
        return err_set(note, ERR_INVALID, folder,
                       "must hold as many intr_*.xml as extr_*.xml; it has %zu and %zu",
                       out->intrinsic_count, out->extrinsic_count);
    return ERR_NONE;
}

static json_t *file_json(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    SCOPED_MEM char *bytes = mem_new(FILE_BYTES_MAX);
    size_t len = fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    return json_stringn(bytes, len);
}

/* The calibration of device i, NULL when there is none. */
static json_t *calibration_json(const struct recording *recording,
                                const struct calibration_files *files, size_t i)
{
    if (recording->is_in_metres)
        return json_pack("{s:s}", "kind", "metres");
    if (files == NULL || i >= files->intrinsic_count)
        return NULL;
    json_t *intrinsic = file_json(files->intrinsic[i]);
    json_t *extrinsic = file_json(files->extrinsic[i]);
    return json_pack("{s:s, s:[o,o], s:s}", "kind", "opencv", "files", intrinsic, extrinsic, "unit",
                     "cm");
}

/* Creates; what is there already stays as it is. */
static enum err ensure(struct client *client, const char *path, json_t *body, struct err_note *note)
{
    enum err err = client_call(client, "POST", path, body, NULL, note);
    return err == ERR_CONFLICT ? ERR_NONE : err;
}

static enum err ensure_event(struct client *client, const char *event, struct err_note *note)
{
    char starts[CLOCK_TEXT_SIZE];
    char ends[CLOCK_TEXT_SIZE];
    int64_t now_ms = clock_now_ms();
    clock_format(now_ms - 3600000, starts);
    clock_format(now_ms + 7 * 86400000LL, ends);
    return ensure(client, "/api/v1/events",
                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", event, "name", event,
                            "organiser", "replay", "time_zone", "UTC", "starts_at", starts,
                            "ends_at", ends),
                  note);
}

static enum err ensure_devices(struct client *client, const struct recording *recording,
                               const char *venue_path, const struct calibration_files *files,
                               struct err_note *note)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/devices", venue_path);
    for (size_t i = 0; i < recording->device_count; i++) {
        json_t *device = json_pack("{s:s, s:s, s:s}", "id", recording->devices[i], "name",
                                   recording->devices[i], "kind", "camera");
        json_t *calibration = calibration_json(recording, files, i);
        if (calibration != NULL)
            (void)json_object_set_new(device, "calibration", calibration);
        TRY(ensure(client, path, device, note));
    }
    return ERR_NONE;
}

enum err replay_setup(struct client *client, const struct recording *recording, const char *event,
                      const char *venue, const char *calibration, struct err_note *note)
{
    SCOPED_MEM struct calibration_files *files = NULL;
    if (calibration != NULL) {
        files = mem_new(sizeof *files);
        TRY(find_files(calibration, files, note));
    }
    char path[300];
    TRY(ensure_event(client, event, note));
    (void)snprintf(path, sizeof path, "/api/v1/events/%s/venues", event);
    TRY(ensure(client, path,
               json_pack("{s:s, s:s, s:s}", "id", venue, "name", venue, "crs", "local"), note));
    (void)snprintf(path, sizeof path, "/api/v1/events/%s/venues/%s", event, venue);
    return ensure_devices(client, recording, path, files, note);
}
