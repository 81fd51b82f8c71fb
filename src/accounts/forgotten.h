// SPDX-License-Identifier: Apache-2.0
/* accounts/forgotten.h — who was forgotten lately, for those who hold a principal for longer than a
 * request: one that was loaded before its person, token or event was forgotten may say something that
 * is no longer true. One memory for the whole program; never waits. */
#pragma once
#include "accounts/accounts.h"

/* After the change was committed (and heard of, when another process made it). */
void forgotten_note_person(int64_t person_id);
void forgotten_note_token(int64_t token_id);
void forgotten_note_event(const char *event);
