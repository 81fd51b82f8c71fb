// SPDX-License-Identifier: Apache-2.0
/* net/live/ws_client_test.h — a WebSocket client for tests that can also break the rules. */
#pragma once
#include "net/loopback_test.h"

enum ws_test_mask { WS_MASKED, WS_UNMASKED };

struct ws_test_frame {
    unsigned char first; /* FIN and opcode */
    size_t len;
    char payload[1 << 16];
};

/* Connects, and checks the handshake; returns the descriptor. */
int ws_test_open(uint16_t port, const char *path);
/* Only the handshake's answer, with further header lines. */
int ws_test_handshake(uint16_t port, const char *path, const char *lines, struct answer *out);
void ws_test_send(int fd, unsigned char first, const void *payload, size_t len,
                  enum ws_test_mask mask);
void ws_test_send_text(int fd, const char *text);
/* The next frame, answering no pings; false at the end of the stream. */
bool ws_test_read(int fd, struct ws_test_frame *out);
/* The next text; "" at the end or a close. */
const char *ws_test_read_text(int fd);
/* Reads until a close frame; its status, 1005 without one, 0 when the stream just ended. */
int ws_test_read_close(int fd);
