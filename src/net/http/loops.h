// SPDX-License-Identifier: Apache-2.0
/* net/http/loops.h — the event threads: each waits for its sockets and then has libmicrohttpd work
 * through what is ready, a daemon of its own on the shared listening socket.
 *
 * libmicrohttpd's own threads would do, but when exactly 128 sockets (its MAX_EVENTS) are ready at once
 * they wait for further ones before they look at those: up to the idle timeout, 75 s. Without
 * waiting, which is all that we ask of it, it looks a second time and goes on. */
#pragma once
#include <microhttpd.h>
#include <stdbool.h>

struct loops;
struct loop;

/* The loop whose event thread this is, which is that of all connections and requests it calls us for. */
struct loop *loop_current(void);
/* After MHD_resume_connection() or the end of an upgraded connection: has the loop look, once for
 * however many calls while it has not. From any thread. */
void loop_wake(struct loop *loop);
void loops_wake(struct loops *loops); /* all of them */

/* Something to do on the loop's thread, before it looks at its sockets again. The caller's memory; its own
 * again when `run` is called. */
struct loop_task {
    struct loop_task *next;
    void (*run)(struct loop_task *task);
};
/* From any thread. Tasks of one thread are run in their order. Only while the loop cannot be stopped. */
void loop_post(struct loop *loop, struct loop_task *task);
bool loop_is_current(const struct loop *loop);

/* `make` starts the daemon of one thread, with MHD_USE_EPOLL and without threads of its own, for so many
 * connections; the closure of its callbacks is the context. NULL when it cannot; then none is left. */
struct loops *loops_start(int thread_count,
                          struct MHD_Daemon *(*make)(void *context, int thread_count),
                          void *context);
/* No new connections from now on. Gives back the listening socket, to be closed after loops_stop(). */
int loops_quiesce(struct loops *loops);
/* Closes all connections; no request is deferred any more. */
void loops_stop(struct loops *loops);
