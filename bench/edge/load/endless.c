/*
 * Listeners of one endless response each. Every one is compared, byte by byte, with the reference of the chunk whose turn it is:
 * what is not the same is a gap (a later chunk came), a duplicate (an earlier one) or wrong.
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

static uint8_t buffer[128 * 1024];
static char request[512];
static int request_length;
static int poller;
static Connection *all;

static void follow(Connection *one, const uint8_t *bytes, size_t length, uint64_t now);

static void received_segment(uint32_t n, uint64_t now) {
  SegmentRecord *record = &shared->segments[n % segment_records];
  atomic_store_explicit(&record->number, n, memory_order_relaxed);
  uint64_t first = 0;
  if (atomic_compare_exchange_strong(&record->first, &first, now)) first = now;
  uint64_t last = atomic_load_explicit(&record->last, memory_order_relaxed);
  while (last < now && !atomic_compare_exchange_weak(&record->last, &last, now));
  atomic_fetch_add_explicit(&record->count, 1, memory_order_relaxed);
  tally->segments++;
  if (!atomic_load_explicit(&shared->measuring, memory_order_relaxed)) return;
  note(&tally->behind, (int64_t)(now - first));
  if (options.epoch) note(&tally->delay, (int64_t)now - (int64_t)(options.epoch + (uint64_t)(n + 1) * segment_ms * 1000));
}

static void join_at(Connection *one, uint32_t number, uint64_t now) {
  if (one->strayed) {
    // What was wrong was counted; only what lies beyond it is missing.
    uint32_t next = one->slot + one->scanning;
    tally->gaps += number > next;
    tally->missed_chunks += number > next ? number - next : 0;
    tally->duplicates += number < one->slot;
  } else {
    tally->joined++;
    note(&tally->first_sound, (int64_t)(now - one->since));
  }
  one->state = playing;
  one->scanning = false;
  one->slot = number;
  one->offset = 0;
}

static void lose(Connection *one) {
  if (one->state == playing || one->strayed) tally->disconnects++;
  else if (one->state == connecting) tally->failed_connects++;
  else if (one->state != served) tally->refused++;
  close_connection(one);
}

/* Keeps bytes until it is known which chunk they belong to. */
static void seek(Connection *one, const uint8_t *bytes, size_t length, uint64_t now) {
  if (one->held_length + length > most_held) return lose(one);
  uint8_t *more = realloc(one->held, one->held_length + length);
  if (!more) fail("out of memory");
  memcpy(more + one->held_length, bytes, length);
  one->held = more;
  one->held_length += (uint32_t)length;
  if (one->state == reading_head) {
    uint32_t rest;
    ssize_t body = read_head(one->held, one->held_length, &rest);
    if (body < 0) return lose(one);
    if (body == 0) return;
    one->held_length -= (uint32_t)body;
    memmove(one->held, one->held + body, one->held_length);
    one->state = seeking;
    one->rest = rest;
  }
  if (options.finite) {
    if (one->held_length < one->rest || one->rest == 0) return;
    one->state = served;
    one->held_length = 0;
    tally->joined++;
    note(&tally->first_sound, (int64_t)(now - one->since));
    return;
  }
  size_t at = 0;
  uint32_t number = 0;
  if (!one->scanning && (one->strayed || !options.begins_anywhere)) {
    int found = find_chunk(one->held, one->held_length, &at, &number);
    if (found == 0) return;
    // No boxes at all, or the same chunk with other bytes.
    one->scanning = found < 0 || (one->strayed && number == one->slot);
    tally->wrong += one->scanning;
    if (one->scanning && !one->strayed) return lose(one);
  }
  bool scan = one->scanning || (options.begins_anywhere && !one->strayed);
  if (scan && !scan_chunk(one->held, one->held_length, &at, &number)) return;
  join_at(one, number, now);
  uint8_t *held = one->held;
  size_t rest = one->held_length - at;
  one->held = NULL;
  one->held_length = 0;
  follow(one, held + at, rest, now);
  free(held);
}

/* From here on other bytes came than the reference has: what was the same until here and the rest are looked at anew. */
static void stray(Connection *one, const Slot *slot, const uint8_t *bytes, size_t length, uint64_t now) {
  uint32_t same = one->offset;
  one->state = seeking;
  one->strayed = true;
  one->offset = 0;
  one->held = same ? malloc(same) : NULL;
  if (same) memcpy(one->held, slot->bytes, same);
  one->held_length = same;
  seek(one, bytes, length, now);
}

static void follow(Connection *one, const uint8_t *bytes, size_t length, uint64_t now) {
  while (length > 0) {
    Slot *slot = slot_at(one->slot);
    if (!slot) return lose(one);
    size_t known = slot->length - one->offset;
    size_t taken = length < known ? length : known;
    if (taken > 0 && memcmp(bytes, slot->bytes + one->offset, taken) != 0) return stray(one, slot, bytes, length, now);
    if (taken == 0) {
      ssize_t learned = learn(slot, bytes, length);
      if (learned < 0) return stray(one, slot, bytes, length, now);
      taken = (size_t)learned;
    }
    one->offset += (uint32_t)taken;
    bytes += taken;
    length -= taken;
    if (slot->total == 0 || one->offset < slot->total) continue;
    if (one->slot % chunks_per_segment == chunks_per_segment - 1) received_segment(one->slot / chunks_per_segment, now);
    one->slot++;
    one->offset = 0;
  }
}

static void watch(Connection *one, uint32_t events, int how) {
  struct epoll_event event = {.events = events, .data.ptr = one};
  if (epoll_ctl(poller, how, one->fd, &event) != 0) fail("epoll_ctl: %s", strerror(errno));
}

static void start(Connection *one, uint32_t number) {
  tally->started++;
  one->since = now_us();
  one->fd = open_connection(number);
  if (one->fd < 0) {
    tally->failed_connects++;
    one->state = closed;
    return;
  }
  one->state = connecting;
  watch(one, EPOLLOUT, EPOLL_CTL_ADD);
}

static void ask(Connection *one) {
  if (!send_all(one, request, (size_t)request_length)) return lose(one);
  one->state = reading_head;
  watch(one, EPOLLIN, EPOLL_CTL_MOD);
}

static void on_connected(Connection *one) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return lose(one);
  if (!options.tls) return ask(one);
  tls_begin(one);
  one->state = shaking_hands;
  watch(one, EPOLLIN, EPOLL_CTL_MOD);
}

static void on_event(Connection *one, uint64_t now) {
  if (one->state == closed) return;
  if (one->state == connecting) on_connected(one);
  if (one->state == shaking_hands) {
    int shaken = tls_shake(one);
    if (shaken < 0) return lose(one);
    if (shaken > 0) ask(one);
    return;
  }
  if (one->state < reading_head) return;
  do {
    ssize_t got = receive(one, buffer, sizeof buffer);
    if (got == -1) return;
    if (got <= 0) return lose(one);
    tally->bytes += (uint64_t)got;
    if (!one->heard) {
      one->heard = true;
      note(&tally->first_byte, (int64_t)(now - one->since));
    }
    if (one->state == playing) follow(one, buffer, (size_t)got, now);
    else if (one->state != served) seek(one, buffer, (size_t)got, now);
  } while (one->tls && one->state != closed);
}

/* Gives up those who wait too long for their sound. */
static void sweep(uint32_t count, uint64_t now) {
  for (uint32_t i = 0; i < count; i++) {
    Connection *one = &all[i];
    bool waits = one->state != closed && one->state < playing && !one->strayed;
    if (!waits || (double)(int64_t)(now - one->since) < options.join_timeout * 1e6) continue;
    tally->join_timeouts++;
    close_connection(one);
  }
}

/* A listener that stopped receiving has no gap: it is found by where it stands at the end. */
static void count_stuck(uint32_t count) {
  uint32_t newest = 0;
  for (uint32_t i = 0; i < count; i++)
    if (all[i].state == playing && all[i].slot > newest) newest = all[i].slot;
  for (uint32_t i = 0; i < count; i++)
    if ((all[i].state == playing && all[i].slot + 3 * chunks_per_segment < newest) || (all[i].state == seeking && all[i].strayed)) tally->behind_at_end++;
}

void run_endless(uint32_t count) {
  all = calloc(count, sizeof *all);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (!all || poller < 0) fail("no memory or descriptor: %s", strerror(errno));
  request_length = snprintf(request, sizeof request, "GET %s HTTP/%s\r\nHost: localhost\r\nUser-Agent: load\r\n%s\r\n", options.path,
                            options.http, options.tls || options.finite ? "" : "Icy-MetaData: 0\r\n");
  if (options.tls) tls_prepare();
  double rate = options.rate / processes;
  uint32_t opened = 0;
  uint64_t began = now_us(), swept = began;
  while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
    uint64_t now = now_us();
    uint32_t due = (uint32_t)((double)(now - began) * rate / 1e6) + 1;
    // Between answers: who is connected wants to be read, too.
    for (uint32_t most = opened + 200; opened < count && opened < due && opened < most; opened++)
      start(&all[opened], opened * processes + process_index);
    if (now - swept > 500000) {
      sweep(opened, now);
      swept = now;
    }
    struct epoll_event events[256];
    int ready = epoll_wait(poller, events, 256, opened < count ? 1 : 20);
    now = now_us();
    for (int i = 0; i < ready; i++) on_event(events[i].data.ptr, now);
  }
  count_stuck(opened);
}
