// SPDX-License-Identifier: Apache-2.0
#include "api/exchange/sta_items.h"

void sta_window_fini(struct sta_window *window)
{
    mem_free(window->items);
    *window = (struct sta_window){0};
}

/* Does the path mean this one? Of all, the one with that id, or those that belong to it. */
static bool is_meant(const struct sta_path *path, const struct sta_item *item)
{
    char id[STA_ID_SIZE];
    if (path->from == STA_ROOT)
        return true;
    bool has_measure = path->from == STA_PROPERTIES || path->from == STA_DATASTREAMS;
    if (has_measure && item->measure == NULL)
        return false;
    sta_id(path->from, item, id);
    return strcmp(id, path->id) == 0;
}

static void offer(const struct sta_path *path, struct sta_window *window,
                  const struct sta_item *item)
{
    if (!is_meant(path, item))
        return;
    if (window->total >= window->skip && window->count < window->top) {
        if (window->items == NULL)
            window->items = mem_new_array(window->top, sizeof *window->items);
        window->items[window->count++] = *item;
    }
    window->total++;
}

/* Every series of a venue, its own first. */
static void offer_series(const struct sta_path *path, struct sta_window *window,
                         const struct venue_view *view)
{
    for (size_t m = 0; m < sta_measure_count; m++) {
        if (sta_measures[m].is_of_venues)
            offer(path, window, &(struct sta_item){.view = view, .measure = &sta_measures[m]});
    }
    for (size_t z = 0; z < view->zone_count; z++) {
        for (size_t m = 0; m < sta_measure_count; m++)
            offer(path, window,
                  &(struct sta_item){
                      .view = view, .zone = &view->zones[z], .measure = &sta_measures[m]});
    }
}

static void offer_of_venue(const struct sta_path *path, struct sta_window *window,
                           const struct venue_view *view)
{
    if (path->kind == STA_DATASTREAMS) {
        offer_series(path, window, view);
        return;
    }
    if (path->kind == STA_LOCATIONS && !view->is_on_earth)
        return;
    offer(path, window, &(struct sta_item){.view = view});
    for (size_t z = 0; z < view->zone_count && path->kind == STA_FEATURES; z++)
        offer(path, window, &(struct sta_item){.view = view, .zone = &view->zones[z]});
}

/* What one Datastream belongs to. */
static void offer_of_datastream(const struct sta_path *path, const struct event_venues *venues,
                                struct sta_window *window)
{
    struct sta_item item;
    if (sta_datastream_find(venues, path->id, &item))
        offer(path, window, &item);
}

void sta_items_find(const struct sta_path *path, const struct event_venues *venues,
                    struct sta_window *window)
{
    assert(path->kind != STA_ROOT && path->kind != STA_OBSERVATIONS);
    if (path->from == STA_DATASTREAMS) {
        offer_of_datastream(path, venues, window);
        return;
    }
    if (path->kind == STA_SENSORS) {
        offer(path, window, &(struct sta_item){0});
        return;
    }
    for (size_t m = 0; m < sta_measure_count && path->kind == STA_PROPERTIES; m++)
        offer(path, window, &(struct sta_item){.measure = &sta_measures[m]});
    for (size_t i = 0; i < venues->count && path->kind != STA_PROPERTIES; i++)
        offer_of_venue(path, window, venues->views[i]);
}

bool sta_datastream_find(const struct event_venues *venues, const char *series,
                         struct sta_item *out_item)
{
    const struct sta_path one = {.kind = STA_DATASTREAMS, .from = STA_DATASTREAMS};
    struct sta_path path = one;
    struct sta_window window = {.top = 1};
    if (!text_copy(path.id, sizeof path.id, series))
        return false;
    for (size_t i = 0; i < venues->count && window.count == 0; i++)
        offer_series(&path, &window, venues->views[i]);
    bool is_found = window.count > 0;
    if (is_found)
        *out_item = window.items[0];
    sta_window_fini(&window);
    return is_found;
}
