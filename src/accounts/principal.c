// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts_internal.h"

static uint32_t role_of_token(enum token_purpose purpose)
{
    switch (purpose) {
    case TOKEN_SENDS:
        return ROLE_DEVICE;
    case TOKEN_READS:
        return ROLE_READER;
    case TOKEN_OTHER:
        return 0;
    }
    return 0;
}

uint32_t principal_roles(const struct principal *principal, const char *event)
{
    if (principal == NULL || event[0] == '\0')
        return 0;
    if (principal->kind == PRINCIPAL_TOKEN)
        return strcmp(principal->event, event) == 0 ? role_of_token(principal->purpose) : 0;
    if (principal->is_admin)
        return ROLE_ADMIN | ROLES_EVENT | ROLE_PERSON;
    for (size_t i = 0; i < principal->membership_count; i++)
        if (strcmp(principal->memberships[i].event, event) == 0)
            return principal->memberships[i].roles | ROLE_PERSON;
    return 0;
}

bool principal_is_at(const struct principal *principal, const char *event)
{
    if (strcmp(principal->event, event) == 0)
        return true;
    for (size_t i = 0; i < principal->membership_count; i++)
        if (strcmp(principal->memberships[i].event, event) == 0)
            return true;
    return false;
}

static void principal_free(struct shared *shared)
{
    mem_free(shared);
}

void principal_unref(void *principal)
{
    shared_unref(principal);
}

struct principal *principal_new(enum principal_kind kind, size_t membership_count)
{
    struct principal *principal =
        mem_new(sizeof *principal + membership_count * sizeof principal->memberships[0]);
    shared_init(&principal->shared, principal_free);
    principal->kind = kind;
    return principal;
}
