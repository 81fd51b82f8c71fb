// SPDX-License-Identifier: Apache-2.0
/* Who has to look for himself after announcements may have been missed. Housekeeping calls, so that
 * the listener goes on listening meanwhile, and tries again with its next round. */
#include "store/consumer.h"
#include "store/store_internal.h"

struct missed {
    struct missed *next;
    atomic_bool is_due;
    struct lock calling; /* held while `catch_up` runs, so that store_unlisten() can wait for it */
    enum err (*catch_up)(void *context);
    void *context;
};

struct missed_list {
    struct lock lock;
    struct missed *first; /* only ever grows */
};

struct missed_list *missed_create(void)
{
    struct missed_list *list = mem_new(sizeof *list);
    lock_init(&list->lock);
    return list;
}

void missed_free(struct missed_list *list)
{
    if (list == NULL)
        return;
    while (list->first != NULL) {
        struct missed *missed = list->first;
        list->first = missed->next;
        lock_fini(&missed->calling);
        mem_free(missed);
    }
    lock_fini(&list->lock);
    mem_free(list);
}

static struct missed *first_of(struct missed_list *list)
{
    LOCKED(&list->lock);
    return list->first;
}

void store_listen_missed(struct store *store, enum err (*catch_up)(void *context), void *context)
{
    struct missed *made = mem_new(sizeof *made);
    made->catch_up = catch_up;
    made->context = context;
    lock_init(&made->calling);
    LOCKED(&store->missed->lock);
    made->next = store->missed->first;
    store->missed->first = made;
}

void store_missed(struct store *store, void *context)
{
    for (struct missed *m = first_of(store->missed); m != NULL; m = m->next) {
        if (m->context == context)
            atomic_store(&m->is_due, true);
    }
}

void missed_all(struct missed_list *list)
{
    for (struct missed *m = first_of(list); m != NULL; m = m->next)
        atomic_store(&m->is_due, true);
}

void missed_forget(struct missed_list *list, void *context)
{
    for (struct missed *m = first_of(list); m != NULL; m = m->next) {
        LOCKED(&m->calling);
        if (m->context == context)
            m->catch_up = NULL;
    }
}

void missed_catch_up(struct missed_list *list)
{
    for (struct missed *m = first_of(list); m != NULL; m = m->next) {
        if (!atomic_exchange(&m->is_due, false))
            continue;
        LOCKED(&m->calling);
        if (m->catch_up != NULL && m->catch_up(m->context) != ERR_NONE)
            atomic_store(&m->is_due, true);
    }
}
