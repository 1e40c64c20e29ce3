/* Counts of microseconds in buckets at most 3 % wide (32 to a power of two), so that those of several processes add up. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum { sub_buckets = 32, bucket_count = 40 * sub_buckets };

typedef struct {
  uint64_t total;
  uint64_t most;
  uint32_t counts[bucket_count];
} Histogram;

static inline uint32_t bucket_of(uint64_t value) {
  if (value < 2 * sub_buckets) return (uint32_t)value;
  uint32_t power = 63 - (uint32_t)__builtin_clzll(value);
  uint32_t bucket = (power - 5) * sub_buckets + (uint32_t)(value >> (power - 5));
  return bucket < bucket_count ? bucket : bucket_count - 1;
}

/* The largest value that falls into a bucket. */
static inline uint64_t bucket_end(uint32_t bucket) {
  if (bucket < 2 * sub_buckets) return bucket;
  uint32_t shift = bucket / sub_buckets - 1;
  return ((uint64_t)(sub_buckets + bucket % sub_buckets + 1) << shift) - 1;
}

static inline void note(Histogram *all, int64_t signed_value) {
  uint64_t value = signed_value < 0 ? 0 : (uint64_t)signed_value;
  all->counts[bucket_of(value)]++;
  all->total++;
  if (value > all->most) all->most = value;
}

static inline void add_all(Histogram *to, const Histogram *from) {
  for (int i = 0; i < bucket_count; i++) to->counts[i] += from->counts[i];
  to->total += from->total;
  if (from->most > to->most) to->most = from->most;
}

/* The value that `share` (0 to 1) of all do not exceed; 0 when there is none. */
static inline uint64_t quantile(const Histogram *all, double share) {
  uint64_t wanted = (uint64_t)(share * (double)all->total + 0.999999);
  uint64_t seen = 0;
  for (uint32_t i = 0; i < bucket_count; i++) {
    seen += all->counts[i];
    if (all->counts[i] > 0 && seen >= wanted) return bucket_end(i) < all->most ? bucket_end(i) : all->most;
  }
  return all->most;
}

#endif
