// SPDX-License-Identifier: Apache-2.0
#include "store/pg_server.h"

#include "base/clock.h"
#include "base/folder.h"
#include "base/port.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#define START_MS 30000
#define LOOK_MS  20

struct pg_server {
    char binaries[256];
    char folder[512];
    char url[160];
    int port;
    pid_t pid;
    uid_t user;
    gid_t group;
    bool is_other_user;
};

static bool find_binaries(char *out, size_t size)
{
    glob_t found;
    bool is_found = false;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0) {
        const char *last = found.gl_pathv[found.gl_pathc - 1]; /* sorted: the newest */
        is_found = snprintf(out, size, "%.*s", (int)(strlen(last) - strlen("/initdb")), last) > 0;
        globfree(&found);
    }
    return is_found;
}

static bool find_user(struct pg_server *server)
{
    server->is_other_user = geteuid() == 0;
    server->user = geteuid();
    server->group = getegid();
    if (!server->is_other_user)
        return true;
    const struct passwd *user = getpwnam("postgres");
    if (user == NULL)
        user = getpwnam("nobody");
    if (user == NULL)
        return false;
    server->user = user->pw_uid;
    server->group = user->pw_gid;
    return true;
}

/* In the child: become the user, write to the log, and end with the parent. */
_Noreturn static void become(const struct pg_server *server, char *const arguments[])
{
    char log[600];
    (void)snprintf(log, sizeof log, "%s/log", server->folder);
    if (server->is_other_user &&
        (setgroups(0, NULL) != 0 || setgid(server->group) != 0 || setuid(server->user) != 0))
        _exit(126);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int none = open("/dev/null", O_RDONLY);
    if (fd < 0 || none < 0 || dup2(none, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(126);
    (void)close_range(3, ~0U, 0); /* ours are close-on-exec; this is for a library's */
    if (prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || chdir(server->folder) != 0)
        _exit(126);
    (void)execv(arguments[0], arguments); /* returns only when it failed */
    _exit(127);
}

static pid_t spawn(const struct pg_server *server, char *const arguments[])
{
    pid_t pid = fork();
    if (pid == 0)
        become(server, arguments);
    return pid;
}

static bool wait_for(pid_t pid)
{
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make_cluster(const struct pg_server *server)
{
    char program[300], data[600];
    (void)snprintf(program, sizeof program, "%s/initdb", server->binaries);
    (void)snprintf(data, sizeof data, "%s/data", server->folder);
    char *arguments[] = {program, "-D", data,   "-U",         "muster",    "-A",
                         "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions",
                         NULL};
    return wait_for(spawn(server, arguments));
}

static bool is_answering(const struct pg_server *server)
{
    PGconn *connection = PQconnectdb(server->url);
    bool is_good = PQstatus(connection) == CONNECTION_OK;
    PQfinish(connection);
    return is_good;
}

/* Looks again until it answers, ends, or the time is over. */
static bool wait_until_answering(struct pg_server *server)
{
    int64_t deadline_us = clock_monotonic_us() + START_MS * INT64_C(1000);
    while (!is_answering(server)) {
        int status;
        if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
            server->pid = 0;
            return false;
        }
        if (clock_monotonic_us() > deadline_us)
            return false;
        (void)poll(NULL, 0, LOOK_MS); /* there is no event to wait for in another's start */
    }
    return true;
}

enum err pg_server_resume(struct pg_server *server, struct err_note *note)
{
    char program[300], data[600], port[16];
    (void)snprintf(program, sizeof program, "%s/postgres", server->binaries);
    (void)snprintf(data, sizeof data, "%s/data", server->folder);
    (void)snprintf(port, sizeof port, "%d", server->port);
    char *arguments[] = {program, "-D",        data, "-p",           port,
                         "-h",    "127.0.0.1", "-k", server->folder, NULL};
    server->pid = spawn(server, arguments);
    if (server->pid > 0 && wait_until_answering(server))
        return ERR_NONE;
    return err_set(note, ERR_IO, "PostgreSQL", "It does not start; read %s/log.", server->folder);
}

void pg_server_halt(struct pg_server *server, enum pg_server_end end)
{
    if (server->pid <= 0)
        return;
    /* SIGQUIT to the postmaster ends all its children at once, without a checkpoint: a crash. */
    (void)kill(server->pid, end == PG_SERVER_CRASH ? SIGQUIT : SIGINT);
    (void)wait_for(server->pid); /* a crash has its own exit code */
    server->pid = 0;
}

static enum err start(struct pg_server *server, const char *parent, struct err_note *note)
{
    if (!find_binaries(server->binaries, sizeof server->binaries))
        return err_set(note, ERR_NOT_FOUND, "PostgreSQL",
                       "It is not installed: apt-get install postgresql-15.");
    if (!find_user(server))
        return err_set(note, ERR_NOT_FOUND, "PostgreSQL",
                       "It does not run as root, and there is no user postgres or nobody.");
    if (parent == NULL)
        parent = getenv("TMPDIR");
    char folder[sizeof server->folder];
    (void)snprintf(folder, sizeof folder, "%s/muster-pg-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL || chown(folder, server->user, server->group) != 0)
        return err_set(note, ERR_IO, folder, "The folder cannot be made: %s.", strerror(errno));
    memcpy(server->folder, folder, sizeof server->folder);
    server->port = port_find_free();
    (void)snprintf(server->url, sizeof server->url, "postgresql://muster@127.0.0.1:%d/postgres",
                   server->port);
    if (!make_cluster(server))
        return err_set(note, ERR_IO, "PostgreSQL", "initdb failed; read %s/log.", server->folder);
    return pg_server_resume(server, note);
}

enum err pg_server_start(const char *parent, struct pg_server **out_server, struct err_note *note)
{
    struct pg_server *server = mem_new(sizeof *server);
    enum err err = start(server, parent, note);
    if (err != ERR_NONE) {
        pg_server_halt(server, PG_SERVER_CRASH); /* the folder stays: its log tells why */
        mem_free(server);
        return err;
    }
    *out_server = server;
    return ERR_NONE;
}

void pg_server_stop(struct pg_server *server)
{
    if (server == NULL)
        return;
    pg_server_halt(server, PG_SERVER_FAST);
    folder_remove(server->folder);
    mem_free(server);
}

int pg_server_port(const struct pg_server *server)
{
    return server->port;
}

const char *pg_server_url(const struct pg_server *server)
{
    return server->url;
}
