// SPDX-License-Identifier: Apache-2.0
/* bench/peers/nginx.h — a real nginx of our own, serving files of a folder on a free loopback port. */
#pragma once
#include "base/base.h"

#include <sys/types.h>

struct nginx {
    pid_t pid;
    uint16_t port;
};

/* `folder` holds the files and gets nginx's own. ERR_NOT_FOUND says what to install. */
MUST_USE enum err nginx_start(const char *folder, struct nginx *out_nginx, struct err_note *note);
void nginx_stop(struct nginx *nginx);
