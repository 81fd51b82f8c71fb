// SPDX-License-Identifier: Apache-2.0
/* client/sample_setup.h — makes the sample event of feeds/sample.h through the public API: venue, zones,
 * cameras with their calibration, rules, one person for the control room, one token for the cameras. */
#pragma once
#include "client/client.h"

#define SAMPLE_CONTROL_EMAIL "control@riverside.example"

struct sample_access {
    char control_password[32];
    char token[64]; /* for every camera of the event */
};

/* `client` is signed in as an administrator. ERR_CONFLICT when the event is there already. */
MUST_USE enum err sample_setup(struct client *client, struct sample_access *out_access,
                               struct err_note *note);
