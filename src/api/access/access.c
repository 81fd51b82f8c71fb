// SPDX-License-Identifier: Apache-2.0
#include "api/access/access.h"

static enum access without_event(uint32_t route_roles, const struct principal *principal)
{
    bool needs_event = (route_roles & (ROLES_EVENT | ROLES_TOKEN)) != 0;
    return needs_event && principal->membership_count > 1 ? ACCESS_UNCERTAIN : ACCESS_DENIED;
}

enum access access_decide(uint32_t route_roles, const struct principal *principal,
                          const char *event)
{
    if (route_roles == 0)
        return ACCESS_GRANTED;
    if (principal == NULL)
        return ACCESS_UNKNOWN;
    bool is_person = principal->kind == PRINCIPAL_PERSON;
    if (is_person && (route_roles & ROLE_PERSON) != 0)
        return ACCESS_GRANTED;
    if (is_person && principal->is_admin)
        return (route_roles & ~(uint32_t)ROLES_TOKEN) != 0 ? ACCESS_GRANTED : ACCESS_DENIED;
    if (event[0] == '\0')
        return without_event(route_roles, principal);
    uint32_t roles = principal_roles(principal, event) & ~(uint32_t)ROLE_PERSON;
    if (roles == 0)
        return ACCESS_HIDDEN;
    return (roles & route_roles) != 0 ? ACCESS_GRANTED : ACCESS_DENIED;
}
