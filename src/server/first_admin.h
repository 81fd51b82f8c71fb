// SPDX-License-Identifier: Apache-2.0
/* server/first_admin.h — somebody must be able to sign in to an empty installation. */
#pragma once
#include "accounts/accounts.h"
#include "server/settings.h"

/* Creates the administrator of the settings, or one with a random password, when there is no
 * account at all. A random password goes to a file that only this user can read, never to a log. */
MUST_USE enum err first_admin_create(struct accounts *accounts,
                                     const struct server_options *options, struct err_note *note);
