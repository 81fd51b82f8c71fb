// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include "base/text.h"

#include <stdio.h>

void report_begin(enum report_form form)
{
    if (form == REPORT_TABLE)
        (void)printf("%-8s %-46s %-16s %14s  %-22s %14s %8s  %s\n", "bench", "case", "unit", "ours",
                     "peer", "theirs", "ratio", "conditions");
}

static void add_member(struct text *line, const char *name, const char *value)
{
    text_addf(line, "%s\"%s\":", line->len == 1 ? "" : ",", name);
    if (value == NULL)
        text_add(line, "null");
    else
        text_add_json(line, value, strlen(value));
}

static void add_number(struct text *line, const char *name, double value, bool is_known)
{
    text_addf(line, ",\"%s\":", name);
    if (is_known)
        text_add_real(line, value);
    else
        text_add(line, "null");
}

static void report_json(const struct figure *figure, bool has_peer)
{
    SCOPED_TEXT line;
    text_init(&line, 4096);
    text_add_char(&line, '{');
    add_member(&line, "bench", figure->bench);
    add_member(&line, "case", figure->measured);
    add_member(&line, "unit", figure->unit);
    add_number(&line, "ours", figure->ours, true);
    add_member(&line, "peer", figure->peer);
    add_number(&line, "theirs", figure->theirs, has_peer);
    add_number(&line, "ratio", has_peer ? figure->ours / figure->theirs : 0, has_peer);
    add_member(&line, "conditions", figure->conditions);
    text_add_char(&line, '}');
    (void)puts(line.bytes);
}

/* Small numbers with decimals, large ones without. */
static const char *rounded(char out[32], double number)
{
    (void)snprintf(out, 32, "%.*f", number < 10 ? 2 : number < 1000 ? 1 : 0, number);
    return out;
}

void report_figure(enum report_form form, const struct figure *figure)
{
    bool has_peer = figure->peer != NULL && figure->theirs > 0;
    if (form == REPORT_JSON) {
        report_json(figure, has_peer);
    } else {
        char ours[32];
        char theirs[32];
        char ratio[32];
        (void)printf(
            "%-8s %-46s %-16s %14s  %-22s %14s %8s  %s\n", figure->bench, figure->measured,
            figure->unit, rounded(ours, figure->ours), figure->peer == NULL ? "-" : figure->peer,
            has_peer ? rounded(theirs, figure->theirs) : "-",
            has_peer ? rounded(ratio, figure->ours / figure->theirs) : "-", figure->conditions);
    }
    (void)fflush(stdout);
}
