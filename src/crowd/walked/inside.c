// SPDX-License-Identifier: Apache-2.0
#include "crowd/walked/inside.h"

#include "readings/pack.h"

struct gathering {
    struct dwell *dwells; /* [zone_count] */
    bool *is_there;
};

static void gather(void *context, const struct visit *visit)
{
    struct gathering *gathering = context;
    gathering->is_there[visit->zone] = true;
    dwell_add(&gathering->dwells[visit->zone], visit);
}

static enum err pack_zone(struct packer *packer, uint16_t number, const struct dwell *dwell)
{
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    TRY(dwell_pack(dwell, &bytes, &len));
    pack_varint(packer, number);
    pack_varint(packer, len);
    pack_bytes(packer, bytes, len);
    return packer->is_broken ? ERR_NO_MEMORY : ERR_NONE;
}

enum err inside_pack(const struct walked_venue *venue, void **out_bytes, size_t *out_len)
{
    size_t count = venue->map == NULL ? 0 : venue->map->view->zone_count;
    SCOPED_MEM struct dwell *dwells = mem_new_array(count + 1, sizeof *dwells);
    SCOPED_MEM bool *is_there = mem_new_array(count + 1, sizeof *is_there);
    struct gathering gathering = {dwells, is_there};
    struct packer packer = {0};
    enum err err = ERR_NONE;
    walked_venue_each_inside(venue, gather, &gathering);
    for (size_t z = 0; z < count && err == ERR_NONE; z++) {
        if (is_there[z] && venue->numbers[z] != WALKED_NO_ZONE)
            err = pack_zone(&packer, venue->numbers[z], &dwells[z]);
    }
    if (err != ERR_NONE) {
        packer_fini(&packer);
        return err;
    }
    *out_bytes = packer.bytes == NULL ? mem_new(1) : packer.bytes; /* an empty one is no NULL */
    *out_len = packer.len;
    return ERR_NONE;
}

enum err inside_unpack(const void *bytes, size_t len,
                       void (*visit)(void *context, uint16_t zone, const struct dwell *dwell),
                       void *context)
{
    struct unpacker content = {.p = bytes, .end = (const uint8_t *)bytes + len};
    while (content.p < content.end) {
        uint64_t number = unpack_varint(&content), part_len = unpack_varint(&content);
        const uint8_t *part = unpack_bytes(&content, part_len);
        struct dwell dwell;
        if (part == NULL || number >= WALKED_NO_ZONE)
            return ERR_CORRUPT;
        TRY(dwell_unpack(part, part_len, &dwell));
        visit(context, (uint16_t)number, &dwell);
    }
    return ERR_NONE;
}
