// SPDX-License-Identifier: Apache-2.0
/* A zone as bytes (docs/formats/measures.md): its own members, then its parts, each sealed by itself. */
#include "base/text.h"
#include "readings/numbers.h"
#include "trends/zone/zone.h"

#define ZONE_VERSION 2
/* Of a counter one form only, and no word of those left out. Written until 21 November 2026. */
#define ZONE_VERSION_OLD 1
#define TOLD_NUMBERS     14

static void pack_part(struct packer *packer, enum err err, void *bytes, size_t len)
{
    if (err != ERR_NONE) {
        packer->is_broken = true;
        return;
    }
    pack_varint(packer, len);
    pack_bytes(packer, bytes, len);
    mem_free(bytes);
}

static const uint8_t *unpack_part(struct unpacker *unpacker, size_t *out_len)
{
    uint64_t len = unpack_varint(unpacker);
    if (len > ZONE_CONTENT_MAX) {
        unpacker->is_broken = true;
        return NULL;
    }
    *out_len = (size_t)len;
    return unpack_bytes(unpacker, *out_len);
}

static void list_told(struct zone_told *told, double *out_numbers[TOLD_NUMBERS])
{
    double *const numbers[TOLD_NUMBERS] = {&told->people,
                                           &told->inside,
                                           &told->deviation,
                                           &told->counted,
                                           &told->cameras,
                                           &told->missed_in,
                                           &told->missed_out,
                                           &told->disagreement,
                                           &told->disagreement_sigmas,
                                           &told->to_capacity.soonest_s,
                                           &told->to_capacity.middle_s,
                                           &told->to_capacity.latest_s,
                                           &told->strength,
                                           &told->usual_people};
    memcpy(out_numbers, numbers, sizeof numbers);
}

static void pack_told(struct packer *packer, const struct zone_told *told)
{
    struct zone_told copy = *told;
    double *numbers[TOLD_NUMBERS];
    list_told(&copy, numbers);
    pack_zigzag(packer, told->at_ms);
    pack_varint(packer, (uint64_t)told->source);
    pack_varint(packer, (uint64_t)told->inside_source);
    pack_varint(packer, told->has_disagreement);
    pack_varint(packer, told->is_capacity_known);
    pack_varint(packer, (uint64_t)told->phase);
    for (size_t i = 0; i < TOLD_NUMBERS; i++)
        pack_double(packer, *numbers[i]);
}

static int unpack_enum(struct unpacker *unpacker, int most)
{
    uint32_t value = unpack_u32(unpacker);
    if (value > (uint32_t)most) {
        unpacker->is_broken = true;
        return 0;
    }
    return (int)value;
}

static void unpack_told(struct unpacker *unpacker, struct zone_told *told)
{
    double *numbers[TOLD_NUMBERS];
    list_told(told, numbers);
    told->at_ms = unpack_zigzag(unpacker);
    told->source = unpack_enum(unpacker, ZONE_BOTH);
    told->inside_source = unpack_enum(unpacker, ZONE_BOTH);
    told->has_disagreement = unpack_varint(unpacker) != 0;
    told->is_capacity_known = unpack_varint(unpacker) != 0;
    told->phase = unpack_enum(unpacker, UNUSUAL_STILL);
    for (size_t i = 0; i < TOLD_NUMBERS; i++)
        *numbers[i] = unpack_double(unpacker);
}

static void pack_form(struct packer *packer, const struct counter_form *form)
{
    const struct counter_doubt *doubt = &form->doubt;
    pack_varint(packer, (uint64_t)form->form);
    pack_zigzag(packer, form->at_ms);
    pack_double(packer, form->total);
    pack_zigzag(packer, doubt->since_ms);
    if (doubt->since_ms == 0)
        return;
    pack_zigzag(packer, doubt->at_ms);
    pack_double(packer, doubt->total);
    pack_double(packer, doubt->held);
    pack_double(packer, doubt->counted);
    pack_varint(packer, doubt->is_next);
}

static void unpack_form(struct unpacker *unpacker, struct counter_form *form)
{
    struct counter_doubt *doubt = &form->doubt;
    form->form = unpack_enum(unpacker, COUNT_TOTAL);
    form->at_ms = unpack_zigzag(unpacker);
    form->total = unpack_double(unpacker);
    doubt->since_ms = unpack_zigzag(unpacker);
    if (doubt->since_ms == 0)
        return;
    doubt->at_ms = unpack_zigzag(unpacker);
    doubt->total = unpack_double(unpacker);
    doubt->held = unpack_double(unpacker);
    doubt->counted = unpack_double(unpacker);
    doubt->is_next = unpack_varint(unpacker) != 0;
}

static void pack_way(struct packer *packer, const struct counter_way *way)
{
    pack_form(packer, &way->read);
    pack_form(packer, &way->other);
    pack_zigzag(packer, way->begun_ms);
    pack_double(packer, way->aside);
    pack_double(packer, way->passed);
}

static void unpack_way(struct unpacker *unpacker, uint8_t version, struct counter_way *way)
{
    if (version == ZONE_VERSION_OLD) {
        way->read.form = unpack_enum(unpacker, COUNT_TOTAL);
        way->read.at_ms = unpack_zigzag(unpacker);
        way->read.total = unpack_double(unpacker);
        way->passed = unpack_double(unpacker);
        return;
    }
    unpack_form(unpacker, &way->read);
    unpack_form(unpacker, &way->other);
    way->begun_ms = unpack_zigzag(unpacker);
    way->aside = unpack_double(unpacker);
    way->passed = unpack_double(unpacker);
}

static void pack_counter(struct packer *packer, const struct counter *counter)
{
    size_t len = strlen(counter->name);
    pack_varint(packer, len);
    pack_bytes(packer, counter->name, len);
    for (size_t w = 0; w < COUNT_OF(counter->ways); w++)
        pack_way(packer, &counter->ways[w]);
    pack_varint(packer, (uint64_t)counter->fault);
    pack_zigzag(packer, counter->fault_ms);
    pack_double(packer, counter->fault_value);
    pack_varint(packer, counter->faults);
}

static void unpack_counter(struct unpacker *unpacker, uint8_t version, struct counter *counter)
{
    uint32_t len = unpack_u32(unpacker);
    const uint8_t *name = len <= COUNTER_NAME_LEN ? unpack_bytes(unpacker, len) : NULL;
    if (name == NULL) {
        unpacker->is_broken = true;
        return;
    }
    memcpy(counter->name, name, len);
    for (size_t w = 0; w < COUNT_OF(counter->ways); w++)
        unpack_way(unpacker, version, &counter->ways[w]);
    counter->fault = unpack_enum(unpacker, COUNTER_GLITCH);
    counter->fault_ms = unpack_zigzag(unpacker);
    counter->fault_value = unpack_double(unpacker);
    counter->faults = unpack_u32(unpacker);
}

static void pack_open_minute(struct packer *packer, const struct zone_state *zone)
{
    const int64_t times[] = {zone->minute,        zone->second_ms,
                             zone->passed_ms,     zone->counting_since_ms,
                             zone->people.number, zone->five};
    for (size_t i = 0; i < COUNT_OF(times); i++)
        pack_zigzag(packer, times[i]);
    pack_double(packer, zone->people.sum);
    pack_varint(packer, zone->people.seconds);
    pack_varint(packer, zone->partly);
    pack_double(packer, zone->five_sum);
    pack_varint(packer, zone->five_count);
}

static void unpack_open_minute(struct unpacker *unpacker, struct zone_state *zone)
{
    int64_t *const times[] = {&zone->minute,        &zone->second_ms,
                              &zone->passed_ms,     &zone->counting_since_ms,
                              &zone->people.number, &zone->five};
    for (size_t i = 0; i < COUNT_OF(times); i++)
        *times[i] = unpack_zigzag(unpacker);
    zone->people.sum = unpack_double(unpacker);
    zone->people.seconds = unpack_u32(unpacker);
    zone->partly = unpack_u32(unpacker);
    zone->five_sum = unpack_double(unpacker);
    zone->five_count = unpack_u32(unpacker);
}

enum err zone_pack(const struct zone_state *zone, void **out_bytes, size_t *out_len)
{
    struct packer packer = {0};
    void *part = NULL;
    size_t len = 0;
    seal_begin(&packer, ZONE_VERSION, 0);
    pack_open_minute(&packer, zone);
    pack_told(&packer, &zone->told);
    pack_varint(&packer, zone->counter_count);
    for (size_t i = 0; i < zone->counter_count; i++)
        pack_counter(&packer, &zone->counters[i]);
    pack_varint(&packer, zone->left_out);
    pack_zigzag(&packer, zone->left_out_ms);
    enum err err = occupancy_pack(&zone->occupancy, &part, &len);
    pack_part(&packer, err, part, len);
    err = forecaster_pack(zone->forecaster, &part, &len);
    pack_part(&packer, err, part, len);
    err = unusual_pack(zone->unusual, &part, &len);
    pack_part(&packer, err, part, len);
    seal_end(&packer, SEAL_FAST); /* its parts are small already */
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}

static enum err read_parts(struct unpacker *content, struct zone_state *zone)
{
    size_t len = 0;
    const uint8_t *bytes = unpack_part(content, &len);
    if (bytes == NULL)
        return ERR_CORRUPT;
    TRY(occupancy_unpack(bytes, len, &zone->occupancy));
    bytes = unpack_part(content, &len);
    if (bytes == NULL)
        return ERR_CORRUPT;
    TRY(forecaster_unpack(bytes, len, &zone->forecaster));
    bytes = unpack_part(content, &len);
    if (bytes == NULL)
        return ERR_CORRUPT;
    return unusual_unpack(bytes, len, &zone->unusual);
}

static enum err read_zone(struct unpacker *content, uint8_t version, struct zone_state *zone)
{
    unpack_open_minute(content, zone);
    unpack_told(content, &zone->told);
    uint32_t count = unpack_u32(content);
    if (content->is_broken || count > LIMIT_ZONE_COUNTERS)
        return ERR_CORRUPT;
    zone->counters = mem_new_array(count + 1, sizeof *zone->counters);
    zone->counter_count = count;
    for (uint32_t i = 0; i < count; i++)
        unpack_counter(content, version, &zone->counters[i]);
    if (version != ZONE_VERSION_OLD) {
        zone->left_out = unpack_u32(content);
        zone->left_out_ms = unpack_zigzag(content);
    }
    TRY(read_parts(content, zone));
    return content->is_broken || content->p != content->end ? ERR_CORRUPT : ERR_NONE;
}

enum err zone_unpack(const void *bytes, size_t len, struct zone_state *out_zone)
{
    struct unpacker content;
    uint8_t flags, version = ZONE_VERSION;
    SCOPED_MEM void *owned = NULL;
    if (len > 0 && *(const uint8_t *)bytes == ZONE_VERSION_OLD)
        version = ZONE_VERSION_OLD;
    TRY(seal_open(bytes, len, version, ZONE_CONTENT_MAX, &content, &flags, &owned));
    struct zone_state zone = {.people = {.step_s = 60}};
    enum err err = read_zone(&content, version, &zone);
    if (err != ERR_NONE) {
        zone_fini(&zone);
        return err;
    }
    /* What was told ahead stands in the forecaster. */
    if (zone.told.at_ms != 0)
        (void)forecaster_tell(zone.forecaster, zone.told.ahead);
    *out_zone = zone;
    return ERR_NONE;
}
