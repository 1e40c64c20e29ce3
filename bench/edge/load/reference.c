#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "payload.h"

/* How many chunks are kept, 41 s; and the most bytes one may have. */
enum { kept_slots = 128, most_chunk = 32 * 1024 };

static Slot ring[kept_slots];

/* FNV-1a (Fowler, Noll, Vo), 64 bits; never 0. */
static uint64_t hash(const uint8_t *bytes, size_t length) {
  uint64_t value = 14695981039346656037u;
  for (size_t i = 0; i < length; i++) value = (value ^ bytes[i]) * 1099511628211u;
  return value ? value : 1;
}

Slot *slot_at(uint32_t number) {
  Slot *slot = &ring[number % kept_slots];
  if (slot->used && slot->number == number) return slot;
  if (slot->used && slot->number > number) return NULL;
  if (!slot->bytes && !(slot->bytes = malloc(most_chunk))) fail("out of memory");
  slot->used = true;
  slot->number = number;
  slot->length = slot->total = 0;
  if (options.synthetic) {
    make_chunk(number, slot->bytes);
    slot->length = slot->total = chunk_bytes;
  }
  return slot;
}

/* Reads the boxes of a chunk as far as they are there: emsg*, moof with its number, mdat. False when they cannot be its. */
static bool read_chunk(Slot *slot) {
  for (size_t at = 0;;) {
    if (slot->length < at + 8) return slot->length < most_chunk;
    uint32_t size = get32(slot->bytes + at);
    const uint8_t *type = slot->bytes + at + 4;
    if (size < 8 || size > most_chunk - at) return false;
    if (memcmp(type, "mdat", 4) == 0) {
      slot->total = (uint32_t)at + size;
      return true;
    }
    bool moof = memcmp(type, "moof", 4) == 0;
    if (!moof && memcmp(type, "emsg", 4) != 0) return false;
    if (moof && slot->length >= at + 24 && get32(slot->bytes + at + 20) != slot->number) return false;
    at += size;
  }
}

ssize_t learn(Slot *slot, const uint8_t *bytes, size_t length) {
  uint32_t before = slot->length;
  uint32_t room = (slot->total ? slot->total : most_chunk) - before;
  uint32_t taken = length < room ? (uint32_t)length : room;
  memcpy(slot->bytes + before, bytes, taken);
  slot->length += taken;
  if (!slot->total && !read_chunk(slot)) {
    slot->length = before;
    return -1;
  }
  if (!slot->total || slot->length < slot->total) return taken;
  if (slot->length > slot->total) {
    taken = slot->total - before;
    slot->length = slot->total;
  }
  uint64_t mine = hash(slot->bytes, slot->total), none = 0;
  _Atomic uint64_t *all = &shared->hashes[slot->number % slot_hashes];
  if (!atomic_compare_exchange_strong(all, &none, mine) && none != mine) tally->wrong++;
  return taken;
}

static bool is(const uint8_t *at, const char *type) { return memcmp(at + 4, type, 4) == 0; }

int find_chunk(const uint8_t *bytes, size_t length, size_t *start, uint32_t *number) {
  size_t first = 0;
  bool found = false;
  for (size_t at = 0;;) {
    if (length < at + 8) return 0;
    uint32_t size = get32(bytes + at);
    if (size < 8 || size > most_held) return -1;
    if (is(bytes + at, "moof") || is(bytes + at, "emsg")) {
      if (!found) first = at;
      found = true;
    } else if (found || !(is(bytes + at, "ftyp") || is(bytes + at, "moov") || is(bytes + at, "styp")))
      return -1;
    if (is(bytes + at, "moof")) {
      if (length < at + 24) return 0;
      *start = first;
      *number = get32(bytes + at + 20);
      return 1;
    }
    at += size;
  }
}

bool scan_chunk(const uint8_t *bytes, size_t length, size_t *start, uint32_t *number) {
  for (size_t from = 0; from + 8 <= length;) {
    const uint8_t *found = memmem(bytes + from, length - from, "moof", 4);
    if (!found) return false;
    size_t at = (size_t)(found - bytes);
    from = at + 4;
    if (at < 4 || at + 20 > length) continue;
    at -= 4;
    uint32_t size = get32(bytes + at);
    if (size < 24 || size > most_chunk || !is(bytes + at + 8, "mfhd")) continue;
    if (length < at + size + 8) return false;
    uint32_t data = get32(bytes + at + size);
    if (!is(bytes + at + size, "mdat") || data < 8 || data > most_chunk) continue;
    *start = at + size + data;
    *number = get32(bytes + at + 20) + 1;
    return length >= *start;
  }
  return false;
}
