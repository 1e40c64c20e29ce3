/*
 * The sound of the benchmark: CMAF chunks of 16 Opus packets of 80 bytes (32 kbit/s), 1,380 bytes each, three to a segment.
 * Every byte follows from the chunk's number, so that whoever receives one can check it without having seen it before.
 * `../payload.ts` makes the same bytes with src/cmaf; test/bench-edge.test.ts compares the two.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdint.h>
#include <string.h>

enum {
  packet_bytes = 80,
  packets_per_chunk = 16,
  chunks_per_segment = 3,
  samples_per_chunk = 15360,
  segment_ms = 960,
  moof_bytes = 92,
  chunk_bytes = moof_bytes + 8 + packets_per_chunk * packet_bytes,
  segment_bytes = chunks_per_segment * chunk_bytes,
};

static inline uint8_t *put32(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 24);
  at[1] = (uint8_t)(value >> 16);
  at[2] = (uint8_t)(value >> 8);
  at[3] = (uint8_t)value;
  return at + 4;
}

static inline uint32_t get32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint8_t *put_type(uint8_t *at, const char *type) {
  memcpy(at, type, 4);
  return at + 4;
}

/* A packet begins with a TOC byte (RFC 6716 section 3.1: CELT, full band, 20 ms, mono); the rest is xorshift32 (Marsaglia 2003). */
static inline void make_packet(uint32_t slot, uint32_t index, uint8_t *out) {
  uint32_t x = ((slot * packets_per_chunk + index + 1) * 2654435761u) | 1;
  for (int i = 0; i < packet_bytes; i += 4) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    put32(out + i, x);
  }
  out[0] = 0xf8;
}

/* One chunk, as src/cmaf/chunk.ts lays it out: moof (mfhd, traf (tfhd, tfdt, trun)), mdat. */
static inline void make_chunk(uint32_t slot, uint8_t *out) {
  uint64_t time = (uint64_t)slot * samples_per_chunk;
  uint8_t *at = put_type(put32(out, moof_bytes), "moof");
  at = put32(put32(put_type(put32(at, 16), "mfhd"), 0), slot);
  at = put_type(put32(at, 68), "traf");
  at = put32(put32(put32(put_type(put32(at, 20), "tfhd"), 0x020010), 1), packet_bytes);
  at = put32(put32(put32(put_type(put32(at, 20), "tfdt"), 0x01000000), (uint32_t)(time >> 32)), (uint32_t)time);
  at = put32(put32(put32(put_type(put32(at, 20), "trun"), 1), packets_per_chunk), moof_bytes + 8);
  at = put_type(put32(at, 8 + packets_per_chunk * packet_bytes), "mdat");
  for (uint32_t i = 0; i < packets_per_chunk; i++) make_packet(slot, i, at + i * packet_bytes);
}

static inline void make_segment(uint32_t n, uint8_t *out) {
  for (uint32_t part = 0; part < chunks_per_segment; part++)
    make_chunk(n * chunks_per_segment + part, out + part * chunk_bytes);
}

#endif
