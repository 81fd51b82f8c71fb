// SPDX-License-Identifier: Apache-2.0
#include "client/local_server.h"

#include "base/clock.h"
#include "base/folder.h"
#include "base/text.h"
#include "client/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ARGUMENTS_MAX = 32, ENVIRONMENT_MAX = 16 };

static _Noreturn void run_child(char *const *arguments, char *const *environment, int output)
{
    char *all[ARGUMENTS_MAX + 3] = {"muster", "serve"};
    for (size_t i = 0; arguments != NULL && arguments[i] != NULL && i < ARGUMENTS_MAX; i++)
        all[i + 2] = arguments[i];
    for (size_t i = 0; environment != NULL && environment[i] != NULL && i < ENVIRONMENT_MAX; i++)
        (void)putenv(environment[i]);
    interrupt_unblock();
    /* A group of its own: Ctrl-C is for the command, which then ends the server in good order. */
    (void)setpgid(0, 0);
    /* A server that outlived its demo would keep its port and its folder. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)dup2(output, STDOUT_FILENO);
    (void)execve("/proc/self/exe", all, environ);
    _exit(127);
}

/* Reads the one line that serve prints. */
static bool read_address(int input, struct local_server *server)
{
    char line[256];
    size_t len = 0;
    int64_t deadline_us = clock_monotonic_us() + LOCAL_SERVER_START_MS * 1000LL;
    while (len < sizeof line - 1) {
        int left_ms = (int)((deadline_us - clock_monotonic_us()) / 1000);
        struct pollfd ready = {.fd = input, .events = POLLIN};
        if (left_ms <= 0 || poll(&ready, 1, left_ms) <= 0 || read(input, line + len, 1) != 1)
            return false;
        if (line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    const char *address = strstr(line, "address=");
    const char *colon = strrchr(line, ':');
    if (address == NULL || colon == NULL)
        return false;
    server->port = (uint16_t)strtoul(colon + 1, NULL, 10);
    return text_copy(server->address, sizeof server->address, address + strlen("address="));
}

enum err local_server_start(char *const *arguments, char *const *environment,
                            struct local_server *out_server, struct err_note *note)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(note, ERR_IO, "serve", "no pipe: %s", strerror(errno));
    struct local_server server = {.pid = fork()};
    if (server.pid == 0)
        run_child(arguments, environment, ends[1]);
    (void)close(ends[1]);
    bool is_listening = server.pid > 0 && read_address(ends[0], &server);
    (void)close(ends[0]);
    if (!is_listening) {
        int code = server.pid > 0 ? local_server_stop(&server) : -1;
        return err_set(note, ERR_IO, "serve", "did not start (exit code %d); its log says why",
                       code);
    }
    *out_server = server;
    return ERR_NONE;
}

int local_server_stop(struct local_server *server)
{
    if (server->pid <= 0)
        return 0;
    int status = 0;
    (void)kill(server->pid, SIGTERM);
    while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    server->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

enum err local_server_folder(char *out, size_t size, struct err_note *note)
{
    const char *parent = getenv("TMPDIR");
    int len = snprintf(out, size, "%s/muster-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (len < 0 || (size_t)len >= size || mkdtemp(out) == NULL)
        return err_set(note, ERR_IO, "TMPDIR", "no folder can be made there: %s", strerror(errno));
    return ERR_NONE;
}

void local_server_forget(const char *folder)
{
    if (folder[0] != '\0')
        folder_remove(folder);
}
