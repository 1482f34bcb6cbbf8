// The floor: one thread, one epoll set, one LMDB lookup an answer, and nothing else.
//
// Usage: serve DIRECTORY PORT [HEADER]
// Answers GET …/KEY with the value of KEY, to which a query belongs; HEADER (such as
// "Cache-Control: max-age=3600") is added.
// It reads just enough HTTP for keep-alive load of known shape on loopback: not a server to use.
#define _GNU_SOURCE
#include <errno.h>
#include <lmdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_BYTES = 4096, OUTPUT_BYTES = 1 << 18, EVENTS = 256, CONNECTIONS = 16384 };

struct connection {
    int descriptor;
    size_t filled;
    size_t sent;
    size_t waiting;
    char input[INPUT_BYTES];
    char output[OUTPUT_BYTES];
};

static struct connection *connections[CONNECTIONS];
static int events;
static MDB_txn *reader;
static MDB_dbi bodies;
static const char *extra = "";

static void fail(const char *what, int code) {
    fprintf(stderr, "%s: %s\n", what, code ? mdb_strerror(code) : strerror(errno));
    exit(1);
}

static void drop(struct connection *connection) {
    close(connection->descriptor);
    connections[connection->descriptor] = NULL;
    free(connection);
}

// Appends the answer to one request whose target is at `target`; false when the buffer is full.
static int answer(struct connection *connection, const char *target, size_t length) {
    const char *name = target;
    // The query belongs to the key: it says in which namespace the name is looked up.
    for (size_t index = 0; index < length && target[index] != '?'; index++) {
        if (target[index] == '/') name = target + index + 1;
    }
    MDB_val key = { (size_t)(target + length - name), (void *)name };
    MDB_val body = { 0, NULL };
    int code = mdb_txn_renew(reader);
    if (code) fail("renew", code);
    code = key.mv_size ? mdb_get(reader, bodies, &key, &body) : MDB_NOTFOUND;
    const char *status = code == 0 ? "200 OK" : "404 Not Found";
    char *out = connection->output + connection->waiting;
    size_t room = OUTPUT_BYTES - connection->waiting;
    int head = snprintf(out, room,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
        status, body.mv_size, extra);
    int fits = head > 0 && (size_t)head + body.mv_size < room;
    if (fits) {
        memcpy(out + head, body.mv_data ? body.mv_data : "", body.mv_size);
        connection->waiting += (size_t)head + body.mv_size;
    }
    mdb_txn_reset(reader);
    return fits;
}

// Sends what waits; false when the connection is to be dropped.
static int flush(struct connection *connection) {
    while (connection->sent < connection->waiting) {
        ssize_t count = send(connection->descriptor, connection->output + connection->sent,
            connection->waiting - connection->sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) {
            struct epoll_event event = { EPOLLIN | EPOLLOUT, { .fd = connection->descriptor } };
            return epoll_ctl(events, EPOLL_CTL_MOD, connection->descriptor, &event) == 0;
        }
        if (count <= 0) return 0;
        connection->sent += (size_t)count;
    }
    connection->sent = connection->waiting = 0;
    return 1;
}

// Answers every whole request in the input; false when the connection is to be dropped.
static int serve(struct connection *connection) {
    char *start = connection->input;
    char *end = start + connection->filled;
    while (start < end) {
        char *stop = memmem(start, (size_t)(end - start), "\r\n\r\n", 4);
        if (!stop) break;
        if (strncmp(start, "GET ", 4) != 0) return 0;
        char *target = start + 4;
        char *space = memchr(target, ' ', (size_t)(stop - target));
        if (!space || !answer(connection, target, (size_t)(space - target))) return 0;
        start = stop + 4;
    }
    connection->filled = (size_t)(end - start);
    memmove(connection->input, start, connection->filled);
    return flush(connection);
}

static int receive(struct connection *connection) {
    size_t room = INPUT_BYTES - connection->filled;
    if (room == 0) return 0;
    ssize_t count =
        recv(connection->descriptor, connection->input + connection->filled, room, 0);
    if (count < 0 && errno == EAGAIN) return 1;
    if (count <= 0) return 0;
    connection->filled += (size_t)count;
    return serve(connection);
}

static void take(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection =
        descriptor < CONNECTIONS ? calloc(1, sizeof *connection) : NULL;
    struct epoll_event event = { EPOLLIN, { .fd = descriptor } };
    if (!connection || epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        free(connection);
        close(descriptor);
        return;
    }
    connection->descriptor = descriptor;
    connections[descriptor] = connection;
}

static void open_bodies(const char *directory) {
    MDB_env *environment;
    int code = mdb_env_create(&environment);
    if (!code) code = mdb_env_set_maxdbs(environment, 4);
    if (!code) code = mdb_env_set_mapsize(environment, (size_t)1 << 30);
    if (!code) code = mdb_env_open(environment, directory, MDB_RDONLY | MDB_NOTLS, 0644);
    if (!code) code = mdb_txn_begin(environment, NULL, MDB_RDONLY, &reader);
    if (!code) code = mdb_dbi_open(reader, "bodies", 0, &bodies);
    if (code) fail(directory, code);
    // Committed, because a handle lives on only after the transaction that opened it.
    code = mdb_txn_commit(reader);
    if (!code) code = mdb_txn_begin(environment, NULL, MDB_RDONLY, &reader);
    if (code) fail(directory, code);
    mdb_txn_reset(reader);
}

static int listen_at(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
        fail("listen", 0);
    return listener;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: serve DIRECTORY PORT [HEADER]\n");
        return 2;
    }
    static char header[512];
    if (count > 3) {
        snprintf(header, sizeof header, "%s\r\n", arguments[3]);
        extra = header;
    }
    open_bodies(arguments[1]);
    int listener = listen_at(atoi(arguments[2]));
    events = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { EPOLLIN, { .fd = listener } };
    if (events < 0 || epoll_ctl(events, EPOLL_CTL_ADD, listener, &event)) fail("epoll", 0);
    struct epoll_event ready[EVENTS];
    for (;;) {
        int found = epoll_wait(events, ready, EVENTS, -1);
        if (found < 0 && errno != EINTR) fail("epoll_wait", 0);
        for (int index = 0; index < found; index++) {
            int descriptor = ready[index].data.fd;
            if (descriptor == listener) {
                take(listener);
                continue;
            }
            struct connection *connection = connections[descriptor];
            if (!connection) continue;
            int alive = 1;
            if (ready[index].events & EPOLLOUT) {
                alive = flush(connection);
                if (alive && !connection->waiting) {
                    struct epoll_event only = { EPOLLIN, { .fd = descriptor } };
                    alive = epoll_ctl(events, EPOLL_CTL_MOD, descriptor, &only) == 0;
                }
            }
            if (alive && ready[index].events & ~EPOLLOUT) alive = receive(connection);
            if (!alive) drop(connection);
        }
    }
}
