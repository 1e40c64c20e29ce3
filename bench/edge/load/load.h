/* What the parts of the load generator share: its options, one connection, and what every process of it counts. */
#ifndef LOAD_H
#define LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "histogram.h"

enum {
  most_connections = 110000,
  most_processes = 16,
  most_seconds = 3600,
  /* Above it connect() slows to a crawl: the kernel searches for a free port. */
  connections_per_address = 2000,
  most_rounds = 64,
  segment_records = 4096,
  slot_hashes = 16384,
  /* The most that is kept of one connection until its place in the sound is known. */
  most_held = 96 * 1024,
};

typedef enum { mode_endless, mode_numbered, mode_early, mode_handshakes } Mode;

typedef struct {
  Mode mode;
  struct sockaddr_storage target;
  socklen_t target_length;
  /* A path; for numbered segments with one %u in it. */
  const char *path;
  /* "1.0" or "1.1". */
  const char *http;
  uint32_t connections;
  /* Connections of other generators that run beside: their source addresses are left to them. */
  uint32_t offset;
  /* Connects a second. */
  double rate;
  double settle, seconds, join_timeout;
  /* Start of segment 0, microseconds since 1970; 0 when it is not known. */
  uint64_t epoch;
  /* True: every byte follows from its number (payload.h). False: the first complete copy of a chunk is the reference. */
  bool synthetic;
  /* The response may begin anywhere in the sound, not only at a chunk's start. */
  bool begins_anywhere;
  /* The response has a length; who has all of it has been served. */
  bool finite;
  bool tls, resume;
  uint32_t rounds;
  /* Print a line a second. */
  bool progress;
} Options;

typedef enum { closed, connecting, shaking_hands, reading_head, seeking, playing, idle, asked, served } State;

typedef struct {
  int fd;
  uint8_t state;
  /* The first byte has come. */
  bool heard;
  /* It has played before: where it seeks now, something was wrong. And it looks for the next chunk's start among wrong bytes. */
  bool strayed, scanning;
  /* The number of the chunk that comes next (of the segment, in the modes with numbered requests), and how much of it has come. */
  uint32_t slot, offset;
  /* When it was connected, or asked. */
  uint64_t since;
  uint8_t *held;
  uint32_t held_length;
  /* What is still to come of a response with a length. */
  uint32_t rest;
  void *tls;
} Connection;

/* What one process counts. Only it writes; the parent reads. */
typedef struct {
  uint64_t started, joined, failed_connects, refused, join_timeouts, disconnects;
  uint64_t gaps, missed_chunks, duplicates, wrong, late, behind_at_end;
  uint64_t bytes, segments, answers;
  Histogram first_byte, first_sound, behind, delay, latency;
  Histogram rounds[most_rounds];
  uint64_t round_first[most_rounds];
} Tally;

typedef struct {
  _Atomic uint64_t first, last;
  _Atomic uint32_t count;
  _Atomic uint32_t number;
} SegmentRecord;

/* Memory of all processes. */
typedef struct {
  atomic_bool measuring, stop;
  /* The segment of the first round of early requests. */
  _Atomic uint32_t first_round;
  SegmentRecord segments[segment_records];
  /* What the first process saw as a chunk's bytes: the others must see the same. */
  _Atomic uint64_t hashes[slot_hashes];
  Tally tallies[most_processes];
} Shared;

extern Options options;
extern Shared *shared;
/* Of this process. */
extern Tally *tally;
/* Which process this is, and how many there are: connection i of it is number `i * processes + process` of all. */
extern uint32_t process_index, processes;

uint64_t now_us(void);
_Noreturn void fail(const char *format, ...);

/* sockets.c */
void read_target(const char *host, const char *port);
/* A connection under way from the source address of connection `number`; -1 with errno. */
int open_connection(uint32_t number);
/* Closes with a reset, so that no port waits. */
void close_connection(Connection *one);
/* True when all was sent. */
bool send_all(Connection *one, const char *bytes, size_t length);
/* Bytes received; 0 at the end, -1 when there is nothing now, -2 when the connection broke. */
ssize_t receive(Connection *one, void *bytes, size_t length);
/* Where the body begins when the head has come whole, 0 before; a head that is not 200 is -1. `rest` takes its length. */
ssize_t read_head(const uint8_t *bytes, size_t length, uint32_t *rest);

/* tls.c; without TLS they fail. */
void tls_prepare(void);
void tls_begin(Connection *one);
/* 1 when hands are shaken, 0 when more is to come, -1 when it failed. */
int tls_shake(Connection *one);
ssize_t tls_receive(Connection *one, void *bytes, size_t length);
bool tls_send(Connection *one, const char *bytes, size_t length);
void tls_end(Connection *one);
/* Whether it shook hands with a ticket, and whether there is one. */
bool tls_resumed(const Connection *one);
bool tls_has_ticket(void);
/* Says that nothing more comes. */
void tls_farewell(Connection *one);

/* reference.c */
typedef struct {
  uint32_t number;
  /* How many of its bytes are known, and how many it has (0: not known yet). */
  uint32_t length, total;
  bool used;
  uint8_t *bytes;
} Slot;
/* The chunk's reference; NULL when it is too old to be kept. */
Slot *slot_at(uint32_t number);
/* Adds bytes that nobody had before. How many were taken; -1 when they cannot be this chunk's. */
ssize_t learn(Slot *slot, const uint8_t *bytes, size_t length);
/* Where a chunk begins in bytes that begin with a box, and which: 1 found, 0 more is needed, -1 when these are no boxes. */
int find_chunk(const uint8_t *bytes, size_t length, size_t *at, uint32_t *number);
/* The same in bytes that begin anywhere: the start of the chunk after the first whole one. */
bool scan_chunk(const uint8_t *bytes, size_t length, size_t *at, uint32_t *number);

/* The modes: each runs one process until `shared->stop`. */
void run_endless(uint32_t count);
void run_numbered(uint32_t count);
void run_handshakes(uint32_t count);

#endif
