// SPDX-License-Identifier: Apache-2.0
#include "net/smtp_server_test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/folder.h"
#include "net/certificate_test.h"

#define EXIM     "/usr/sbin/exim4"
#define WAIT_MS  20000
#define MAIL_MAX (1024 * 1024)

struct smtp_test_server {
    char folder[64];
    char ca_file[96];
    pid_t pid;
    uint16_t port;
    int watch; /* inotify on the folder of new mails */
    char events[4096] __attribute__((aligned(8)));
    size_t events_len;
    size_t events_read;
};

/* Exim never delivers as root, and only root may choose another user. */
static const char CONFIG[] =
    "exim_user = %u\nexim_group = %u\nspool_directory = %s/spool\nlog_file_path = %s/log-%%s\n"
    "pid_file_path = %s/pid\nprimary_hostname = mail.test\ndomainlist local_domains = *\n"
    "tls_advertise_hosts = %s\ntls_certificate = %s/cert.pem\ntls_privatekey = %s/key.pem\n"
    "acl_smtp_rcpt = rcpt\nacl_smtp_data = data\nhost_lookup =\nrfc1413_query_timeout = 0s\n"
    "log_selector = +smtp_no_mail\n"
    "keep_environment =\nauth_advertise_hosts = *\nsmtp_accept_max = 0\n%s"
    "begin acl\nrcpt:\n  deny local_parts = nobody\n  defer local_parts = later\n  accept\n"
    "data:\n  accept\n"
    "begin routers\nall:\n  driver = accept\n  transport = file\n"
    "begin transports\nfile:\n  driver = appendfile\n  directory = %s/mail\n  maildir_format\n"
    "  create_directory = false\n  %s\n"
    "begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n"
    "  server_prompts = :\n"
    "  server_condition = ${if and{{eq{$auth2}{muster}}{eq{$auth3}{secret}}}{yes}{no}}\n"
    "  server_set_id = $auth2\n";

static void write_config(const struct smtp_test_server *server, const char *tls_hosts)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/exim.conf", server->folder);
    FILE *file = fopen(path, "we");
    CHECK(file != NULL);
    const char *f = server->folder;
    bool is_root = geteuid() == 0;
    (void)fprintf(file, CONFIG, geteuid(), getegid(), f, f, f, tls_hosts, f, f,
                  is_root ? "never_users =\n" : "deliver_drop_privilege = true\n", f,
                  is_root ? "user = nobody\n  group = nogroup" : "");
    CHECK(fclose(file) == 0);
}

static void make_folder(const char *parent, const char *name)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", parent, name);
    CHECK(mkdir(path, 0777) == 0);
    CHECK(chmod(path, 0777) == 0);
}

static int listen_somewhere(uint16_t *out_port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    CHECK(bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 16) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

/* The listening socket is ours and Exim's standard input: clients may connect before it is up. */
static void start_exim(struct smtp_test_server *server)
{
    int fd = listen_somewhere(&server->port);
    char path[96];
    (void)snprintf(path, sizeof path, "%s/exim.conf", server->folder);
    server->pid = fork();
    CHECK(server->pid >= 0);
    if (server->pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (dup2(fd, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && setpgid(0, 0) == 0)
            (void)execl(EXIM, EXIM, "-C", path, "-bw", (char *)NULL);
        _exit(127);
    }
    (void)close(fd);
}

static struct smtp_test_server *start_server(const char *tls_hosts)
{
    if (access(EXIM, X_OK) != 0)
        test_skip("needs a mail server: Debian's exim4-daemon-light");
    struct smtp_test_server *server = mem_new(sizeof *server);
    /* Not test_folder(): the user who delivers must be able to enter. */
    (void)snprintf(server->folder, sizeof server->folder, "/tmp/muster-mail-XXXXXX");
    CHECK(mkdtemp(server->folder) != NULL);
    CHECK(chmod(server->folder, 0755) == 0);
    make_folder(server->folder, "spool");
    static const char *const FOLDERS[] = {"mail", "mail/new", "mail/cur", "mail/tmp"};
    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++)
        make_folder(server->folder, FOLDERS[i]);
    certificate_test_write(server->folder);
    (void)snprintf(server->ca_file, sizeof server->ca_file, "%s/cert.pem", server->folder);
    char path[96];
    (void)snprintf(path, sizeof path, "%s/mail/new", server->folder);
    server->watch = inotify_init1(IN_CLOEXEC);
    CHECK(inotify_add_watch(server->watch, path, IN_MOVED_TO | IN_CREATE) >= 0);
    write_config(server, tls_hosts);
    start_exim(server);
    return server;
}

struct smtp_test_server *smtp_test_start(void)
{
    return start_server("*");
}

struct smtp_test_server *smtp_test_start_plain(void)
{
    return start_server("");
}

void smtp_test_stop(struct smtp_test_server *server)
{
    /* Its group: the daemon and whatever it is still delivering with. */
    CHECK(kill(-server->pid, SIGTERM) == 0 || kill(server->pid, SIGTERM) == 0);
    int status;
    CHECK(waitpid(server->pid, &status, 0) == server->pid);
    (void)close(server->watch);
    folder_remove(server->folder);
    mem_free(server);
}

uint16_t smtp_test_port(const struct smtp_test_server *server)
{
    return server->port;
}

const char *smtp_test_ca_file(const struct smtp_test_server *server)
{
    return server->ca_file;
}

char *smtp_test_take_mail(struct smtp_test_server *server)
{
    if (server->events_read == server->events_len) {
        struct pollfd wait = {.fd = server->watch, .events = POLLIN};
        CHECK(poll(&wait, 1, WAIT_MS) == 1);
        ssize_t len = read(server->watch, server->events, sizeof server->events);
        CHECK(len > 0);
        server->events_len = (size_t)len;
        server->events_read = 0;
    }
    const struct inotify_event *event = (const void *)(server->events + server->events_read);
    server->events_read += sizeof *event + event->len;
    char path[400];
    (void)snprintf(path, sizeof path, "%s/mail/new/%s", server->folder, event->name);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    char *mail = mem_new(MAIL_MAX + 1);
    CHECK(fread(mail, 1, MAIL_MAX, file) > 0);
    (void)fclose(file);
    return mail;
}

static bool find_line(const char *path, const char *part, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    bool is_found = false;
    while (file != NULL && !is_found && fgets(out, (int)size, file) != NULL)
        is_found = strstr(out, part) != NULL;
    if (file != NULL)
        (void)fclose(file);
    return is_found;
}

void smtp_test_wait_log(struct smtp_test_server *server, const char *part, char *out, size_t size)
{
    char path[96], event[4096];
    (void)snprintf(path, sizeof path, "%s/log-main", server->folder);
    int watch = inotify_init1(IN_CLOEXEC);
    CHECK(inotify_add_watch(watch, server->folder, IN_MODIFY | IN_CREATE) >= 0);
    while (!find_line(path, part, out, size)) {
        struct pollfd wait = {.fd = watch, .events = POLLIN};
        CHECK(poll(&wait, 1, WAIT_MS) == 1);
        CHECK(read(watch, event, sizeof event) > 0);
    }
    (void)close(watch);
}

int smtp_test_listen_mute(uint16_t *out_port)
{
    return listen_somewhere(out_port);
}
