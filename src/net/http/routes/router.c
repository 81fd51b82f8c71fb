// SPDX-License-Identifier: Apache-2.0
#include "net/http/routes/router.h"

#include <stdio.h>

enum { GET, POST, PUT, PATCH, DELETE, METHOD_COUNT };
static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

struct node {
    const char *literal;
    size_t literal_len;
    struct node *children; /* the next segment; a list, in the order of the tables */
    struct node *next;
    struct node *param; /* {name} */
    struct node *rest;  /* {name*} */
    const struct route *routes[METHOD_COUNT];
    void *contexts[METHOD_COUNT];
};

struct router {
    struct node root;
};

static int method_index(const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        return GET;
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(method, METHODS[i]) == 0)
            return i;
    }
    return -1;
}

/* --- building --- */

static struct node *literal_child(struct node *node, const char *text, size_t len)
{
    struct node **slot = &node->children;
    for (; *slot != NULL; slot = &(*slot)->next) {
        if ((*slot)->literal_len == len && memcmp((*slot)->literal, text, len) == 0)
            return *slot;
    }
    *slot = mem_new(sizeof **slot);
    (*slot)->literal = text;
    (*slot)->literal_len = len;
    return *slot;
}

static struct node *only_child(struct node **slot)
{
    if (*slot == NULL)
        *slot = mem_new(sizeof **slot);
    return *slot;
}

static bool is_param(const char *segment, size_t len)
{
    return len > 2 && segment[0] == '{' && segment[len - 1] == '}';
}

/* The node of a pattern, made where it is missing; NULL when the pattern cannot be. */
static struct node *node_of(struct router *router, const char *pattern)
{
    struct node *node = &router->root;
    size_t segments = 0;
    size_t params = 0;
    if (pattern[0] != '/')
        return NULL;
    for (const char *p = pattern + 1;; p++) {
        size_t len = strcspn(p, "/");
        bool is_last = p[len] == '\0';
        if (++segments > ROUTE_SEGMENTS_MAX || (!is_last && len == 0))
            return NULL;
        if (!is_param(p, len)) {
            node = literal_child(node, p, len);
        } else {
            bool takes_rest = p[len - 2] == '*';
            if (++params > ROUTE_PARAMS_MAX || (takes_rest && !is_last))
                return NULL;
            node = only_child(takes_rest ? &node->rest : &node->param);
        }
        p += len;
        if (is_last)
            return node;
    }
}

static enum err add_route(struct router *router, const struct route *route, void *context,
                          struct err_note *note)
{
    int method = method_index(route->method);
    struct node *node = node_of(router, route->path);
    if (method < 0 || node == NULL || route->handle == NULL)
        return err_set(note, ERR_INVALID, route->path,
                       "is not a route: method \"%s\", path or handler cannot be used.",
                       route->method);
    if (node->routes[method] != NULL)
        return err_set(note, ERR_INVALID, route->path, "has two routes for %s; remove one.",
                       route->method);
    node->routes[method] = route;
    node->contexts[method] = context;
    return ERR_NONE;
}

static void fini_node(struct node *node)
{
    struct node *child = node->children;
    while (child != NULL) {
        struct node *next = child->next;
        fini_node(child);
        mem_free(child);
        child = next;
    }
    struct node *special[] = {node->param, node->rest};
    for (size_t i = 0; i < COUNT_OF(special); i++) {
        if (special[i] != NULL)
            fini_node(special[i]);
        mem_free(special[i]);
    }
}

void router_destroy(struct router *router)
{
    if (router == NULL)
        return;
    fini_node(&router->root);
    mem_free(router);
}

enum err router_create(const struct route_table *tables, size_t table_count,
                       struct router **out_router, struct err_note *note)
{
    SCOPED(router) router = mem_new(sizeof *router);
    for (size_t i = 0; i < table_count; i++) {
        for (size_t j = 0; j < tables[i].route_count; j++)
            TRY(add_route(router, &tables[i].routes[j], tables[i].context, note));
    }
    *out_router = TAKE(router);
    return ERR_NONE;
}

/* --- matching --- */

struct walk {
    const char *end;
    int method; /* -1: none, only collect what is allowed */
    unsigned allowed;
    struct route_match match;
};

static bool visit(struct walk *walk, const struct node *node)
{
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (node->routes[i] != NULL)
            walk->allowed |= 1U << i;
    }
    if (walk->method < 0 || node->routes[walk->method] == NULL)
        return false;
    walk->match.route = node->routes[walk->method];
    walk->match.context = node->contexts[walk->method];
    return true;
}

static bool push_param(struct walk *walk, const char *text, size_t len)
{
    if (len == 0)
        return false;
    assert(walk->match.param_count < ROUTE_PARAMS_MAX);
    walk->match.params[walk->match.param_count++] = (struct route_slice){text, len};
    return true;
}

/* `text` is what follows a slash. Depth is bounded by the tree, which the tables bound. */
static bool walk_node(struct walk *walk, const struct node *node, const char *text)
{
    size_t left = (size_t)(walk->end - text);
    const char *slash = memchr(text, '/', left);
    size_t len = slash == NULL ? left : (size_t)(slash - text);
    size_t params = walk->match.param_count;
    for (const struct node *child = node->children; child != NULL; child = child->next) {
        if (child->literal_len == len && memcmp(child->literal, text, len) == 0 &&
            (slash == NULL ? visit(walk, child) : walk_node(walk, child, slash + 1)))
            return true;
    }
    if (node->param != NULL && push_param(walk, text, len)) {
        if (slash == NULL ? visit(walk, node->param) : walk_node(walk, node->param, slash + 1))
            return true;
        walk->match.param_count = params;
    }
    if (node->rest != NULL && left == 0 && visit(walk, node))
        return true;
    if (node->rest != NULL && push_param(walk, text, left)) {
        if (visit(walk, node->rest))
            return true;
        walk->match.param_count = params;
    }
    return false;
}

enum route_outcome router_match(const struct router *router, const char *method, const char *path,
                                size_t len, struct route_match *out_match)
{
    if (len == 0 || path[0] != '/')
        return ROUTE_NO_PATH;
    struct walk walk = {.end = path + len, .method = method_index(method)};
    if (walk_node(&walk, &router->root, path + 1)) {
        *out_match = walk.match;
        return ROUTE_FOUND;
    }
    return walk.allowed == 0 ? ROUTE_NO_PATH : ROUTE_NO_METHOD;
}

void router_allow(const struct router *router, const char *path, size_t len,
                  char out[ROUTE_ALLOW_SIZE])
{
    out[0] = '\0';
    if (len == 0 || path[0] != '/')
        return;
    struct walk walk = {.end = path + len, .method = -1};
    (void)walk_node(&walk, &router->root, path + 1); /* finds nothing, collects what is allowed */
    if (walk.allowed == 0)
        return;
    size_t n = 0;
    for (int i = 0; i < METHOD_COUNT; i++) {
        if ((walk.allowed & 1U << i) == 0)
            continue;
        n += (size_t)snprintf(out + n, ROUTE_ALLOW_SIZE - n, "%s, ", METHODS[i]);
        if (i == GET)
            n += (size_t)snprintf(out + n, ROUTE_ALLOW_SIZE - n, "HEAD, ");
    }
    (void)snprintf(out + n, ROUTE_ALLOW_SIZE - n, "OPTIONS");
}

bool route_param_name(const struct route *route, size_t n, struct route_slice *out_name)
{
    const char *p = route->path;
    for (;;) {
        p = strchr(p, '{');
        if (p == NULL)
            return false;
        size_t len = strcspn(p + 1, "*}");
        if (n-- == 0) {
            *out_name = (struct route_slice){p + 1, len};
            return true;
        }
        p += len;
    }
}
