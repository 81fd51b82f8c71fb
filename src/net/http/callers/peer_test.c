// SPDX-License-Identifier: Apache-2.0
/* Who is at the other end, and what proxies may say about it. */
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http/callers/addresses.h"
#include "net/loopback_test.h"

static struct peer_address address_of(const char *text)
{
    struct peer_address address;
    CHECK(peer_address_parse(text, &address));
    return address;
}

static struct peer_networks networks_of(const char *text)
{
    struct peer_networks networks;
    CHECK(peer_networks_parse(text, &networks, NULL) == ERR_NONE);
    return networks;
}

static bool has(const char *networks, const char *address)
{
    struct peer_networks all = networks_of(networks);
    struct peer_address one = address_of(address);
    return peer_networks_have(&all, &one);
}

TEST(network_has_its_addresses_and_no_others)
{
    CHECK(has("127.0.0.1", "127.0.0.1") && !has("127.0.0.1", "127.0.0.2"));
    CHECK(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
    CHECK(has("172.16.0.0/12", "172.31.9.9") && !has("172.16.0.0/12", "172.32.0.1"));
    CHECK(has("192.168.4.128/25", "192.168.4.200") && !has("192.168.4.128/25", "192.168.4.100"));
    CHECK(has("2001:db8::/33", "2001:db8:7fff::1") && !has("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(has("::1 10.0.0.1,fd00::/8", "fd12::3") && has("::1 10.0.0.1,fd00::/8", "10.0.0.1"));
    CHECK(has("10.0.0.0/8", "::ffff:10.1.2.3")); /* the same machine on a socket of both families */
    CHECK(has("0.0.0.0/0", "203.0.113.1") && !has("0.0.0.0/0", "2001:db8::1"));
    CHECK(!has("", "127.0.0.1"));
}

TEST(what_is_no_network_is_refused_by_name)
{
    static const char *const WRONG[] = {
        "proxy.example.org", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/",
        "10.0.0.0/8x",       "::1/129",     "10.0.0",     "/8"};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        char list[100];
        struct peer_networks networks;
        struct err_note note = {0};
        (void)snprintf(list, sizeof list, "127.0.0.1, %s", WRONG[i]);
        CHECK(peer_networks_parse(list, &networks, &note) == ERR_INVALID);
        CHECK_TEXT(note.place, "trusted-proxies");
        CHECK(strstr(note.detail, WRONG[i]) != NULL);
    }
}

TEST(client_is_the_first_from_the_right_that_is_no_listed_proxy)
{
    static const struct {
        const char *proxies;
        const char *direct;
        const char *forwarded;
        const char *client;
    } CASES[] = {
        {"127.0.0.1", "127.0.0.1", NULL, "127.0.0.1"},
        {"127.0.0.1", "127.0.0.1", "203.0.113.7", "203.0.113.7"},
        /* the left ones are the client's word */
        {"127.0.0.1", "127.0.0.1", "1.2.3.4, 203.0.113.7", "203.0.113.7"},
        {"127.0.0.1", "127.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"},
        /* a client of a private network that is no proxy cannot be somebody else */
        {"127.0.0.1", "127.0.0.1", "1.2.3.4, 192.168.1.4", "192.168.1.4"},
        {"10.0.0.9", "10.0.0.9", "1.2.3.4, 10.0.0.5", "10.0.0.5"},
        {"127.0.0.1, 10.0.0.5", "127.0.0.1", "203.0.113.7, 10.0.0.5", "203.0.113.7"},
        /* nobody else is believed: strangers, private ones, this machine when it is not listed */
        {"127.0.0.1", "203.0.113.9", "198.51.100.1", "203.0.113.9"},
        {"127.0.0.1", "10.0.0.9", "198.51.100.1", "10.0.0.9"},
        {NULL, "127.0.0.1", "198.51.100.1", "127.0.0.1"},
        {"127.0.0.1", "127.0.0.1", "nonsense", "127.0.0.1"},
        {"127.0.0.1", "127.0.0.1", "203.0.113.7, unknown", "127.0.0.1"},
        {"127.0.0.1", "127.0.0.1", "203.0.113.7:4711", "203.0.113.7"},
        {"::1", "::1", "[2001:db8::1]:443", "2001:db8::1"},
        {"::1", "::1", ",", "::1"},
        {"127.0.0.1", "127.0.0.1", "1.2.3.4, ::ffff:127.0.0.1", "1.2.3.4"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct peer_networks proxies = networks_of(CASES[i].proxies);
        struct peer_address direct = address_of(CASES[i].direct);
        struct peer_claims claims = {.forwarded_for = CASES[i].forwarded};
        struct peer peer = peer_behind_proxies(&proxies, &direct, &claims);
        char client[PEER_TEXT_SIZE];
        peer_text(&peer.address, client);
        CHECK_TEXT(client, CASES[i].client);
    }
}

TEST(https_is_what_the_proxy_says_that_the_client_spoke_to)
{
    static const struct {
        const char *direct;
        const char *forwarded_for;
        const char *proto;
        bool is_secure;
    } CASES[] = {
        {"127.0.0.1", "203.0.113.7", "https", true},
        {"127.0.0.1", "203.0.113.7", "HTTPS", true},
        {"127.0.0.1", "203.0.113.7", "http", false},
        {"127.0.0.1", "203.0.113.7", NULL, false},
        {"127.0.0.1", NULL, "https", true},
        {"127.0.0.1", "203.0.113.7", "https, http", false}, /* the left one is the client's word */
        {"127.0.0.1", "203.0.113.7", "http, https", true},
        {"127.0.0.1", "203.0.113.7, 10.0.0.5", "https, http", true}, /* two proxies, each its own */
        {"127.0.0.1", "203.0.113.7, 10.0.0.5", "https, http, http", false},
        {"127.0.0.1", "203.0.113.7, 10.0.0.5", "https", true},
        {"203.0.113.9", "203.0.113.7", "https", false},
        {"10.0.0.4", NULL, "https", false},
        {"127.0.0.1", NULL, "httpsx", false},
        {"127.0.0.1", NULL, "", false},
    };
    struct peer_networks proxies = networks_of("127.0.0.1 10.0.0.5");
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct peer_address direct = address_of(CASES[i].direct);
        struct peer_claims claims = {.forwarded_for = CASES[i].forwarded_for,
                                     .forwarded_proto = CASES[i].proto};
        CHECK_INT(peer_behind_proxies(&proxies, &direct, &claims).is_secure, CASES[i].is_secure);
    }
}

static void say_peer(struct request *request, void *context)
{
    (void)context;
    reply_json(request, 200,
               json_pack("{s:s, s:b}", "peer", request_peer(request), "secure",
                         request_is_secure(request)));
}
static const struct route PEER[] = {{.method = "GET", .path = "/peer", .handle = say_peer}};

static void check_peer(const char *trusted, const char *lines, const char *expected)
{
    struct http_server *server = loopback_server_with(
        (struct http_server_options){.trusted_proxies = trusted}, PEER, COUNT_OF(PEER), NULL);
    char head[400];
    (void)snprintf(head, sizeof head, "GET /peer HTTP/1.1\r\nHost: a\r\n%s", lines);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server), head, NULL, 0, &answer);
    CHECK_TEXT(answer.body, expected);
    http_server_stop(server);
}

/* A client's own line comes first, the proxy adds one: whoever reads only the first is fooled. */
TEST(all_header_lines_count)
{
    static const char LINES[] = "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.7\r\n"
                                "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n";
    check_peer("127.0.0.1", LINES, "{\"peer\":\"203.0.113.7\",\"secure\":false}");
    check_peer("10.0.0.0/8", LINES, "{\"peer\":\"127.0.0.1\",\"secure\":false}");
    check_peer(NULL, LINES, "{\"peer\":\"127.0.0.1\",\"secure\":false}");
    check_peer("127.0.0.1", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n",
               "{\"peer\":\"203.0.113.7\",\"secure\":true}");
}

TEST(proxies_that_are_none_are_refused_at_start)
{
    struct route_table table = {.routes = PEER, .route_count = COUNT_OF(PEER)};
    struct http_server_options options = {
        .trusted_proxies = "private", .tables = &table, .table_count = 1};
    struct http_server *server = NULL;
    struct err_note note = {0};
    CHECK(http_server_start(&options, &server, &note) == ERR_INVALID);
    CHECK_TEXT(note.place, "trusted-proxies");
}

/* --- connections of one address --- */

TEST(address_has_room_until_its_connections_are_used_up_and_again_when_one_leaves)
{
    struct addresses *addresses = addresses_create(2);
    struct peer_address one = address_of("203.0.113.7");
    struct peer_address other = address_of("203.0.113.8");
    struct address *first = addresses_enter(addresses, &one);
    CHECK(addresses_have_room(addresses, &one));
    struct address *second = addresses_enter(addresses, &one);
    CHECK(!addresses_have_room(addresses, &one));
    CHECK(addresses_have_room(addresses, &other));
    addresses_leave(addresses, first);
    CHECK(addresses_have_room(addresses, &one));
    addresses_leave(addresses, second);
    addresses_leave(addresses, NULL);
    addresses_destroy(addresses);
}

TEST(whoever_has_a_slash_64_is_one)
{
    struct addresses *addresses = addresses_create(1);
    struct peer_address one = address_of("2001:db8:0:1::7");
    struct peer_address neighbour = address_of("2001:db8:0:1:ffff::1");
    struct peer_address other = address_of("2001:db8:0:2::7");
    struct address *first = addresses_enter(addresses, &one);
    CHECK(!addresses_have_room(addresses, &neighbour));
    CHECK(addresses_have_room(addresses, &other));
    addresses_leave(addresses, first);
    addresses_destroy(addresses);
}

/* An address of this machine that is not loopback. */
static bool find_address(struct sockaddr_in *out)
{
    struct ifaddrs *all = NULL;
    CHECK(getifaddrs(&all) == 0);
    bool is_found = false;
    for (struct ifaddrs *i = all; i != NULL && !is_found; i = i->ifa_next) {
        struct peer_address address;
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
            !peer_address_of(i->ifa_addr, &address) || peer_is_loopback(&address))
            continue;
        memcpy(out, i->ifa_addr, sizeof *out);
        is_found = true;
    }
    freeifaddrs(all);
    return is_found;
}

static int connect_to(struct sockaddr_in address, uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_port = htons(port);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static int status_of(int fd)
{
    SCOPED_ANSWER answer = {0};
    loopback_send_text(fd, "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n");
    loopback_read(fd, "GET", &answer);
    return answer.status;
}

TEST(address_with_too_many_connections_is_closed_and_this_machine_is_not_counted)
{
    struct http_listener listener;
    CHECK(http_listen("0.0.0.0", 0, &listener, NULL) == ERR_NONE);
    struct http_server *server = loopback_server_with(
        (struct http_server_options){
            .listener = &listener, .connections_per_address = 2, .thread_count = 1},
        PEER, COUNT_OF(PEER), NULL);
    uint16_t port = http_server_port(server);
    int own[4];
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        own[i] = loopback_connect(port);
        CHECK_INT(status_of(own[i]), 200);
    }
    struct sockaddr_in address;
    if (find_address(&address)) { /* a machine without a network has only the tests above */
        int first = connect_to(address, port);
        int second = connect_to(address, port);
        CHECK_INT(status_of(first), 200);
        CHECK_INT(status_of(second), 200);
        int third = connect_to(address, port);
        CHECK_INT(status_of(third), 0);
        (void)close(first);
        (void)close(third);
        int fourth = -1;
        for (int status = 0; status != 200; status = status_of(fourth)) { /* it heals */
            if (fourth >= 0)
                (void)close(fourth);
            fourth = connect_to(address, port);
        }
        (void)close(fourth);
        (void)close(second);
    }
    for (size_t i = 0; i < COUNT_OF(own); i++)
        (void)close(own[i]);
    http_server_stop(server);
}
