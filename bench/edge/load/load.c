/*
 * The load generator of the benchmarks: up to 110,000 connections to a server on this machine, every byte of every answer checked.
 * It prints JSON lines: {"t":"joined"} when all have joined, {"t":"steady"} when measuring begins, {"t":"second",…} with
 * --progress, and {"t":"result",…} at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "payload.h"

Options options = {.http = "1.1", .rate = 2000, .settle = 1, .seconds = 10, .join_timeout = 30, .synthetic = true, .rounds = 4};
Shared *shared;
Tally *tally;
uint32_t process_index, processes;

static Tally sum;
static uint64_t began, measured_from, measured_to;

uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void fail(const char *format, ...) {
  va_list words;
  va_start(words, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, words);
  fputc('\n', stderr);
  va_end(words);
  exit(2);
}

static double number(const char *name, const char *text, double least, double most) {
  char *end;
  double value = strtod(text, &end);
  if (*text == 0 || *end != 0 || !(value >= least && value <= most)) fail("%s takes a number from %g to %g, not \"%s\"", name, least, most, text);
  return value;
}

static void read_options(int count, char **words) {
  static const char *modes[] = {"endless", "numbered", "early", "handshakes"};
  const char *host = "127.0.0.1", *port = "";
  bool known = false;
  for (int i = 0; i < 4 && count > 1; i++)
    if (strcmp(words[1], modes[i]) == 0) {
      options.mode = (Mode)i;
      known = true;
    }
  if (!known) fail("the first word is endless, numbered, early or handshakes");
  for (int i = 2; i < count; i++) {
    const char *name = words[i];
    if (strcmp(name, "--learned") == 0) options.synthetic = false;
    else if (strcmp(name, "--anywhere") == 0) options.begins_anywhere = true;
    else if (strcmp(name, "--finite") == 0) options.finite = true;
    else if (strcmp(name, "--tls") == 0) options.tls = true;
    else if (strcmp(name, "--resume") == 0) options.resume = true;
    else if (strcmp(name, "--progress") == 0) options.progress = true;
    else if (i + 1 == count) fail("there is no option %s, or it lacks its value", name);
    else {
      const char *value = words[++i];
      if (strcmp(name, "--host") == 0) host = value;
      else if (strcmp(name, "--port") == 0) port = value;
      else if (strcmp(name, "--path") == 0) options.path = value;
      else if (strcmp(name, "--http") == 0) options.http = value;
      else if (strcmp(name, "--connections") == 0) options.connections = (uint32_t)number(name, value, 1, most_connections);
      else if (strcmp(name, "--offset") == 0) options.offset = (uint32_t)number(name, value, 0, most_connections);
      else if (strcmp(name, "--rate") == 0) options.rate = number(name, value, 1, 1e6);
      else if (strcmp(name, "--settle") == 0) options.settle = number(name, value, 0, most_seconds);
      else if (strcmp(name, "--for") == 0) options.seconds = number(name, value, 0, most_seconds);
      else if (strcmp(name, "--join-timeout") == 0) options.join_timeout = number(name, value, 0.1, 300);
      else if (strcmp(name, "--rounds") == 0) options.rounds = (uint32_t)number(name, value, 1, most_rounds);
      else if (strcmp(name, "--epoch") == 0) options.epoch = (uint64_t)(number(name, value, 0, 1e14) * 1000);
      else fail("there is no option %s", name);
    }
  }
  read_target(host, port);
  if (options.connections == 0) fail("--connections says how many");
  if (strcmp(options.http, "1.0") != 0 && strcmp(options.http, "1.1") != 0) fail("--http is 1.0 or 1.1");
  bool numbers = options.mode == mode_numbered || options.mode == mode_early;
  if (options.mode == mode_handshakes) return;
  if (!options.path || options.path[0] != '/' || strlen(options.path) > 200) fail("--path takes a path");
  const char *sign = strchr(options.path, '%');
  if (numbers ? !sign || sign[1] != 'u' || strchr(sign + 1, '%') : sign != NULL) fail("--path has one %%u in it for numbered segments, and none else");
  if (numbers && !options.epoch) fail("--epoch says when segment 0 began, ms since 1970");
}

/* Connections that fit under the descriptor limit of one process. */
static uint32_t per_process(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 200) fail("a limit of %lu descriptors is too low", (unsigned long)limit.rlim_cur);
  return limit.rlim_cur > most_connections ? most_connections : (uint32_t)limit.rlim_cur - 64;
}

static void add_up(void) {
  memset(&sum, 0, sizeof sum);
  for (uint32_t i = 0; i < processes; i++) {
    const Tally *one = &shared->tallies[i];
    uint64_t *to = &sum.started;
    const uint64_t *from = &one->started;
    // The counters stand together at the start.
    for (size_t k = 0; k < offsetof(Tally, first_byte) / sizeof *to; k++) to[k] += from[k];
    add_all(&sum.first_byte, &one->first_byte);
    add_all(&sum.first_sound, &one->first_sound);
    add_all(&sum.behind, &one->behind);
    add_all(&sum.delay, &one->delay);
    add_all(&sum.latency, &one->latency);
    for (uint32_t r = 0; r < options.rounds; r++) {
      add_all(&sum.rounds[r], &one->rounds[r]);
      uint64_t first = one->round_first[r];
      if (first > 0 && (sum.round_first[r] == 0 || first < sum.round_first[r])) sum.round_first[r] = first;
    }
  }
}

static void print_histogram(const char *name, const Histogram *all, bool curve) {
  printf(",\"%s\":{\"count\":%lu,\"p50\":%lu,\"p90\":%lu,\"p99\":%lu,\"max\":%lu", name, all->total, quantile(all, 0.5), quantile(all, 0.9),
         quantile(all, 0.99), all->most);
  if (curve) {
    printf(",\"percentiles\":[");
    for (int i = 0; i <= 100; i++) printf("%s%lu", i ? "," : "", quantile(all, i / 100.0));
    printf("]");
  }
  printf("}");
}

/* From the first to the last receiver, over the segments that everybody got while it was measured. */
static void print_spread(void) {
  static Histogram spread;
  uint64_t listening = sum.joined - sum.disconnects;
  for (int i = 0; i < segment_records; i++) {
    const SegmentRecord *one = &shared->segments[i];
    uint64_t first = one->first, last = one->last;
    if (first >= measured_from && first < measured_to && one->count >= listening && listening > 0) note(&spread, (int64_t)(last - first));
  }
  print_histogram("spread", &spread, false);
}

static void print_counts(const char *type) {
  printf("{\"t\":\"%s\",\"at\":%.3f,\"started\":%lu,\"joined\":%lu,\"failedConnects\":%lu,\"refused\":%lu,\"joinTimeouts\":%lu,\"disconnects\":%lu,"
         "\"gaps\":%lu,\"missedChunks\":%lu,\"duplicates\":%lu,\"wrong\":%lu,\"late\":%lu,\"behindAtEnd\":%lu,\"bytes\":%lu,\"segments\":%lu,\"answers\":%lu",
         type, (double)(now_us() - began) / 1e6, sum.started, sum.joined, sum.failed_connects, sum.refused, sum.join_timeouts, sum.disconnects,
         sum.gaps, sum.missed_chunks, sum.duplicates, sum.wrong, sum.late, sum.behind_at_end, sum.bytes, sum.segments, sum.answers);
}

static void print_result(void) {
  add_up();
  print_counts("result");
  printf(",\"connections\":%u,\"processes\":%u,\"seconds\":%.3f", options.connections, processes, (double)(measured_to - measured_from) / 1e6);
  print_histogram("firstByte", &sum.first_byte, true);
  print_histogram("firstSound", &sum.first_sound, true);
  print_histogram("behind", &sum.behind, false);
  print_histogram("delay", &sum.delay, false);
  print_histogram("latency", &sum.latency, false);
  print_spread();
  if (options.mode == mode_early) {
    printf(",\"rounds\":[");
    for (uint32_t r = 0; r < options.rounds; r++) {
      printf("%s{\"n\":%u,\"firstAt\":%.3f", r ? "," : "", shared->first_round + 2 * r, (double)sum.round_first[r] / 1000);
      print_histogram("after", &sum.rounds[r], true);
      printf("}");
    }
    printf("]");
  }
  printf("}\n");
}

static void on_end(int signal) {
  (void)signal;
  atomic_store(&shared->stop, true);
}

static bool joined_or_not(void) {
  add_up();
  return sum.joined + sum.failed_connects + sum.refused + sum.join_timeouts >= options.connections;
}

/* Waits until `until`, or until it is stopped; tells how things are once a second. */
static void wait_until(uint64_t until, bool (*enough)(void)) {
  static uint64_t told;
  while (!atomic_load(&shared->stop) && now_us() < until) {
    if (enough && enough()) return;
    if (options.progress && now_us() - told >= 1000000) {
      told = now_us();
      add_up();
      print_counts("second");
      printf("}\n");
      fflush(stdout);
    }
    uint64_t now = now_us();
    if (now < until) usleep(until - now < 20000 ? (useconds_t)(until - now) : 20000);
  }
}

static void say(const char *type) {
  add_up();
  print_counts(type);
  printf("}\n");
  fflush(stdout);
}

static void conduct(void) {
  began = now_us();
  double patience = options.connections / options.rate + options.join_timeout + 2;
  if (options.mode != mode_handshakes) wait_until(began + (uint64_t)(patience * 1e6), joined_or_not);
  say("joined");
  uint64_t period = segment_ms * 1000, current = options.epoch ? (now_us() - options.epoch) / period : 0;
  // Players ask for the latest segment from the next on, and at once: a server may close who connects and says nothing.
  if (options.mode == mode_numbered) atomic_store(&shared->first_round, (uint32_t)current + 1);
  wait_until(now_us() + (uint64_t)(options.settle * 1e6), NULL);
  current = options.epoch ? (now_us() - options.epoch) / period : 0;
  // Early requests are for a segment that nobody has begun to ask for.
  if (options.mode == mode_early) atomic_store(&shared->first_round, (uint32_t)current + 2);
  // Between two segments, so that as many are pushed while it is measured as there are periods in that time; and when everybody asks.
  uint64_t phase = options.epoch ? (now_us() - options.epoch) % period : 0;
  if (options.epoch && options.mode == mode_endless) wait_until(now_us() + (period + period * 5 / 6 - phase) % period, NULL);
  // A connection's first request is not what the others cost: everybody has asked a few times before.
  if (options.mode == mode_numbered) wait_until(options.epoch + (current + 4) * period, NULL);
  atomic_store(&shared->measuring, true);
  measured_from = now_us();
  say("steady");
  uint64_t rounds_end = options.epoch + (current + 3 + 2 * (uint64_t)options.rounds) * period;
  wait_until(options.mode == mode_early ? rounds_end : measured_from + (uint64_t)(options.seconds * 1e6), NULL);
  measured_to = now_us();
  say("measured");
  atomic_store(&shared->measuring, false);
  atomic_store(&shared->stop, true);
}

static _Noreturn void run_process(uint32_t index, uint32_t count) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  process_index = index;
  tally = &shared->tallies[index];
  if (options.mode == mode_endless) run_endless(count);
  else if (options.mode == mode_handshakes) run_handshakes(count);
  else run_numbered(count);
  _exit(0);
}

int main(int count, char **words) {
  read_options(count, words);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  signal(SIGPIPE, SIG_IGN);
  uint32_t most = per_process();
  processes = (options.connections + most - 1) / most;
  if (processes > most_processes) fail("%u connections need more than %d processes of %u descriptors", options.connections, most_processes, most);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap: %s", strerror(errno));
  for (uint32_t i = 0; i < processes; i++) {
    pid_t child = fork();
    if (child < 0) fail("fork: %s", strerror(errno));
    if (child == 0) run_process(i, options.connections / processes + (i < options.connections % processes));
  }
  signal(SIGTERM, on_end);
  signal(SIGINT, on_end);
  conduct();
  bool broken = false;
  for (int status; wait(&status) > 0 || errno == EINTR;) broken |= status != 0;
  print_result();
  return broken ? 3 : 0;
}
