/*
 * The floor: what the kernel alone costs. Accepts, reads one request, answers a fixed head, and then send()s the same bytes to
 * everybody every 960 ms. No parser, no bounds on slow listeners, nothing that a server needs. `floor PORT EPOCH_MS`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "payload.h"

enum { most_descriptors = 1 << 17 };

static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: audio/mp4\r\nconnection: close\r\n\r\n";
static int listeners[most_descriptors];
static int place[most_descriptors];
static int listening, poller, server;

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void leave(int fd) {
  if (place[fd] >= 0) {
    int last = listeners[--listening];
    listeners[place[fd]] = last;
    place[last] = place[fd];
    place[fd] = -1;
  }
  close(fd);
}

static void accept_all(void) {
  for (int fd; (fd = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    place[fd] = -1;
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

static void on_request(int fd) {
  char request[4096];
  ssize_t got = recv(fd, request, sizeof request, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return leave(fd);
  if (place[fd] >= 0) return;
  if (send(fd, head, sizeof head - 1, MSG_NOSIGNAL) < 0) return leave(fd);
  place[fd] = listening;
  listeners[listening++] = fd;
}

static void push(uint32_t n) {
  static uint8_t segment[segment_bytes];
  make_segment(n, segment);
  for (int i = listening - 1; i >= 0; i--)
    if (send(listeners[i], segment, segment_bytes, MSG_NOSIGNAL) < 0 && errno != EAGAIN) leave(listeners[i]);
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "floor PORT EPOCH_MS\n"), 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max < most_descriptors ? limit.rlim_max : most_descriptors;
  setrlimit(RLIMIT_NOFILE, &limit);
  uint64_t epoch = strtoull(words[2], NULL, 10) * 1000, period = segment_ms * 1000;
  server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(server, (struct sockaddr *)&at, sizeof at) != 0 || listen(server, 4096) != 0) return perror("floor"), 1;
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = server};
  epoll_ctl(poller, EPOLL_CTL_ADD, server, &event);
  uint64_t n = (now_us() - epoch) / period;
  for (;;) {
    uint64_t due = epoch + (n + 1) * period, now = now_us();
    if (now >= due) {
      push((uint32_t)n++);
      continue;
    }
    struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, (int)((due - now + 999) / 1000));
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == server) accept_all();
      else on_request(events[i].data.fd);
    }
  }
}
