// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/news.h — who began and who is out of sight, as a tracker tells whoever looks beyond its
 * floor (crowd/handover/). */
#pragma once
#include "crowd/tracking/tracker.h"

#define NEWS_MAX       4096 /* not taken; beyond, the oldest are dropped */
#define NEWS_MISSED_MS 500  /* unseen for so long */
#define NEWS_EYES_MAX  8

enum news_kind { NEWS_BEGAN, NEWS_MISSED, NEWS_BACK, NEWS_LOST };

struct news_eye {
    uint32_t device; /* in the tracker's scope */
    int64_t source_track;
};

struct news {
    enum news_kind kind;
    uint64_t own_id;              /* what the tracker knows it by, always */
    struct tracker_person person; /* where it was seen first, or last */
    int64_t at_ms;                /* then */
    int64_t told_ms;              /* the step at which it was told */
    double arrivals;              /* people who begin there, per m² and second */
    struct news_eye eyes[NEWS_EYES_MAX];
    uint32_t eye_count;
};

struct news_list {
    struct news *all; /* owned */
    size_t count, size;
};

void news_list_fini(struct news_list *list);
struct news *news_add(struct news_list *list);
