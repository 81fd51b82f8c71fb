// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "server/server.h"
#include "store/store_fault.h"

#include <errno.h>
#include <signal.h>

/* Blocked before the first thread starts, so that every thread inherits it and only sigwait() sees
 * them. */
static sigset_t block_signals(void)
{
    sigset_t ending;
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGINT);
    assert(sigprocmask(SIG_BLOCK, &ending, NULL) == 0);
    /* A peer that went away is an error of write(), not the end of the program. */
    assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    return ending;
}

/* For the tests of what happens then; nobody should wonder why the disk fails. */
static enum err inject_faults(struct err_note *note)
{
    TRY(store_fault_from_environment(note));
    if (getenv("MUSTER_FAULT") != NULL)
        log_write(LOG_WARN, "server", "the disk is made to fail", "MUSTER_FAULT=%s",
                  LOG_TEXT(getenv("MUSTER_FAULT")));
    return ERR_NONE;
}

static enum command_result serve(const struct command_call *call)
{
    struct err_note note = {0};
    struct server *server = NULL;
    sigset_t ending = block_signals();
    enum err err = inject_faults(&note);
    if (err == ERR_NONE)
        err = server_start(call->settings, &server, &note);
    if (err != ERR_NONE)
        return command_fail(err == ERR_INVALID ? COMMAND_MISUSED : COMMAND_FAILED, &note);
    (void)printf("listening address=%s\n", server_url(server));
    (void)fflush(stdout); /* nobody may be reading; the log has the address too */

    int signal_number = 0;
    (void)sigwait(&ending, &signal_number); /* fails only for a wrong set */
    /* Who asks twice wants it now. */
    assert(sigprocmask(SIG_UNBLOCK, &ending, NULL) == 0);
    log_write(LOG_INFO, "server", "stopping", "signal=%s", sigabbrev_np(signal_number));
    server_stop(server);
    log_write(LOG_INFO, "server", "stopped", "clean=yes");
    return COMMAND_DONE;
}

const struct command command_serve = {
    .name = "serve",
    .summary = "runs the server",
    .manual =
        "Runs the server until SIGTERM or SIGINT. When it is ready it prints one line on stdout, "
        "'listening address=URL'; the log goes to stderr.\n\nWithout --database everything is in "
        "the data folder. Several processes may serve one PostgreSQL and share the work.\n\nFor "
        "tests only: MUSTER_FAULT=\"write:120:ENOSPC:50\" lets the 50 writes after the "
        "first 120 to the embedded databases fail as a full disk does, \"sync:7:EIO:1\" one fsync "
        "after 7. Only serve reads it, and it says so in the log.",
    .takes = COMMAND_ALL_SETTINGS,
    .run = serve,
};
