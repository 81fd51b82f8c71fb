// SPDX-License-Identifier: Apache-2.0
/* accounts/accounts.h — people, their roles at events, sessions, and the tokens of devices. */
#pragma once
#include "base/base.h"
#include "store/store.h"

enum role {
    ROLE_ADMIN = 1 << 0,     /* the whole installation; passes everywhere */
    ROLE_ORGANISER = 1 << 1, /* all of one event */
    ROLE_CONTROL = 1 << 2,   /* the control room of one event */
    ROLE_CREW = 1 << 3,
    ROLE_DOOR = 1 << 4,
    ROLE_GUEST = 1 << 5,
    ROLE_DEVICE = 1 << 6, /* a token: one device's, or "any device of this event" */
};
#define ROLES_STAFF (ROLE_ORGANISER | ROLE_CONTROL | ROLE_CREW | ROLE_DOOR)
#define ROLES_WATCH (ROLE_ORGANISER | ROLE_CONTROL) /* who sees the control room */

enum principal_kind { PRINCIPAL_PERSON, PRINCIPAL_TOKEN };

/* Who is asking. Immutable; from the cache or the database by accounts_principal_*(). */
struct principal {
    enum principal_kind kind;
    int64_t person_id; /* of a person; 0 for a token */
    int64_t token_id;
    char name[LIMIT_NAME_LEN + 1];
    char email[LIMIT_EMAIL_LEN + 1];
    bool is_admin;
    char event[LIMIT_ID_LEN + 1];  /* of a token */
    char device[LIMIT_ID_LEN + 1]; /* of a device's token; "" = any device of the event */
    size_t membership_count;
    struct principal_membership {
        char event[LIMIT_ID_LEN + 1];
        uint32_t roles;
    } memberships[];
};

/* The roles of this principal at one event; an admin has all but ROLE_DEVICE. NULL principal: 0. */
uint32_t principal_roles(const struct principal *principal, const char *event);

extern const struct store_module accounts_store_module;
