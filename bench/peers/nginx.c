// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/nginx.h"

#include "base/clock.h"
#include "base/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tuned as its documentation advises for many keep-alive connections and small files. */
static const char CONFIGURATION[] =
    "%s worker_processes 2; worker_rlimit_nofile 20000; daemon off; pid %s/nginx.pid;\n"
    "error_log %s/error.log; events { worker_connections 9000; }\n"
    "http { access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests "
    "100000000;\n"
    "  open_file_cache max=100; default_type application/json; types { text/html html; }\n"
    "  client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
    "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n"
    "  server { listen 127.0.0.1:%u backlog=4096; root %s; } }\n";

static bool write_configuration(const char *folder, const char *path, uint16_t port)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    /* Started as root it would otherwise serve as nobody, who may not read the folder. */
    const char *user = geteuid() == 0 ? "user root;" : "";
    bool is_written = fprintf(file, CONFIGURATION, user, folder, folder, folder, folder, folder,
                              folder, folder, port, folder) > 0;
    return fclose(file) == 0 && is_written;
}

static bool is_listening(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        (void)close(fd);
    return is_there;
}

enum err nginx_start(const char *folder, struct nginx *out_nginx, struct err_note *note)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/nginx.conf", folder);
    struct nginx nginx = {.port = port_find_free()};
    if (access("/usr/sbin/nginx", X_OK) != 0)
        return err_set(note, ERR_NOT_FOUND, "nginx",
                       "is not installed: apt-get install nginx-light");
    if (nginx.port == 0 || !write_configuration(folder, path, nginx.port))
        return err_set(note, ERR_IO, path, "cannot be written");
    nginx.pid = fork();
    if (nginx.pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)execl("/usr/sbin/nginx", "nginx", "-p", folder, "-c", path, (char *)NULL);
        _exit(127);
    }
    int64_t deadline_us = clock_monotonic_us() + 5000000;
    while (nginx.pid > 0 && !is_listening(nginx.port)) {
        bool is_gone = waitpid(nginx.pid, NULL, WNOHANG) == nginx.pid;
        if (is_gone || clock_monotonic_us() > deadline_us) {
            if (!is_gone)
                nginx_stop(&nginx);
            return err_set(note, ERR_IO, "nginx", "did not start");
        }
        (void)poll(NULL, 0, 20);
    }
    *out_nginx = nginx;
    return ERR_NONE;
}

void nginx_stop(struct nginx *nginx)
{
    if (nginx->pid <= 0)
        return;
    (void)kill(nginx->pid, SIGTERM);
    (void)waitpid(nginx->pid, NULL, 0);
    nginx->pid = 0;
}
