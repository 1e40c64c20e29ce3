/* TLS handshakes, one after the other on each of some connections: all full, or all after the first with its ticket. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

static int poller;
/* Ports wait a minute after a clean end: addresses are taken in turn. */
static uint32_t opened;
enum { addresses = 100 };

static void watch(Connection *one, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.ptr = one};
  if (epoll_ctl(poller, how, one->fd, &event) != 0) fail("epoll_ctl: %s", strerror(errno));
}

static void start(Connection *one) {
  uint32_t number = (opened++ % addresses) * connections_per_address * processes + process_index;
  one->since = now_us();
  one->fd = open_connection(number);
  if (one->fd < 0) fail("connect: %s", strerror(errno));
  one->state = connecting;
  tally->started++;
  watch(one, EPOLLOUT, EPOLL_CTL_ADD);
}

static void end(Connection *one) {
  tls_end(one);
  close(one->fd);
  one->state = closed;
}

static void lose(Connection *one) {
  tally->failed_connects++;
  if (one->tls) tls_end(one);
  close(one->fd);
  one->state = closed;
}

/* The server has finished the handshake when it answers this: to break off before would spare it a part of the work. */
static void hang_up(Connection *one) {
  tls_farewell(one);
  shutdown(one->fd, SHUT_WR);
  one->state = idle;
}

static void on_event(Connection *one) {
  if (one->state == connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) return lose(one);
    tls_begin(one);
    one->state = shaking_hands;
    watch(one, EPOLLIN, EPOLL_CTL_MOD);
  }
  if (one->state == shaking_hands) {
    int shaken = tls_shake(one);
    if (shaken < 0) return lose(one);
    if (shaken == 0) return;
    one->state = asked;
    if (options.resume && !tls_has_ticket()) return;
    hang_up(one);
    return;
  }
  char bytes[4096];
  if (one->state == asked) {
    ssize_t got = tls_receive(one, bytes, sizeof bytes);
    if (got == -2 || got == 0) return lose(one);
    if (tls_has_ticket()) hang_up(one);
    return;
  }
  // What it still sent (tickets, its own farewell), until its end.
  ssize_t got;
  do got = recv(one->fd, bytes, sizeof bytes, 0);
  while (got > 0);
  if (got < 0 && errno != ECONNRESET) return;
  if (atomic_load(&shared->measuring)) {
    tally->answers++;
    tally->joined += tls_resumed(one);
    note(&tally->latency, (int64_t)(now_us() - one->since));
  }
  end(one);
}

void run_handshakes(uint32_t count) {
  Connection *all = calloc(count, sizeof *all);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (!all || poller < 0) fail("no memory or descriptor: %s", strerror(errno));
  tls_prepare();
  while (!atomic_load(&shared->stop)) {
    // The first has to bring the ticket.
    uint32_t most = options.resume && !tls_has_ticket() ? 1 : count;
    for (uint32_t i = 0; i < most; i++)
      if (all[i].state == closed) start(&all[i]);
    struct epoll_event events[64];
    int ready = epoll_wait(poller, events, 64, 20);
    for (int i = 0; i < ready; i++) on_event(events[i].data.ptr);
  }
}
