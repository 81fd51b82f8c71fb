// SPDX-License-Identifier: Apache-2.0
/* Pairs stand in an open-addressed table that doubles when half full; ways in an array, searched from end to
 * end: there is one search per person, when the person has gone. */
#include "crowd/paths/trips.h"

#include "readings/numbers.h"

#define TRIPS_VERSION    1
#define PAIR_SLOTS_FIRST 64

struct trips {
    struct trip_pair *pairs; /* people == 0: free */
    size_t pair_slots, pair_count;
    struct trip_way ways[TRIPS_WAYS_MAX];
    size_t way_count;
    uint64_t people, unpaired; /* journeys in all; of pairs beyond TRIPS_PAIRS_MAX */
};

struct trips *trips_create(void)
{
    struct trips *trips = mem_new(sizeof *trips);
    trips->pair_slots = PAIR_SLOTS_FIRST;
    trips->pairs = mem_new_array(trips->pair_slots, sizeof *trips->pairs);
    return trips;
}

void trips_destroy(struct trips *trips)
{
    if (trips == NULL)
        return;
    mem_free(trips->pairs);
    mem_free(trips);
}

static struct trip_pair *pair_slot(struct trip_pair *pairs, size_t slots, uint16_t origin,
                                   uint16_t destination)
{
    uint32_t key = (uint32_t)origin << 16 | destination;
    size_t slot = (size_t)(key * 0x9E3779B97F4A7C15ULL >> 32) & (slots - 1);
    while (pairs[slot].people > 0 &&
           (pairs[slot].origin != origin || pairs[slot].destination != destination))
        slot = (slot + 1) & (slots - 1);
    return &pairs[slot];
}

static void grow_pairs(struct trips *trips)
{
    size_t slots = 2 * trips->pair_slots;
    struct trip_pair *pairs = mem_new_array(slots, sizeof *pairs);
    for (size_t i = 0; i < trips->pair_slots; i++) {
        const struct trip_pair *pair = &trips->pairs[i];
        if (pair->people > 0)
            *pair_slot(pairs, slots, pair->origin, pair->destination) = *pair;
    }
    mem_free(trips->pairs);
    trips->pairs = pairs;
    trips->pair_slots = slots;
}

static void add_pair(struct trips *trips, const struct trip_pair *added)
{
    if (2 * trips->pair_count >= trips->pair_slots)
        grow_pairs(trips);
    struct trip_pair *pair =
        pair_slot(trips->pairs, trips->pair_slots, added->origin, added->destination);
    if (pair->people > 0) {
        pair->people += added->people;
        return;
    }
    if (trips->pair_count == TRIPS_PAIRS_MAX) {
        trips->unpaired += added->people;
        return;
    }
    *pair = *added;
    trips->pair_count++;
}

static bool is_same_way(const struct trip_way *a, const struct trip_way *b)
{
    return a->zone_count == b->zone_count && a->is_cut == b->is_cut &&
           memcmp(a->zones, b->zones, a->zone_count * sizeof *a->zones) == 0;
}

static void add_way(struct trips *trips, const struct trip_way *added)
{
    struct trip_way *least = NULL;
    for (size_t i = 0; i < trips->way_count; i++) {
        struct trip_way *way = &trips->ways[i];
        if (is_same_way(way, added)) {
            way->people += added->people;
            way->error += added->error;
            return;
        }
        if (least == NULL || way->people < least->people)
            least = way;
    }
    if (trips->way_count < TRIPS_WAYS_MAX) {
        trips->ways[trips->way_count++] = *added;
        return;
    }
    uint64_t before = least->people;
    *least = *added;
    least->people += before;
    least->error += before;
}

void trips_add(struct trips *trips, const struct journey *journey)
{
    assert(journey->zone_count > 0 && journey->zone_count <= WALKER_PATH_ZONES);
    trips->people++;
    add_pair(trips, &(struct trip_pair){journey->zones[0], journey->destination, 1});
    struct trip_way way = {
        .zone_count = (uint16_t)journey->zone_count, .is_cut = journey->is_cut, .people = 1};
    memcpy(way.zones, journey->zones, journey->zone_count * sizeof *way.zones);
    add_way(trips, &way);
}

void trips_sum(struct trips *trips, const struct trips *part)
{
    trips->people += part->people;
    trips->unpaired += part->unpaired;
    for (size_t i = 0; i < part->pair_slots; i++) {
        if (part->pairs[i].people > 0)
            add_pair(trips, &part->pairs[i]);
    }
    for (size_t i = 0; i < part->way_count; i++)
        add_way(trips, &part->ways[i]);
}

static int by_people_pair(const void *a, const void *b)
{
    const struct trip_pair *p = a, *q = b;
    if (p->people != q->people)
        return p->people < q->people ? 1 : -1;
    uint32_t key_p = (uint32_t)p->origin << 16 | p->destination;
    uint32_t key_q = (uint32_t)q->origin << 16 | q->destination;
    return (key_p > key_q) - (key_p < key_q);
}

static int by_people_way(const void *a, const void *b)
{
    const struct trip_way *p = a, *q = b;
    if (p->people != q->people)
        return p->people < q->people ? 1 : -1;
    int by_zones = memcmp(p->zones, q->zones, sizeof p->zones);
    return by_zones != 0 ? by_zones : (int)p->zone_count - (int)q->zone_count;
}

/* How many of the counts, most first, can be told: where the rest would be fewer than k people, the least of
 * those told joins it. */
static struct trips_told choose(const struct trips *trips, uint32_t anonymity,
                                const uint64_t *people, size_t count)
{
    struct trips_told told = {.count = count};
    for (size_t i = 0; i < count; i++)
        told.people += people[i];
    uint64_t rest = trips->people - told.people;
    while (rest > 0 && rest < anonymity && told.count > 0) {
        told.count--;
        told.people -= people[told.count];
        rest += people[told.count];
    }
    told.withheld = rest == 0 || rest >= anonymity ? (int64_t)rest : -1;
    return told;
}

struct trips_told trips_tell_pairs(const struct trips *trips, uint32_t anonymity,
                                   struct trip_pair *out_pairs, size_t size)
{
    SCOPED_MEM struct trip_pair *enough = mem_new_array(trips->pair_count + 1, sizeof *enough);
    SCOPED_MEM uint64_t *people = mem_new_array(trips->pair_count + 1, sizeof *people);
    size_t count = 0;
    for (size_t i = 0; i < trips->pair_slots; i++) {
        if (trips->pairs[i].people > 0 && trips->pairs[i].people >= anonymity)
            enough[count++] = trips->pairs[i];
    }
    qsort(enough, count, sizeof *enough, by_people_pair);
    for (size_t i = 0; i < count; i++)
        people[i] = enough[i].people;
    struct trips_told told = choose(trips, anonymity, people, MIN(count, size));
    memcpy(out_pairs, enough, told.count * sizeof *enough);
    return told;
}

struct trips_told trips_tell_ways(const struct trips *trips, uint32_t anonymity,
                                  struct trip_way *out_ways, size_t size)
{
    SCOPED_MEM struct trip_way *enough = mem_new_array(trips->way_count + 1, sizeof *enough);
    SCOPED_MEM uint64_t *people = mem_new_array(trips->way_count + 1, sizeof *people);
    size_t count = 0;
    for (size_t i = 0; i < trips->way_count; i++) {
        const struct trip_way *way = &trips->ways[i];
        uint64_t certain = way->people - way->error;
        if (certain == 0 || certain < anonymity)
            continue;
        enough[count] = *way;
        enough[count].people = certain;
        enough[count++].error = 0;
    }
    qsort(enough, count, sizeof *enough, by_people_way);
    for (size_t i = 0; i < count; i++)
        people[i] = enough[i].people;
    struct trips_told told = choose(trips, anonymity, people, MIN(count, size));
    memcpy(out_ways, enough, told.count * sizeof *enough);
    return told;
}

struct trips *trips_forget_few(const struct trips *trips, uint32_t anonymity)
{
    SCOPED_MEM struct trip_pair *pairs = mem_new_array(TRIPS_PAIRS_MAX, sizeof *pairs);
    SCOPED_MEM struct trip_way *ways = mem_new_array(TRIPS_WAYS_MAX, sizeof *ways);
    struct trips_told told_pairs = trips_tell_pairs(trips, anonymity, pairs, TRIPS_PAIRS_MAX);
    struct trips_told told_ways = trips_tell_ways(trips, anonymity, ways, TRIPS_WAYS_MAX);
    struct trips *kept = trips_create();
    for (size_t i = 0; i < told_pairs.count; i++)
        add_pair(kept, &pairs[i]);
    for (size_t i = 0; i < told_ways.count; i++)
        add_way(kept, &ways[i]);
    kept->people = trips->people;
    return kept;
}

void trips_report_init(struct trips_report *report)
{
    *report = (struct trips_report){.pairs = trips_create(), .ways = trips_create()};
}

void trips_report_fini(struct trips_report *report)
{
    trips_destroy(report->pairs);
    trips_destroy(report->ways);
    *report = (struct trips_report){0};
}

void trips_report_add(struct trips_report *report, const struct trips *part, uint32_t anonymity)
{
    SCOPED_MEM struct trip_pair *pairs = mem_new_array(TRIPS_PAIRS_MAX, sizeof *pairs);
    SCOPED_MEM struct trip_way *ways = mem_new_array(TRIPS_WAYS_MAX, sizeof *ways);
    struct trips_told told_pairs = trips_tell_pairs(part, anonymity, pairs, TRIPS_PAIRS_MAX);
    struct trips_told told_ways = trips_tell_ways(part, anonymity, ways, TRIPS_WAYS_MAX);
    for (size_t i = 0; i < told_pairs.count; i++)
        add_pair(report->pairs, &pairs[i]);
    for (size_t i = 0; i < told_ways.count; i++)
        add_way(report->ways, &ways[i]);
    report->pairs->people += told_pairs.people;
    report->ways->people += told_ways.people;
    report->pairs_withheld += told_pairs.withheld < 0 ? 0 : (uint64_t)told_pairs.withheld;
    report->ways_withheld += told_ways.withheld < 0 ? 0 : (uint64_t)told_ways.withheld;
    report->part_count++;
    report->parts_withheld += told_pairs.withheld < 0;
}

static void pack_way(struct packer *packer, const struct trip_way *way)
{
    pack_varint(packer, (uint64_t)way->zone_count << 1 | way->is_cut);
    for (size_t z = 0; z < way->zone_count; z++)
        pack_varint(packer, way->zones[z]);
    pack_varint(packer, way->people);
    pack_varint(packer, way->error);
}

enum err trips_pack(const struct trips *trips, void **out_bytes, size_t *out_len)
{
    struct packer packer = {0};
    seal_begin(&packer, TRIPS_VERSION, 0);
    pack_varint(&packer, trips->people);
    pack_varint(&packer, trips->unpaired);
    pack_varint(&packer, trips->pair_count);
    for (size_t i = 0; i < trips->pair_slots; i++) {
        const struct trip_pair *pair = &trips->pairs[i];
        if (pair->people == 0)
            continue;
        pack_varint(&packer, pair->origin);
        pack_varint(&packer, pair->destination);
        pack_varint(&packer, pair->people);
    }
    pack_varint(&packer, trips->way_count);
    for (size_t i = 0; i < trips->way_count; i++)
        pack_way(&packer, &trips->ways[i]);
    seal_end(&packer, SEAL_SMALL);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}

static uint16_t unpack_zone(struct unpacker *content)
{
    uint64_t zone = unpack_varint(content);
    if (zone > UINT16_MAX)
        content->is_broken = true;
    return (uint16_t)zone;
}

static bool unpack_pairs(struct unpacker *content, struct trips *trips)
{
    uint64_t count = unpack_varint(content);
    if (count > TRIPS_PAIRS_MAX)
        return false;
    for (uint64_t i = 0; i < count && !content->is_broken; i++) {
        struct trip_pair pair = {.origin = unpack_zone(content)};
        pair.destination = unpack_zone(content);
        pair.people = unpack_varint(content);
        if (pair.people == 0 || pair.people > trips->people)
            return false;
        add_pair(trips, &pair);
    }
    return !content->is_broken && trips->pair_count == count;
}

static bool unpack_ways(struct unpacker *content, struct trips *trips)
{
    uint64_t count = unpack_varint(content);
    if (count > TRIPS_WAYS_MAX)
        return false;
    for (uint64_t i = 0; i < count && !content->is_broken; i++) {
        uint64_t head = unpack_varint(content);
        struct trip_way *way = &trips->ways[trips->way_count++];
        if (head >> 1 == 0 || head >> 1 > WALKER_PATH_ZONES)
            return false;
        way->zone_count = (uint16_t)(head >> 1);
        way->is_cut = (head & 1) != 0;
        for (size_t z = 0; z < way->zone_count; z++)
            way->zones[z] = unpack_zone(content);
        way->people = unpack_varint(content);
        way->error = unpack_varint(content);
        if (way->error > way->people)
            return false;
    }
    return !content->is_broken;
}

enum err trips_unpack(const void *bytes, size_t len, struct trips **out_trips)
{
    struct unpacker content;
    uint8_t flags;
    SCOPED_MEM void *owned = NULL;
    TRY(seal_open(bytes, len, TRIPS_VERSION, TRIPS_CONTENT_MAX, &content, &flags, &owned));
    SCOPED(trips) trips = trips_create();
    trips->people = unpack_varint(&content);
    trips->unpaired = unpack_varint(&content);
    if (!unpack_pairs(&content, trips) || !unpack_ways(&content, trips) || content.p != content.end)
        return ERR_CORRUPT;
    *out_trips = TAKE(trips);
    return ERR_NONE;
}
