// SPDX-License-Identifier: Apache-2.0
/* People stand in an array; an open-addressed table of twice as many slots finds them by id. Who goes is
 * replaced by the last of the array, and the table is built anew after each sweep that let somebody go. */
#include "crowd/paths/walkers.h"

#define SLOTS_FIRST 256
#define NOBODY      UINT32_MAX

struct open_visit {
    int64_t from_ms, inside_ms; /* first and latest fix inside */
    uint16_t zone;
    bool is_visit; /* lasted bounce_ms */
};

struct walker {
    uint64_t id;
    int64_t first_ms, at_ms;
    double x, y;
    struct open_visit visits[WALKER_VISITS_OPEN];
    size_t visit_count;
    uint16_t path[WALKER_PATH_ZONES];
    size_t path_count;
    uint16_t destination;
    bool is_cut;
};

struct walkers {
    struct walkers_settings settings;
    struct walkers_listener listener;
    struct walker *people;
    size_t count, size;
    uint32_t *slots; /* into people; NOBODY */
    size_t slot_count;
    uint64_t turned_away;
};

const struct walkers_settings WALKERS_DEFAULTS = {.bounce_ms = 5000, .gone_ms = 30000};

enum err walkers_create(const struct walkers_settings *settings,
                        const struct walkers_listener *listener, struct walkers **out_walkers)
{
    if (settings->bounce_ms >= settings->gone_ms)
        return ERR_INVALID;
    struct walkers *walkers = mem_new(sizeof *walkers);
    walkers->settings = *settings;
    walkers->listener = *listener;
    *out_walkers = walkers;
    return ERR_NONE;
}

void walkers_destroy(struct walkers *walkers)
{
    if (walkers == NULL)
        return;
    mem_free(walkers->people);
    mem_free(walkers->slots);
    mem_free(walkers);
}

static size_t slot_of(const struct walkers *walkers, uint64_t id)
{
    size_t mask = walkers->slot_count - 1;
    size_t slot = (size_t)(id * 0x9E3779B97F4A7C15ULL >> 32) & mask;
    while (walkers->slots[slot] != NOBODY && walkers->people[walkers->slots[slot]].id != id)
        slot = (slot + 1) & mask;
    return slot;
}

static void build_slots(struct walkers *walkers)
{
    size_t wanted = SLOTS_FIRST;
    while (wanted < 2 * walkers->size)
        wanted *= 2;
    if (wanted != walkers->slot_count) {
        walkers->slots = mem_resize(walkers->slots, wanted * sizeof *walkers->slots);
        walkers->slot_count = wanted;
    }
    memset(walkers->slots, 0xFF, wanted * sizeof *walkers->slots);
    for (size_t i = 0; i < walkers->count; i++)
        walkers->slots[slot_of(walkers, walkers->people[i].id)] = (uint32_t)i;
}

/* NULL when there are too many. */
static struct walker *find_or_add(struct walkers *walkers, const struct tracker_fix *fix)
{
    if (walkers->slot_count == 0)
        build_slots(walkers);
    size_t slot = slot_of(walkers, fix->person.id);
    if (walkers->slots[slot] != NOBODY)
        return &walkers->people[walkers->slots[slot]];
    if (walkers->count == WALKERS_MAX)
        return NULL;
    if (walkers->count == walkers->size) {
        walkers->size = walkers->size == 0 ? SLOTS_FIRST / 2 : 2 * walkers->size;
        walkers->people = mem_resize(walkers->people, walkers->size * sizeof *walkers->people);
        build_slots(walkers);
        slot = slot_of(walkers, fix->person.id);
    }
    walkers->slots[slot] = (uint32_t)walkers->count;
    struct walker *walker = &walkers->people[walkers->count++];
    *walker = (struct walker){.id = fix->person.id,
                              .first_ms = fix->at_ms,
                              .at_ms = fix->at_ms,
                              .x = fix->person.x,
                              .y = fix->person.y};
    return walker;
}

static void tell_stay(struct walkers *walkers, const struct walker *walker,
                      const struct tracker_fix *fix)
{
    if (walkers->listener.stay == NULL || fix->at_ms <= walker->at_ms ||
        fix->at_ms - walker->at_ms >= WALKER_STAY_MS)
        return;
    struct stay stay = {walker->id, walker->at_ms, fix->at_ms, (walker->x + fix->person.x) / 2,
                        (walker->y + fix->person.y) / 2};
    walkers->listener.stay(walkers->listener.context, &stay);
}

enum visit_end { IS_LEFT, IS_LOST };

static void tell_visit(struct walkers *walkers, const struct walker *walker,
                       const struct open_visit *open, enum visit_end end)
{
    if (!open->is_visit || walkers->listener.visit == NULL)
        return;
    /* Who was inside at the last fix of all was not seen leaving. */
    bool is_censored = end == IS_LOST && open->inside_ms == walker->at_ms;
    struct visit visit = {walker->id, open->from_ms, open->inside_ms, open->zone, is_censored};
    walkers->listener.visit(walkers->listener.context, &visit);
}

static void add_to_path(struct walker *walker, uint16_t zone)
{
    bool is_first = walker->path_count == 0;
    if (!is_first && walker->destination == zone)
        return;
    walker->destination = zone;
    if (walker->path_count < WALKER_PATH_ZONES)
        walker->path[walker->path_count++] = zone;
    else
        walker->is_cut = true;
}

static void enter(struct walkers *walkers, struct walker *walker, uint16_t zone, int64_t at_ms)
{
    struct open_visit *open = NULL;
    for (size_t i = 0; i < walker->visit_count && open == NULL; i++) {
        if (walker->visits[i].zone == zone)
            open = &walker->visits[i];
    }
    if (open == NULL) {
        if (walker->visit_count == WALKER_VISITS_OPEN)
            return;
        open = &walker->visits[walker->visit_count++];
        *open = (struct open_visit){.from_ms = at_ms, .zone = zone};
    }
    open->inside_ms = at_ms;
    if (!open->is_visit && at_ms - open->from_ms >= walkers->settings.bounce_ms) {
        open->is_visit = true;
        add_to_path(walker, zone);
    }
}

static bool holds(const uint16_t *zones, size_t zone_count, uint16_t zone)
{
    for (size_t i = 0; i < zone_count; i++) {
        if (zones[i] == zone)
            return true;
    }
    return false;
}

/* Ends the visits of zones that do not hold the person, and have not for bounce_ms. */
static void leave(struct walkers *walkers, struct walker *walker, int64_t at_ms,
                  const uint16_t *zones, size_t zone_count)
{
    size_t kept = 0;
    for (size_t i = 0; i < walker->visit_count; i++) {
        const struct open_visit *open = &walker->visits[i];
        if (!holds(zones, zone_count, open->zone) &&
            at_ms - open->inside_ms >= walkers->settings.bounce_ms)
            tell_visit(walkers, walker, open, IS_LEFT);
        else
            walker->visits[kept++] = *open;
    }
    walker->visit_count = kept;
}

void walkers_add(struct walkers *walkers, const struct tracker_fix *fix, const uint16_t *zones,
                 size_t zone_count)
{
    struct walker *walker = find_or_add(walkers, fix);
    if (walker == NULL) {
        walkers->turned_away++;
        return;
    }
    if (fix->at_ms < walker->at_ms)
        return;
    tell_stay(walkers, walker, fix);
    leave(walkers, walker, fix->at_ms, zones, zone_count);
    walker->at_ms = fix->at_ms;
    walker->x = fix->person.x;
    walker->y = fix->person.y;
    for (size_t i = 0; i < zone_count; i++)
        enter(walkers, walker, zones[i], fix->at_ms);
}

static void tell_journey(struct walkers *walkers, const struct walker *walker)
{
    if (walkers->listener.journey == NULL || walker->path_count == 0)
        return;
    struct journey journey = {.id = walker->id,
                              .from_ms = walker->first_ms,
                              .until_ms = walker->at_ms,
                              .zone_count = walker->path_count,
                              .destination = walker->destination,
                              .is_cut = walker->is_cut};
    memcpy(journey.zones, walker->path, walker->path_count * sizeof *walker->path);
    walkers->listener.journey(walkers->listener.context, &journey);
}

static void let_go(struct walkers *walkers, const struct walker *walker)
{
    for (size_t i = 0; i < walker->visit_count; i++)
        tell_visit(walkers, walker, &walker->visits[i], IS_LOST);
    tell_journey(walkers, walker);
}

void walkers_advance(struct walkers *walkers, int64_t now_ms)
{
    size_t before = walkers->count;
    for (size_t i = 0; i < walkers->count;) {
        if (now_ms - walkers->people[i].at_ms < walkers->settings.gone_ms) {
            i++;
            continue;
        }
        let_go(walkers, &walkers->people[i]);
        walkers->people[i] = walkers->people[--walkers->count];
    }
    if (walkers->count != before)
        build_slots(walkers);
}

void walkers_end(struct walkers *walkers)
{
    for (size_t i = 0; i < walkers->count; i++)
        let_go(walkers, &walkers->people[i]);
    walkers->count = 0;
    build_slots(walkers);
}

void walkers_each_open(const struct walkers *walkers,
                       void (*visit)(void *context, const struct visit *visit), void *context)
{
    for (size_t i = 0; i < walkers->count; i++) {
        const struct walker *walker = &walkers->people[i];
        for (size_t v = 0; v < walker->visit_count; v++) {
            const struct open_visit *open = &walker->visits[v];
            if (!open->is_visit)
                continue;
            struct visit told = {walker->id, open->from_ms, open->inside_ms, open->zone, true};
            visit(context, &told);
        }
    }
}

int64_t walkers_oldest_ms(const struct walkers *walkers)
{
    int64_t oldest_ms = INT64_MAX;
    for (size_t i = 0; i < walkers->count; i++)
        oldest_ms = MIN(oldest_ms, walkers->people[i].first_ms);
    return oldest_ms;
}

size_t walkers_count(const struct walkers *walkers)
{
    return walkers->count;
}

uint64_t walkers_turned_away(const struct walkers *walkers)
{
    return walkers->turned_away;
}
