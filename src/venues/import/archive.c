// SPDX-License-Identifier: Apache-2.0
#include "venues/import/gather.h"

#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

struct unpacking {
    struct archive *archive;
    size_t packed, unpacked, entries;
    size_t room; /* for the values of all files */
    struct err_note *note;
};

/* However well it is packed, nobody's plan shrinks by more than LIMIT_IMPORT_RATIO. */
static enum err count_bytes(struct unpacking *unpacking, const char *name, size_t len)
{
    unpacking->unpacked += len;
    if (unpacking->unpacked > LIMIT_IMPORT_UNPACKED_BYTES)
        return err_set(unpacking->note, ERR_TOO_LARGE, name,
                       "the archive unpacks to more than %d bytes", LIMIT_IMPORT_UNPACKED_BYTES);
    if (unpacking->unpacked > 1024 * 1024 &&
        unpacking->unpacked / LIMIT_IMPORT_RATIO > unpacking->packed)
        return err_set(unpacking->note, ERR_TOO_LARGE, name,
                       "the archive unpacks to more than %d times its size", LIMIT_IMPORT_RATIO);
    return ERR_NONE;
}

static enum err read_entry(struct unpacking *unpacking, const char *name, char **out_bytes,
                           size_t *out_len)
{
    SCOPED_MEM char *bytes = NULL;
    size_t len = 0, size = 0;
    for (;;) {
        char chunk[16384];
        la_ssize_t got = archive_read_data(unpacking->archive, chunk, sizeof chunk);
        if (got < 0)
            return err_set(unpacking->note, ERR_MALFORMED, name,
                           "cannot be unpacked: the archive is damaged or encrypted");
        if (got == 0)
            break;
        TRY(count_bytes(unpacking, name, (size_t)got));
        if (len + (size_t)got > size) {
            size = MAX(2 * size, (size_t)65536);
            bytes = mem_resize(bytes, size);
        }
        memcpy(bytes + len, chunk, (size_t)got);
        len += (size_t)got;
    }
    *out_bytes = TAKE(bytes);
    *out_len = len;
    return ERR_NONE;
}

static enum err add_file(struct unpacking *unpacking, const char *name, json_t *files)
{
    SCOPED_MEM char *bytes = NULL;
    size_t len = 0;
    json_t *document = NULL;
    TRY(read_entry(unpacking, name, &bytes, &len));
    size_t mark = len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    enum err err = json_parse_within(bytes == NULL ? "" : bytes + mark, len - mark,
                                     &unpacking->room, &document, unpacking->note);
    if (err != ERR_NONE) {
        err_note_within(unpacking->note, name);
        return err;
    }
    if (json_object_get(files, name) != NULL) {
        json_decref(document);
        return err_set(unpacking->note, ERR_INVALID, name, "stands in the archive twice");
    }
    (void)json_object_set_new(files, name, document);
    return ERR_NONE;
}

static bool is_read(const char *name)
{
    static const char *const NAMES[] = {"manifest.json", "level.geojson", "unit.geojson",
                                        "opening.geojson", "venue.geojson"};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (strcmp(NAMES[i], name) == 0)
            return true;
    }
    return false;
}

static enum err read_entries(struct unpacking *unpacking, struct gathered *gathered, json_t *files)
{
    struct archive_entry *entry;
    for (;;) {
        int result = archive_read_next_header(unpacking->archive, &entry);
        if (result == ARCHIVE_EOF)
            return ERR_NONE;
        const char *path = result == ARCHIVE_OK || result == ARCHIVE_WARN
                               ? archive_entry_pathname_utf8(entry)
                               : NULL;
        if (path == NULL)
            return err_set(unpacking->note, ERR_MALFORMED, "body", "is not a readable zip archive");
        if (++unpacking->entries > LIMIT_IMPORT_ENTRIES)
            return err_set(unpacking->note, ERR_TOO_LARGE, "body",
                           "the archive holds more than %d files", LIMIT_IMPORT_ENTRIES);
        const char *slash = strrchr(path, '/');
        char name[80];
        (void)snprintf(name, sizeof name, "%s", slash == NULL ? path : slash + 1);
        bool is_hidden = name[0] == '\0' || name[0] == '.'; /* a folder, or a Mac's shadow file */
        if (is_read(name))
            TRY(add_file(unpacking, name, files));
        else if (!is_hidden)
            gathered_pass_over(gathered, name, "is not among what a venue is made of");
    }
}

enum err archive_read_json(const char *bytes, size_t len, struct gathered *gathered,
                           json_t **out_files, struct err_note *note)
{
    struct unpacking unpacking = {.archive = archive_read_new(),
                                  .packed = len,
                                  .room = LIMIT_IMPORT_TREES_BYTES,
                                  .note = note};
    SCOPED_JSON *files = json_object();
    enum err err = ERR_NONE;
    if (unpacking.archive == NULL)
        return ERR_NO_MEMORY;
    if (archive_read_support_format_zip(unpacking.archive) != ARCHIVE_OK ||
        archive_read_open_memory(unpacking.archive, bytes, len) != ARCHIVE_OK)
        err = err_set(note, ERR_MALFORMED, "body", "is not a readable zip archive");
    else
        err = read_entries(&unpacking, gathered, files);
    (void)archive_read_free(unpacking.archive); /* it only read from memory */
    if (err == ERR_NONE)
        *out_files = json_incref(files);
    return err;
}
