// SPDX-License-Identifier: Apache-2.0
#include "feeds/encode.h"

#include "base/clock.h"

#include <math.h>

static void add_thousandths(struct text *out, double number)
{
    int64_t thousandths = llround(number * 1000);
    if (thousandths < 0)
        text_add_char(out, '-');
    uint64_t rest = (uint64_t)llabs(thousandths);
    text_add_int(out, (int64_t)(rest / 1000));
    if (rest % 1000 != 0)
        text_addf(out, ".%03u", (unsigned)(rest % 1000));
}

static void add_person(struct text *out, bool is_in_metres, const struct observation *person)
{
    text_add_char(out, '[');
    text_add_int(out, person->track);
    text_add_char(out, ',');
    if (is_in_metres) {
        add_thousandths(out, person->x);
        text_add_char(out, ',');
        add_thousandths(out, person->y);
    } else {
        const double box[] = {person->x, person->y, person->w, person->h};
        for (size_t i = 0; i < COUNT_OF(box); i++) {
            if (i > 0)
                text_add_char(out, ',');
            text_add_int(out, llround(box[i]));
        }
    }
    text_add_char(out, ',');
    add_thousandths(out, person->confidence);
    text_add_char(out, ']');
}

static void add_frame(struct text *out, bool is_in_metres, const struct encode_frame *frame)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(frame->at_ms, at);
    text_addf(out, "{\"t\":\"%s\",\"persons\":[", at);
    for (size_t i = 0; i < frame->count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        add_person(out, is_in_metres, &frame->observations[i]);
    }
    text_add(out, "]}");
}

void encode_batch(struct text *out, const char *device, bool is_in_metres,
                  const struct encode_frame *frames, size_t frame_count)
{
    text_addf(out, "{\"device\":\"%s\",", device);
    text_add(out, is_in_metres ? "\"unit\":\"m\",\"fields\":[\"track\",\"x\",\"y\",\"confidence\"],"
                               : "\"fields\":[\"track\",\"x\",\"y\",\"w\",\"h\",\"confidence\"],");
    text_add(out, "\"frames\":[");
    for (size_t i = 0; i < frame_count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        add_frame(out, is_in_metres, &frames[i]);
    }
    text_add(out, "]}");
}
