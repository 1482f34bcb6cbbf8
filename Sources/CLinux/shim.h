#ifndef CATALOG_CLINUX_SHIM_H
#define CATALOG_CLINUX_SHIM_H

// Linux calls that the Glibc module does not carry.
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>

// Swift imports enum constants of epoll as their own types; masks are plain integers here.
static const uint32_t catalog_epoll_in = EPOLLIN;
static const uint32_t catalog_epoll_out = EPOLLOUT;
static const uint32_t catalog_epoll_error = EPOLLERR;
static const uint32_t catalog_epoll_hang_up = EPOLLHUP;
static const uint32_t catalog_epoll_read_hang_up = EPOLLRDHUP;
static const uint32_t catalog_epoll_edge_triggered = EPOLLET;
static const uint32_t catalog_epoll_one_shot = EPOLLONESHOT;
static const uint32_t catalog_epoll_exclusive = EPOLLEXCLUSIVE;

// Flags of sockets are enums, too.
static const int catalog_send_no_signal = MSG_NOSIGNAL;
static const int catalog_end_of_output = SHUT_WR;

// The header declares it only with the extensions of GNU.
int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);

// Takes a connection, non-blocking; below zero for none.
static inline int catalog_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// `flock` is a struct and a function in C; Swift sees only the struct under that name.
static inline int catalog_flock(int descriptor, int operation) {
    return flock(descriptor, operation);
}

// Names the calling thread for debuggers and `top`; the kernel cuts the name to 15 bytes.
static inline void catalog_name_current_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

#endif
