// SPDX-License-Identifier: Apache-2.0
/* api/mqtt.h — Muster at the user's MQTT broker (docs/formats/mqtt.md): zone counts out, detections and
 * readings in. It translates, as the routes do: a message in is what a POST is, of the device that its
 * topic names.
 *
 * Of several processes on one database one is the bridge: the owner of shard 0 of the consumer "mqtt",
 * which has no effects and is there for its lease. When that process dies another takes over, with the
 * same client id and so with what the broker keeps for it. */
#pragma once
#include "api/api.h"

struct mqtt_bridge;

struct mqtt_bridge_options { /* texts are borrowed until the close */
    struct app *app;
    const char *url;
    const char *user;     /* NULL = none */
    const char *password; /* NULL = none */
    const char *ca_file;  /* NULL = the system's */
    const char *client_id;
    const char *prefix;           /* "muster" */
    const char *senders;          /* words, one a line: "demo", "demo/cam-1", "+"; NULL = nobody */
    const char *scenescape_event; /* whose cameras send to SceneScape's topics; NULL = not taken */
    int rate;                     /* messages a second of one topic; 0 = any number */
};

/* Wrong options are ERR_INVALID; a broker that is away is none. Close it before the modules. */
MUST_USE enum err mqtt_bridge_open(const struct mqtt_bridge_options *options,
                                   struct mqtt_bridge **out_bridge, struct err_note *note);
void mqtt_bridge_close(struct mqtt_bridge *bridge); /* NULL is fine */
