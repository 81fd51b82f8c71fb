// SPDX-License-Identifier: Apache-2.0
/* server/first_admin.h — somebody must be able to sign in to an empty installation. */
#pragma once
#include "accounts/accounts.h"
#include "server/settings.h"

#define FIRST_ADMIN_PASSWORD_FILE "first-admin-password" /* in the data folder */

/* Creates the administrator of the settings, or one with a random password, when there is no
 * account at all. A random password goes to a file that only this user can read, never to a log.
 *
 * The file is on disk before there is an account for it, and a file that is there already is used:
 * so a start that was killed anywhere in between is taken up by the next one, and no account ever
 * waits for a password that nobody knows. Of several processes that start at once on one database
 * one makes the account and keeps its file; the others go on without. */
MUST_USE enum err first_admin_create(struct accounts *accounts,
                                     const struct server_options *options, struct err_note *note);
