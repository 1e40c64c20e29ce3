/*
 * Players that ask for numbered segments over kept connections: each for the latest segment once in every 960 ms, at a phase of
 * its own (numbered), or all for the one that is not published yet (early). Every byte of every answer is checked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "load.h"
#include "payload.h"

enum { period_us = segment_ms * 1000, margin_us = 20000, early_from_us = 100000, early_for_us = 500000, most_head = 4096 };

static uint8_t buffer[64 * 1024];
static int poller;
static Connection *all;
static uint32_t round_now;

static uint64_t start_of(uint64_t n) { return options.epoch + n * period_us; }

static void lose(Connection *one) {
  if (one->state == connecting) tally->failed_connects++;
  else tally->disconnects++;
  close_connection(one);
}

static void ask(Connection *one, uint32_t n) {
  if (one->state == closed) return;
  if (one->state != idle) {
    tally->late++;
    return;
  }
  char request[512], path[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  // `main` has looked that it has one %u and nothing else.
  snprintf(path, sizeof path, options.path, n);
#pragma GCC diagnostic pop
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\n\r\n", path);
  one->slot = n;
  one->offset = 0;
  one->state = asked;
  one->since = now_us();
  if (!send_all(one, request, (size_t)length)) lose(one);
}

static void answered(Connection *one, uint64_t now) {
  one->state = idle;
  tally->answers++;
  if (!atomic_load_explicit(&shared->measuring, memory_order_relaxed)) return;
  note(&tally->latency, (int64_t)(now - one->since));
  if (options.mode != mode_early) return;
  int64_t after = (int64_t)now - (int64_t)start_of(one->slot + 1);
  note(&tally->rounds[round_now], after);
  uint64_t *first = &tally->round_first[round_now];
  if (*first == 0 || now < *first) *first = now;
}

/* Compares a piece of a segment with what it must be. */
static bool same(const Connection *one, const uint8_t *bytes, size_t length) {
  uint32_t at = one->offset;
  while (length > 0) {
    Slot *slot = slot_at(one->slot * chunks_per_segment + at / chunk_bytes);
    uint32_t from = at % chunk_bytes;
    size_t piece = length < chunk_bytes - from ? length : chunk_bytes - from;
    if (!slot || at >= segment_bytes || memcmp(bytes, slot->bytes + from, piece) != 0) return false;
    bytes += piece;
    length -= piece;
    at += (uint32_t)piece;
  }
  return true;
}

static void take_body(Connection *one, const uint8_t *bytes, size_t length, uint64_t now) {
  if (length > one->rest || !same(one, bytes, length)) {
    tally->wrong++;
    return lose(one);
  }
  one->offset += (uint32_t)length;
  one->rest -= (uint32_t)length;
  if (one->rest > 0) return;
  answered(one, now);
}

static void take(Connection *one, const uint8_t *bytes, size_t length, uint64_t now) {
  if (one->state != asked) {
    tally->wrong++;
    return lose(one);
  }
  if (one->rest > 0) return take_body(one, bytes, length, now);
  uint8_t *held = NULL;
  if (one->held_length > 0) {
    if (one->held_length + length > most_held) return lose(one);
    held = realloc(one->held, one->held_length + length);
    if (!held) fail("out of memory");
    memcpy(held + one->held_length, bytes, length);
    length += one->held_length;
    bytes = one->held = held;
  }
  uint32_t rest = 0;
  ssize_t body = read_head(bytes, length, &rest);
  if (body == 0 && length < most_head) {
    if (!held && !(one->held = malloc(length))) fail("out of memory");
    if (!held) memcpy(one->held, bytes, length);
    one->held_length = (uint32_t)length;
    return;
  }
  if (body <= 0 || rest != segment_bytes) {
    tally->refused++;
    return close_connection(one);
  }
  one->rest = rest;
  one->held = NULL;
  one->held_length = 0;
  take_body(one, bytes + body, length - (size_t)body, now);
  free(held);
}

static void on_event(Connection *one, uint64_t now) {
  if (one->state == closed) return;
  if (one->state == connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    if (error || epoll_ctl(poller, EPOLL_CTL_MOD, one->fd, &event) != 0) return lose(one);
    one->state = idle;
    tally->joined++;
    return;
  }
  ssize_t got = receive(one, buffer, sizeof buffer);
  if (got == -1) return;
  if (got <= 0) return lose(one);
  tally->bytes += (uint64_t)got;
  take(one, buffer, (size_t)got, now);
}

static void start(Connection *one, uint32_t number) {
  tally->started++;
  one->state = connecting;
  one->fd = open_connection(number);
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = one};
  if (one->fd >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, one->fd, &event) == 0) return;
  tally->failed_connects++;
  one->state = closed;
}

/* When connection `i` asks for segment `n`. */
static uint64_t due(uint32_t i, uint64_t n, uint32_t count) {
  uint64_t number = (uint64_t)i * processes + process_index, of = (uint64_t)count * processes;
  if (options.mode == mode_early) return start_of(n) + early_from_us + number * early_for_us / of;
  return start_of(n + 1) + margin_us + number * period_us / of;
}

void run_numbered(uint32_t count) {
  all = calloc(count, sizeof *all);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (!all || poller < 0) fail("no memory or descriptor: %s", strerror(errno));
  uint32_t opened = 0, next = 0;
  uint64_t began = now_us(), n = 0;
  double rate = options.rate / processes;
  while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
    uint64_t now = now_us();
    uint32_t wanted = (uint32_t)((double)(now - began) * rate / 1e6) + 1;
    for (uint32_t most = opened + 200; opened < count && opened < wanted && opened < most; opened++)
      start(&all[opened], opened * processes + process_index);
    uint32_t first_round = atomic_load(&shared->first_round);
    if (first_round > 0) {
      if (n < first_round) n = first_round;
      for (uint32_t most = 0; most < 256 && now >= due(next, n, count); most++) {
        ask(&all[next], (uint32_t)n);
        if (++next < count) continue;
        next = 0;
        n += options.mode == mode_early ? 2 : 1;
      }
      // Answers of a round come until the next one begins.
      if (options.mode == mode_early && now > start_of(first_round)) {
        uint64_t rounds = (now - start_of(first_round)) / period_us / 2;
        round_now = rounds < options.rounds ? (uint32_t)rounds : options.rounds - 1;
      }
    }
    struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, 1);
    now = now_us();
    for (int i = 0; i < ready; i++) on_event(events[i].data.ptr, now);
  }
}
