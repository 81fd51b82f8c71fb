// SPDX-License-Identifier: Apache-2.0
#include "net/live/ws_client_test.h"

int ws_test_handshake(uint16_t port, const char *path, const char *lines, struct answer *out)
{
    char request[1024];
    (void)snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: muster.test\r\nUpgrade: websocket\r\n"
                   "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                   path, lines);
    int fd = loopback_connect(port);
    loopback_send_text(fd, request);
    loopback_read(fd, "GET", out);
    return fd;
}

int ws_test_open(uint16_t port, const char *path)
{
    SCOPED_ANSWER answer = {0};
    int fd = ws_test_handshake(port, path, "", &answer);
    CHECK_INT(answer.status, 101);
    /* The worked example of RFC 6455, 1.3. */
    CHECK_TEXT(answer_header(&answer, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    return fd;
}

void ws_test_send(int fd, unsigned char first, const void *payload, size_t len,
                  enum ws_test_mask mask)
{
    static const unsigned char KEY[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char *frame = mem_new(len + 14);
    size_t n = 0;
    unsigned char bit = mask == WS_MASKED ? 0x80 : 0;
    frame[n++] = first;
    if (len < 126) {
        frame[n++] = (unsigned char)(bit | len);
    } else {
        size_t bytes = len <= UINT16_MAX ? 2 : 8;
        frame[n++] = (unsigned char)(bit | (bytes == 2 ? 126 : 127));
        for (size_t i = bytes; i > 0; i--)
            frame[n++] = (unsigned char)((uint64_t)len >> 8 * (i - 1));
    }
    if (mask == WS_MASKED) {
        memcpy(frame + n, KEY, sizeof KEY);
        n += sizeof KEY;
    }
    for (size_t i = 0; i < len; i++)
        frame[n + i] = ((const unsigned char *)payload)[i] ^ (mask == WS_MASKED ? KEY[i % 4] : 0);
    loopback_send(fd, frame, n + len);
    mem_free(frame);
}

void ws_test_send_text(int fd, const char *text)
{
    ws_test_send(fd, 0x81, text, strlen(text), WS_MASKED);
}

bool ws_test_read(int fd, struct ws_test_frame *out)
{
    unsigned char head[2];
    if (!loopback_read_exact(fd, head, 2))
        return false;
    out->first = head[0];
    CHECK((head[1] & 0x80) == 0); /* a server never masks */
    size_t len = head[1];
    if (len >= 126) {
        unsigned char bytes[8];
        size_t count = len == 126 ? 2 : 8;
        CHECK(loopback_read_exact(fd, bytes, count));
        len = 0;
        for (size_t i = 0; i < count; i++)
            len = len << 8 | bytes[i];
    }
    CHECK(len < sizeof out->payload);
    out->len = len;
    out->payload[len] = '\0';
    return loopback_read_exact(fd, out->payload, len);
}

const char *ws_test_read_text(int fd)
{
    static struct ws_test_frame frame;
    while (ws_test_read(fd, &frame)) {
        if (frame.first == 0x81)
            return frame.payload;
        if (frame.first == 0x88)
            break;
    }
    return "";
}

int ws_test_read_close(int fd)
{
    static struct ws_test_frame frame;
    while (ws_test_read(fd, &frame)) {
        if (frame.first == 0x88 && frame.len < 2)
            return 1005; /* RFC 6455's word for "none given" */
        if (frame.first == 0x88)
            return (unsigned char)frame.payload[0] << 8 | (unsigned char)frame.payload[1];
    }
    return 0;
}
