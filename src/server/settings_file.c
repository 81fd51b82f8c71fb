// SPDX-License-Identifier: Apache-2.0
/* Settings from a YAML file. Sections are only another way to write a name: `url:` below `smtp:` is
 * `smtp_url:` is the flag --smtp-url. libyaml's marks give every mistake its line and column. */
#include "server/settings.h"

#include <errno.h>
#include <stdio.h>
#include <yaml.h>

struct reading_file {
    struct setting_values *values;
    yaml_document_t *document;
    const char *path;
    struct err_note *note;
};

static const char *place_of(const struct reading_file *file, yaml_mark_t mark, char *out,
                            size_t size)
{
    (void)snprintf(out, size, "%s:%zu:%zu", file->path, mark.line + 1, mark.column + 1);
    return out;
}

/* "smtp" + "requires_tls" = "smtp-requires-tls" */
static bool join_name(const char *section, const yaml_node_t *key, char *out, size_t size)
{
    if (key->type != YAML_SCALAR_NODE)
        return false;
    int len = snprintf(out, size, "%s%s%s", section, *section == '\0' ? "" : "-",
                       (const char *)key->data.scalar.value);
    for (char *c = out; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    return len > 0 && (size_t)len < size;
}

static enum err read_section(const struct reading_file *file, const yaml_node_t *mapping,
                             const char *section, int depth);

static enum err read_pair(const struct reading_file *file, const yaml_node_pair_t *pair,
                          const char *section, int depth)
{
    const yaml_node_t *key = yaml_document_get_node(file->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(file->document, pair->value);
    char name[LIMIT_ID_LEN + 1];
    char key_place[160];
    char value_place[160];
    place_of(file, key->start_mark, key_place, sizeof key_place);
    place_of(file, value->start_mark, value_place, sizeof value_place);
    if (!join_name(section, key, name, sizeof name))
        return err_set(file->note, ERR_INVALID, key_place, "a setting's name must be a short word");
    if (value->type == YAML_MAPPING_NODE)
        return read_section(file, value, name, depth + 1);
    if (value->type != YAML_SCALAR_NODE)
        return err_set(file->note, ERR_INVALID, value_place, "%s must be one value, not a list",
                       name);
    if (strlen((const char *)value->data.scalar.value) != value->data.scalar.length)
        return err_set(file->note, ERR_INVALID, value_place, "%s must not hold a NUL byte", name);
    const struct setting_values *values = file->values;
    bool is_known = setting_find(values->table, values->count, name) != NULL;
    /* A wrong name is the key's fault, a wrong value the value's. */
    return setting_values_say(file->values, name, (const char *)value->data.scalar.value,
                              is_known ? value_place : key_place, file->note);
}

static enum err read_section(const struct reading_file *file, const yaml_node_t *mapping,
                             const char *section, int depth)
{
    char place[160];
    place_of(file, mapping->start_mark, place, sizeof place);
    if (depth > 4)
        return err_set(file->note, ERR_INVALID, place, "settings have at most four levels");
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++)
        TRY(read_pair(file, pair, section, depth));
    return ERR_NONE;
}

static enum err read_document(const struct reading_file *file, yaml_parser_t *parser)
{
    char place[160];
    if (!yaml_parser_load(parser, file->document)) {
        place_of(file, parser->problem_mark, place, sizeof place);
        return err_set(file->note, ERR_MALFORMED, place, "this is not YAML: %s",
                       parser->problem == NULL ? "unreadable" : parser->problem);
    }
    const yaml_node_t *root = yaml_document_get_root_node(file->document);
    enum err result = ERR_NONE;
    if (root != NULL && root->type != YAML_MAPPING_NODE)
        result =
            err_set(file->note, ERR_INVALID, place_of(file, root->start_mark, place, sizeof place),
                    "settings are lines of 'name: value'");
    else if (root != NULL)
        result = read_section(file, root, "", 0);
    yaml_document_delete(file->document);
    return result;
}

enum err setting_values_from_file(struct setting_values *values, const char *path,
                                  struct err_note *note)
{
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL)
        return err_set(note, ERR_NOT_FOUND, path, "cannot read the settings file: %s",
                       strerror(errno));
    char *bytes = mem_new(LIMIT_SETTINGS_FILE_BYTES + 1);
    size_t len = fread(bytes, 1, LIMIT_SETTINGS_FILE_BYTES + 1, stream);
    bool has_failed = ferror(stream) != 0;
    (void)fclose(stream); /* it was only read */
    enum err result = ERR_NONE;
    if (has_failed || len > LIMIT_SETTINGS_FILE_BYTES) {
        result = err_set(note, ERR_INVALID, path, "must be a readable file of at most %d bytes",
                         LIMIT_SETTINGS_FILE_BYTES);
    } else {
        yaml_parser_t parser;
        yaml_document_t document;
        assert(yaml_parser_initialize(&parser) == 1);
        yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
        result = read_document(&(struct reading_file){values, &document, path, note}, &parser);
        yaml_parser_delete(&parser);
    }
    mem_free(bytes);
    return result;
}
