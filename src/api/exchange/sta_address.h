// SPDX-License-Identifier: Apache-2.0
/* api/exchange/sta_address.h — what is asked for by an address of OGC SensorThings 1.1 (OGC 18-088): its
 * path and its $-parameters, a subset. Pure; every text may be hostile. */
#pragma once
#include "base/base.h"

enum sta_kind {
    STA_ROOT,
    STA_THINGS,
    STA_LOCATIONS,
    STA_DATASTREAMS,
    STA_SENSORS,
    STA_PROPERTIES,
    STA_OBSERVATIONS,
    STA_FEATURES,
    STA_KINDS
};
extern const char *const sta_set_names[STA_KINDS]; /* "Things" ... */

#define STA_ID_SIZE 200

/* "Things('park')/Datastreams": `kind` is what is wanted, `from` and `id` whose. */
struct sta_path {
    enum sta_kind kind;
    enum sta_kind from;   /* the kind of the entity that `id` names; STA_ROOT = no id: all */
    char id[STA_ID_SIZE]; /* as between the quotes */
    bool is_one;          /* an entity, not a list */
    const char *via;      /* the link's name when it is from another entity; NULL */
};
/* "" is the root. ERR_NOT_FOUND, with words, for what SensorThings or this subset does not have. */
MUST_USE enum err sta_path_read(const char *path, struct sta_path *out_path, struct err_note *note);

struct sta_range {
    int64_t from_ms, to_ms; /* [from, to) */
};
#define STA_TIME_MAX INT64_C(253402300800000) /* the year 10000 */
/* "phenomenonTime ge 2026-06-20T21:00:00Z and phenomenonTime lt ...": any number of comparisons (gt, ge,
 * lt, le, eq) of that with a time, with `and` between them; resultTime is the same. ERR_MALFORMED for all
 * else. */
MUST_USE enum err sta_filter_read(const char *text, struct sta_range *out_range,
                                  struct err_note *note);

enum sta_order { STA_OLDEST_FIRST, STA_NEWEST_FIRST };
/* "phenomenonTime", with asc or desc. */
MUST_USE enum err sta_order_read(const char *text, enum sta_order *out_order,
                                 struct err_note *note);
