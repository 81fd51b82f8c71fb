// SPDX-License-Identifier: Apache-2.0
/* venues/opencv_file.c — OpenCV's FileStorage, as cv::calibrateCamera's samples write it: XML read
 * by expat, YAML by libyaml. A node holds its numbers directly (<rvec> 1 2 3 </rvec>, rvec: [1, 2,
 * 3]) or as an opencv-matrix with rows, cols, dt and data; only the numbers matter here. Entities
 * and anchors are not needed by such a file and are refused, so that none can expand. */
#include "venues/calibration.h"

#include <expat.h>
#include <math.h>
#include <yaml.h>

#define NODE_NAME_SIZE 40
#define NODE_DEPTH_MAX 8
#define NODE_TEXT_MAX  2048

struct slot_name {
    const char *name;
    int slot;
};

static const struct slot_name slot_names[] = {
    {"camera_matrix", 0},
    {"cameraMatrix", 0},
    {"Camera_Matrix", 0},
    {"K", 0},
    {"distortion_coefficients", 1},
    {"Distortion_Coefficients", 1},
    {"distCoeffs", 1},
    {"dist_coeffs", 1},
    {"D", 1},
    {"rvec", 2},
    {"tvec", 3},
};

double *opencv_numbers_slot(struct opencv_numbers *numbers, const char *name, size_t *out_max,
                            size_t **out_count)
{
    double *const values[] = {numbers->camera_matrix, numbers->distortion, numbers->rvec,
                              numbers->tvec};
    size_t *const counts[] = {&numbers->camera_matrix_count, &numbers->distortion_count,
                              &numbers->rvec_count, &numbers->tvec_count};
    const size_t max[] = {9, 8, 3, 3};
    for (size_t i = 0; i < COUNT_OF(slot_names); i++) {
        int slot = slot_names[i].slot;
        if (strcmp(slot_names[i].name, name) == 0) {
            *out_max = max[slot];
            *out_count = counts[slot];
            return values[slot];
        }
    }
    return NULL;
}

/* Numbers separated by white space, put where `name` belongs; other names are passed over. */
static bool store_numbers(struct opencv_numbers *numbers, const char *name, const char *text)
{
    size_t max;
    size_t *count;
    double *out = opencv_numbers_slot(numbers, name, &max, &count);
    if (out == NULL)
        return true;
    while (true) {
        text += strspn(text, " \t\r\n");
        if (*text == '\0')
            return true;
        char *end;
        double value = strtod(text, &end);
        if (end == text || !isfinite(value) || *count == max)
            return false;
        out[(*count)++] = value;
        text = end;
    }
}

struct xml_reading {
    struct opencv_numbers *numbers;
    XML_Parser parser;
    char path[NODE_DEPTH_MAX][NODE_NAME_SIZE];
    size_t depth;
    char content[NODE_TEXT_MAX];
    size_t content_len;
    const char *problem;
};

static void xml_stop(struct xml_reading *reading, const char *problem)
{
    reading->problem = problem;
    (void)XML_StopParser(reading->parser, XML_FALSE);
}

static void XMLCALL xml_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_reading *reading = context;
    (void)attributes;
    if (reading->depth == NODE_DEPTH_MAX) {
        xml_stop(reading, "is nested too deep");
        return;
    }
    (void)snprintf(reading->path[reading->depth], NODE_NAME_SIZE, "%s", name);
    reading->depth++;
    reading->content_len = 0;
}

static void XMLCALL xml_content(void *context, const XML_Char *content, int len)
{
    struct xml_reading *reading = context;
    /* Only numbers are short enough to matter; a longer node is somebody's picture or comment. */
    size_t room = NODE_TEXT_MAX - 1 - reading->content_len;
    size_t part = MIN((size_t)len, room);
    memcpy(reading->content + reading->content_len, content, part);
    reading->content_len += part;
}

/* <opencv_storage> <camera_matrix> <data>: the numbers of depth 3 belong to their parent. */
static void XMLCALL xml_end(void *context, const XML_Char *name)
{
    struct xml_reading *reading = context;
    (void)name;
    reading->content[reading->content_len] = '\0';
    reading->content_len = 0;
    size_t depth = reading->depth--;
    const char *node = NULL;
    if (depth == 2)
        node = reading->path[1];
    else if (depth == 3 && strcmp(reading->path[2], "data") == 0)
        node = reading->path[1];
    if (node != NULL && !store_numbers(reading->numbers, node, reading->content))
        xml_stop(reading, "has a node with numbers that are not numbers, or too many");
}

static void XMLCALL xml_doctype(void *context, const XML_Char *name, const XML_Char *system,
                                const XML_Char *public, int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    xml_stop(context, "has a DOCTYPE, which OpenCV never writes");
}

static enum err read_xml(const char *text, size_t len, struct opencv_numbers *numbers,
                         struct err_note *note)
{
    struct xml_reading reading = {.numbers = numbers, .parser = XML_ParserCreate(NULL)};
    if (reading.parser == NULL)
        return ERR_NO_MEMORY;
    XML_SetUserData(reading.parser, &reading);
    XML_SetElementHandler(reading.parser, xml_start, xml_end);
    XML_SetCharacterDataHandler(reading.parser, xml_content);
    XML_SetStartDoctypeDeclHandler(reading.parser, xml_doctype);
    enum err err = ERR_NONE;
    if (len > INT32_MAX || XML_Parse(reading.parser, text, (int)len, 1) != XML_STATUS_OK) {
        const char *problem = reading.problem != NULL
                                  ? reading.problem
                                  : XML_ErrorString(XML_GetErrorCode(reading.parser));
        err = err_set(note, ERR_INVALID, "", "is no OpenCV XML file: line %lu: %s",
                      (unsigned long)XML_GetCurrentLineNumber(reading.parser), problem);
    }
    XML_ParserFree(reading.parser);
    return err;
}

struct yaml_reading {
    struct opencv_numbers *numbers;
    char node[NODE_NAME_SIZE]; /* key at the top level */
    char key[NODE_NAME_SIZE];  /* key within it */
    size_t depth;
    bool expects_value;
};

static bool yaml_scalar(struct yaml_reading *reading, const char *value)
{
    bool in_map = !reading->expects_value;
    if (reading->depth == 1 && in_map) {
        (void)snprintf(reading->node, sizeof reading->node, "%s", value);
        reading->expects_value = true;
        return true;
    }
    if (reading->depth == 2 && in_map) {
        (void)snprintf(reading->key, sizeof reading->key, "%s", value);
        reading->expects_value = true;
        return true;
    }
    return true;
}

/* The numbers of a sequence: the node's own, or those of its "data". */
static bool yaml_sequence_scalar(struct yaml_reading *reading, const char *value)
{
    bool is_own = reading->depth == 1;
    bool is_data = reading->depth == 2 && strcmp(reading->key, "data") == 0;
    return !(is_own || is_data) || store_numbers(reading->numbers, reading->node, value);
}

/* One event; false ends the reading with a refusal. */
static bool yaml_event(struct yaml_reading *reading, const yaml_event_t *event, int *inout_sequence)
{
    switch ((int)event->type) {
    case YAML_ALIAS_EVENT:
        return false;
    case YAML_MAPPING_START_EVENT:
        reading->depth++;
        reading->expects_value = false;
        return reading->depth <= NODE_DEPTH_MAX && *inout_sequence == 0;
    case YAML_MAPPING_END_EVENT:
        reading->depth--;
        reading->expects_value = false;
        return true;
    case YAML_SEQUENCE_START_EVENT:
        return ++*inout_sequence <= NODE_DEPTH_MAX;
    case YAML_SEQUENCE_END_EVENT:
        if (--*inout_sequence == 0)
            reading->expects_value = false;
        return true;
    case YAML_SCALAR_EVENT:
        if (*inout_sequence > 0)
            return yaml_sequence_scalar(reading, (const char *)event->data.scalar.value);
        if (reading->expects_value) {
            reading->expects_value = false;
            return true;
        }
        return yaml_scalar(reading, (const char *)event->data.scalar.value);
    default:
        return true;
    }
}

static enum err read_yaml(const char *text, size_t len, struct opencv_numbers *numbers,
                          struct err_note *note)
{
    /* "%YAML:1.0" is OpenCV's own spelling of the directive; no YAML parser takes it. */
    const char *line_end = memchr(text, '\n', len);
    if (len > 6 && memcmp(text, "%YAML:", 6) == 0 && line_end != NULL) {
        len -= (size_t)(line_end - text);
        text = line_end;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return ERR_NO_MEMORY;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    struct yaml_reading reading = {.numbers = numbers};
    int sequence = 0;
    enum err err = ERR_NONE;
    bool is_done = false;
    while (!is_done && err == ERR_NONE) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            err = err_set(note, ERR_INVALID, "", "is no OpenCV file: line %zu: %s",
                          parser.problem_mark.line + 1,
                          parser.problem == NULL ? "cannot be read" : parser.problem);
            break;
        }
        is_done = event.type == YAML_STREAM_END_EVENT;
        if (!yaml_event(&reading, &event, &sequence))
            err = err_set(note, ERR_INVALID, "", "is no OpenCV file: line %zu: not its numbers",
                          event.start_mark.line + 1);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return err;
}

enum err opencv_file_read(const char *text, size_t len, struct opencv_numbers *inout_numbers,
                          struct err_note *note)
{
    size_t blank = strspn(text, " \t\r\n\xef\xbb\xbf");
    if (blank < len && text[blank] == '<')
        return read_xml(text + blank, len - blank, inout_numbers, note);
    return read_yaml(text, len, inout_numbers, note);
}
