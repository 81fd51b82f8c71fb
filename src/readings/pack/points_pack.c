// SPDX-License-Identifier: Apache-2.0
/* Values that people and sensors write have few decimals, so a column of them is whole numbers of a
 * power of ten, and then the differences of neighbours; the first power that gives every value back
 * exactly is taken. Where none does, the bits of the doubles are stored. */
#include "readings/pack/points.h"

#include <math.h>

#define READINGS_VERSION  1
#define POINTS_VERSION    1
#define CELLS_VERSION     1
#define DECIMALS_MAX      6
#define AS_BITS           255
#define CONTENT_BYTES_MAX (64 * 1024 * 1024)
#define NAMES_MAX         LIMIT_BATCH_READINGS

static const double POWERS[DECIMALS_MAX + 1] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};

/* Every `stride` bytes stands a value: a column of an array of structs. */
struct reals {
    const double *first;
    size_t stride;
    size_t count;
};

static double real_at(const struct reals *reals, size_t i)
{
    double value;
    memcpy(&value, (const char *)reals->first + i * reals->stride, sizeof value);
    return value;
}

static bool fits(const struct reals *reals, double power)
{
    for (size_t i = 0; i < reals->count; i++) {
        double value = real_at(reals, i);
        double steps = value * power;
        if (!(fabs(steps) < 0x1p52) || (double)llround(steps) / power != value)
            return false;
    }
    return true;
}

static void pack_reals(struct packer *packer, const struct reals *reals)
{
    uint8_t decimals = 0;
    while (decimals <= DECIMALS_MAX && !fits(reals, POWERS[decimals]))
        decimals++;
    decimals = decimals > DECIMALS_MAX ? AS_BITS : decimals;
    pack_bytes(packer, &decimals, 1);
    struct column column = {.packer = packer};
    int64_t before = 0;
    for (size_t i = 0; i < reals->count; i++) {
        double value = real_at(reals, i);
        int64_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (decimals != AS_BITS) {
            int64_t steps = llround(value * POWERS[decimals]);
            bits = steps - before;
            before = steps;
        }
        column_add(&column, bits);
    }
    column_flush(&column);
}

/* `out` is the first of a column with this stride; `spare` has room for `count`. */
static bool unpack_reals(struct unpacker *in, const struct reals *out, int64_t *spare)
{
    const uint8_t *byte = unpack_bytes(in, 1);
    if (byte == NULL || (*byte > DECIMALS_MAX && *byte != AS_BITS))
        return false;
    unpack_column(in, spare, out->count);
    int64_t steps = 0;
    for (size_t i = 0; i < out->count; i++) {
        double value;
        memcpy(&value, &spare[i], sizeof value);
        if (*byte != AS_BITS) {
            if (__builtin_add_overflow(steps, spare[i], &steps))
                return false;
            value = (double)steps / POWERS[*byte];
        }
        if (!isfinite(value))
            return false;
        memcpy((char *)(uintptr_t)out->first + i * out->stride, &value, sizeof value);
    }
    return !in->is_broken;
}

static void pack_times(struct packer *packer, const int64_t *first, size_t stride, size_t count)
{
    struct column column = {.packer = packer};
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms;
        memcpy(&at_ms, (const char *)first + i * stride, sizeof at_ms);
        if (i == 0)
            pack_zigzag(packer, at_ms);
        else
            column_add(&column, at_ms - before);
        before = at_ms;
    }
    column_flush(&column);
}

static bool unpack_times(struct unpacker *in, int64_t *out, size_t count)
{
    if (count == 0)
        return true;
    int64_t at_ms = unpack_zigzag(in);
    unpack_column(in, out + 1, count - 1);
    out[0] = at_ms;
    for (size_t i = 1; i < count; i++) {
        if (__builtin_add_overflow(at_ms, out[i], &at_ms))
            return false;
        out[i] = at_ms;
    }
    return !in->is_broken;
}

void points_pack(struct packer *packer, const struct points *points)
{
    const struct series_point *list = points->list;
    seal_begin(packer, POINTS_VERSION, 0);
    pack_varint(packer, points->count);
    if (points->count > 0) {
        pack_times(packer, &list->at_ms, sizeof *list, points->count);
        pack_reals(packer, &(struct reals){&list->value, sizeof *list, points->count});
    }
    seal_end(packer, SEAL_SMALL);
}

static enum err read_points(struct unpacker *in, struct points *out)
{
    uint64_t count = unpack_varint(in);
    if (in->is_broken || count > POINTS_WINDOW_MS)
        return ERR_CORRUPT;
    SCOPED_MEM int64_t *times = mem_try((size_t)(2 * count + 1) * sizeof *times);
    struct series_point *list = mem_try((size_t)(count + 1) * sizeof *list);
    if (times == NULL || list == NULL) {
        mem_free(list);
        return ERR_NO_MEMORY;
    }
    *out = (struct points){.list = list, .count = (size_t)count, .room = (size_t)count + 1};
    if (count > 0 &&
        (!unpack_times(in, times, out->count) ||
         !unpack_reals(in, &(struct reals){&list->value, sizeof *list, out->count}, times + count)))
        return ERR_CORRUPT;
    for (size_t i = 0; i < out->count; i++) {
        list[i].at_ms = times[i];
        if (i > 0 && times[i] <= times[i - 1])
            return ERR_CORRUPT;
    }
    return in->p == in->end ? ERR_NONE : ERR_CORRUPT;
}

enum err points_unpack(const void *bytes, size_t len, struct points *out)
{
    struct unpacker in;
    uint8_t flags;
    void *owned;
    struct points points = {0};
    TRY(seal_open(bytes, len, POINTS_VERSION, CONTENT_BYTES_MAX, &in, &flags, &owned));
    enum err err = read_points(&in, &points);
    mem_free(owned);
    if (err == ERR_NONE)
        *out = points;
    else
        points_fini(&points);
    return err;
}

void cells_pack(struct packer *packer, const struct cells *cells)
{
    const struct cell *list = cells->list;
    size_t count = cells->count;
    seal_begin(packer, CELLS_VERSION, 0);
    pack_varint(packer, count);
    if (count > 0) {
        pack_times(packer, &list->at_ms, sizeof *list, count);
        struct column column = {.packer = packer};
        for (size_t i = 0; i < count; i++)
            column_add(&column, list[i].count);
        column_flush(&column);
        pack_reals(packer, &(struct reals){&list->sum, sizeof *list, count});
        pack_reals(packer, &(struct reals){&list->min, sizeof *list, count});
        pack_reals(packer, &(struct reals){&list->max, sizeof *list, count});
        pack_reals(packer, &(struct reals){&list->last, sizeof *list, count});
    }
    seal_end(packer, SEAL_SMALL);
}

static bool read_cell_columns(struct unpacker *in, struct cell *list, size_t count, int64_t *spare)
{
    if (!unpack_times(in, spare, count))
        return false;
    for (size_t i = 0; i < count; i++)
        list[i].at_ms = spare[i];
    unpack_column(in, spare, count);
    for (size_t i = 0; i < count; i++) {
        list[i].count = spare[i];
        if (spare[i] < 1)
            return false;
    }
    return unpack_reals(in, &(struct reals){&list->sum, sizeof *list, count}, spare) &&
           unpack_reals(in, &(struct reals){&list->min, sizeof *list, count}, spare) &&
           unpack_reals(in, &(struct reals){&list->max, sizeof *list, count}, spare) &&
           unpack_reals(in, &(struct reals){&list->last, sizeof *list, count}, spare);
}

static enum err read_cells(struct unpacker *in, struct cells *out)
{
    uint64_t count = unpack_varint(in);
    if (in->is_broken || count > POINTS_WINDOW_MS)
        return ERR_CORRUPT;
    SCOPED_MEM int64_t *spare = mem_try((size_t)(count + 1) * sizeof *spare);
    struct cell *list = mem_try((size_t)(count + 1) * sizeof *list);
    if (spare == NULL || list == NULL) {
        mem_free(list);
        return ERR_NO_MEMORY;
    }
    *out = (struct cells){.list = list, .count = (size_t)count, .room = (size_t)count + 1};
    if (count > 0 && !read_cell_columns(in, list, out->count, spare))
        return ERR_CORRUPT;
    return in->p == in->end && !in->is_broken ? ERR_NONE : ERR_CORRUPT;
}

enum err cells_unpack(const void *bytes, size_t len, struct cells *out)
{
    struct unpacker in;
    uint8_t flags;
    void *owned;
    struct cells cells = {0};
    TRY(seal_open(bytes, len, CELLS_VERSION, CONTENT_BYTES_MAX, &in, &flags, &owned));
    enum err err = read_cells(&in, &cells);
    mem_free(owned);
    if (err == ERR_NONE)
        *out = cells;
    else
        cells_fini(&cells);
    return err;
}

/* --- a record of readings --- */

struct names { /* distinct series of a record, in the order of their first reading */
    const char **list;
    size_t count;
    uint32_t *slots; /* hash table of index + 1 */
    size_t mask;
};

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325ULL;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3ULL;
    return hash ^ hash >> 29;
}

static size_t index_of_name(struct names *names, const char *name)
{
    size_t slot = hash_text(name) & names->mask;
    for (; names->slots[slot] != 0; slot = (slot + 1) & names->mask) {
        if (strcmp(names->list[names->slots[slot] - 1], name) == 0)
            return names->slots[slot] - 1;
    }
    names->list[names->count++] = name;
    names->slots[slot] = (uint32_t)names->count;
    return names->count - 1;
}

static void pack_names(struct packer *packer, const struct names *names)
{
    pack_varint(packer, names->count);
    for (size_t i = 0; i < names->count; i++) {
        size_t len = strlen(names->list[i]);
        pack_varint(packer, len);
        pack_bytes(packer, names->list[i], len);
    }
}

enum err readings_pack(struct packer *packer, const struct reading *readings, size_t count)
{
    if (count > LIMIT_BATCH_READINGS)
        return ERR_TOO_LARGE;
    size_t size = 16;
    while (size < 2 * count)
        size *= 2;
    SCOPED_MEM const char **list = mem_new_array(count + 1, sizeof *list);
    SCOPED_MEM uint32_t *slots = mem_new_array(size, sizeof *slots);
    SCOPED_MEM uint32_t *index = mem_new_array(count + 1, sizeof *index);
    struct names names = {.list = list, .slots = slots, .mask = size - 1};
    for (size_t i = 0; i < count; i++)
        index[i] = (uint32_t)index_of_name(&names, readings[i].series);
    seal_begin(packer, READINGS_VERSION, 0);
    pack_names(packer, &names);
    pack_varint(packer, count);
    struct column column = {.packer = packer};
    for (size_t i = 0; i < count; i++)
        column_add(&column, index[i]);
    column_flush(&column);
    if (count > 0) {
        pack_times(packer, &readings->at_ms, sizeof *readings, count);
        pack_reals(packer, &(struct reals){&readings->value, sizeof *readings, count});
    }
    seal_end(packer, SEAL_FAST);
    return packer->is_broken ? ERR_NO_MEMORY : ERR_NONE;
}

struct record { /* of readings, while it is read */
    size_t name_count;
    char (*names)[READINGS_SERIES_LEN + 1];
    size_t count;
    int64_t *index;
    int64_t *times;
    int64_t *spare;
    double *values;
};

static enum err read_names(struct unpacker *in, struct record *record)
{
    uint64_t count = unpack_varint(in);
    if (in->is_broken || count > NAMES_MAX || count > (uint64_t)(in->end - in->p))
        return ERR_CORRUPT;
    record->names = mem_try((size_t)(count + 1) * sizeof *record->names);
    if (record->names == NULL)
        return ERR_NO_MEMORY;
    record->name_count = (size_t)count;
    for (size_t i = 0; i < record->name_count; i++) {
        uint64_t len = unpack_varint(in);
        const uint8_t *name = len > READINGS_SERIES_LEN ? NULL : unpack_bytes(in, (size_t)len);
        if (name == NULL || memchr(name, '\0', (size_t)len) != NULL)
            return ERR_CORRUPT;
        memcpy(record->names[i], name, (size_t)len);
    }
    return ERR_NONE;
}

static enum err read_rows(struct unpacker *in, struct record *record)
{
    uint64_t count = unpack_varint(in);
    if (in->is_broken || count > LIMIT_BATCH_READINGS)
        return ERR_CORRUPT;
    size_t n = record->count = (size_t)count;
    record->index = mem_new_array(n + 1, sizeof *record->index);
    record->times = mem_new_array(n + 1, sizeof *record->times);
    record->spare = mem_new_array(n + 1, sizeof *record->spare);
    record->values = mem_new_array(n + 1, sizeof *record->values);
    unpack_column(in, record->index, n);
    for (size_t i = 0; i < n; i++) {
        if (record->index[i] < 0 || (size_t)record->index[i] >= record->name_count)
            return ERR_CORRUPT;
    }
    if (n > 0 &&
        (!unpack_times(in, record->times, n) ||
         !unpack_reals(in, &(struct reals){record->values, sizeof(double), n}, record->spare)))
        return ERR_CORRUPT;
    return in->p == in->end && !in->is_broken ? ERR_NONE : ERR_CORRUPT;
}

enum err readings_unpack(const void *bytes, size_t len,
                         void (*visit)(void *context, const struct reading *reading), void *context)
{
    struct unpacker in;
    uint8_t flags;
    void *owned;
    struct record record = {0};
    TRY(seal_open(bytes, len, READINGS_VERSION, CONTENT_BYTES_MAX, &in, &flags, &owned));
    enum err err = read_names(&in, &record);
    if (err == ERR_NONE)
        err = read_rows(&in, &record);
    for (size_t i = 0; err == ERR_NONE && i < record.count; i++)
        visit(context,
              &(struct reading){record.names[record.index[i]], record.times[i], record.values[i]});
    mem_free(owned);
    mem_free(record.names);
    mem_free(record.index);
    mem_free(record.times);
    mem_free(record.spare);
    mem_free(record.values);
    return err;
}
