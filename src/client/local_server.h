// SPDX-License-Identifier: Apache-2.0
/* client/local_server.h — `muster serve` as a child of this process: for the demo and the benches, which
 * talk to it as anybody else would. */
#pragma once
#include "base/base.h"

#include <sys/types.h>

struct local_server {
    pid_t pid;
    char address[128]; /* "http://127.0.0.1:41234" */
    uint16_t port;
};

#define LOCAL_SERVER_START_MS 10000

/* Starts this program's `serve` with the given arguments (NULL-ended, after "serve") and further
 * environment ("NAME=value", NULL-ended; secrets go here, not into arguments), and waits until it says
 * that it listens. ERR_IO with the reason when it ends or says nothing. */
MUST_USE enum err local_server_start(char *const *arguments, char *const *environment,
                                     struct local_server *out_server, struct err_note *note);
/* Asks it to stop and waits; returns its exit code, 128 + the signal's number when one ended it. */
int local_server_stop(struct local_server *server);
/* A new folder for the data of a server that is only for now; removed by local_server_forget(). */
MUST_USE enum err local_server_folder(char *out, size_t size, struct err_note *note);
void local_server_forget(const char *folder);
