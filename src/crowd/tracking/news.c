// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/news.h"

void news_list_fini(struct news_list *list)
{
    mem_free(list->all);
    *list = (struct news_list){0};
}

struct news *news_add(struct news_list *list)
{
    if (list->count == NEWS_MAX) { /* nobody asks: the older half is given up */
        memmove(list->all, list->all + NEWS_MAX / 2, NEWS_MAX / 2 * sizeof *list->all);
        list->count = NEWS_MAX / 2;
    }
    if (list->count == list->size) {
        list->size = list->size == 0 ? 32 : 2 * list->size;
        list->all = mem_resize(list->all, list->size * sizeof *list->all);
    }
    struct news *news = &list->all[list->count++];
    *news = (struct news){0};
    return news;
}
