// SPDX-License-Identifier: Apache-2.0
#include "accounts/forgotten.h"

#include <stdatomic.h>

#include "accounts/accounts_internal.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"

#define PLACES  256
#define KEPT_US 60000000 /* holders ask far more often */

struct forgotten {
    int64_t person_id;
    int64_t token_id;
    char event[LIMIT_ID_LEN + 1];
    int64_t at_us; /* clock_monotonic_us */
};

static struct lock lock = LOCK_INIT;
static struct forgotten places[PLACES]; /* a ring */
static uint64_t noted;
static int64_t
    all_before_us; /* a place was needed too soon: whoever was loaded before this is out */
static atomic_llong latest_us; /* so that asking is free when nobody was forgotten lately */

static void note(struct forgotten *forgotten)
{
    LOCKED(&lock);
    forgotten->at_us = clock_monotonic_us();
    struct forgotten *place = &places[noted++ % PLACES];
    if (noted > PLACES && forgotten->at_us < place->at_us + KEPT_US)
        all_before_us = place->at_us;
    *place = *forgotten;
    atomic_store(&latest_us, forgotten->at_us);
}

void forgotten_note_person(int64_t person_id)
{
    note(&(struct forgotten){.person_id = person_id});
}

void forgotten_note_token(int64_t token_id)
{
    note(&(struct forgotten){.token_id = token_id});
}

void forgotten_note_event(const char *event)
{
    struct forgotten forgotten = {.person_id = 0};
    if (text_copy(forgotten.event, sizeof forgotten.event, event))
        note(&forgotten);
}

static bool is_about(const struct forgotten *forgotten, const struct principal *principal)
{
    if (forgotten->person_id != 0)
        return forgotten->person_id == principal->person_id;
    if (forgotten->token_id != 0)
        return forgotten->token_id == principal->token_id;
    return principal_is_at(principal, forgotten->event);
}

static bool was_forgotten(const struct principal *principal, int64_t now_us)
{
    LOCKED(&lock);
    if (principal->loaded_at_us <= all_before_us)
        return true;
    uint64_t count = MIN(noted, (uint64_t)PLACES);
    for (uint64_t i = 1; i <= count; i++) {
        const struct forgotten *forgotten = &places[(noted - i) % PLACES];
        if (now_us > forgotten->at_us + KEPT_US || principal->loaded_at_us > forgotten->at_us)
            return false; /* and so are all that are older */
        if (is_about(forgotten, principal))
            return true;
    }
    return false;
}

bool principal_is_current(const struct principal *principal, int64_t now_ms)
{
    if (now_ms >= principal->ends_at_ms)
        return false;
    int64_t now_us = clock_monotonic_us();
    int64_t last_us = atomic_load(&latest_us);
    if (last_us == 0 || now_us > last_us + KEPT_US)
        return true;
    return !was_forgotten(principal, now_us);
}
