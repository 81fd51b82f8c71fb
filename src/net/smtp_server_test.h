// SPDX-License-Identifier: Apache-2.0
/* net/smtp_server_test.h — a real mail server for tests: Exim, Debian's exim4-daemon-light, as an own
 * instance with its own spool on a free loopback port. It offers STARTTLS and AUTH PLAIN (muster /
 * secret), refuses nobody@ with 550, asks later@ to come back with 451, and delivers everything else
 * into files. A test that needs it is skipped where it is not installed. */
#pragma once
#include "base/test.h"

struct smtp_test_server;

struct smtp_test_server *smtp_test_start(void);
/* The same one as somebody in between makes it look: it offers AUTH, but no STARTTLS. */
struct smtp_test_server *smtp_test_start_plain(void);
void smtp_test_stop(struct smtp_test_server *server);
uint16_t smtp_test_port(const struct smtp_test_server *server);
const char *smtp_test_ca_file(const struct smtp_test_server *server);
/* Waits for the next delivered mail (20 s at most). The caller owns the text. */
char *smtp_test_take_mail(struct smtp_test_server *server);
/* Waits for a line of its log that has this (20 s at most), and copies it. */
void smtp_test_wait_log(struct smtp_test_server *server, const char *part, char *out, size_t size);

/* A server that takes connections and says nothing. The caller closes the descriptor, which becomes
 * readable when somebody has connected. */
int smtp_test_listen_mute(uint16_t *out_port);
