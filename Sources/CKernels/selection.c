// Selection by rank among doubles of at least 0, whose bits have the order of the numbers.
#include "kernels.h"
#include <stdlib.h>
#include <string.h>

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, 8);
  return bits;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

enum { bucket_bits = 12, bucket_count = (1 << bucket_bits) + 1 };

/// Zeros have the first bucket, the others come by the bits above `shift`.
static size_t bucket_of(double key, uint64_t least, int shift) {
  uint64_t bits = bits_of(key);
  return bits == 0 ? 0 : (size_t)((bits - least) >> shift) + 1;
}

/// The bucket that a rank falls into; the rank becomes that within it.
static size_t bucket_at(const uint32_t *sizes, size_t *rank) {
  size_t bucket = 0;
  while (*rank >= sizes[bucket]) *rank -= sizes[bucket++];
  return bucket;
}

void bm_values_at_ranks(const double *keys, size_t n, const size_t *ranks, size_t count,
                        double *room, double *values) {
  if (n <= 64) {
    memmove(room, keys, n * 8);
    qsort(room, n, 8, by_value);
    for (size_t k = 0; k < count; k++) values[k] = room[ranks[k]];
    return;
  }
  // Zeros can be many, and lie far below the others. Less 1 they have the largest of all bits.
  uint64_t least = UINT64_MAX, largest = 0;
  for (size_t i = 0; i < n; i++) {
    uint64_t bits = bits_of(keys[i]);
    least = bits - 1 < least ? bits - 1 : least;
    largest = bits > largest ? bits : largest;
  }
  least += 1;
  int length = largest == least ? 0 : 64 - __builtin_clzll(largest - least);
  int shift = length > bucket_bits ? length - bucket_bits : 0;
  uint32_t sizes[bucket_count] = {0}, places[bucket_count], used = 0;
  for (size_t i = 0; i < n; i++) sizes[bucket_of(keys[i], least, shift)]++;
  // The buckets of all ranks are brought together in one pass; in place for a single rank, since
  // nothing is written before it was read. A further rank in a bucket waits for a pass of its own.
  uint8_t wanted[bucket_count] = {0};
  for (size_t k = 0; k < count; k++) {
    size_t rank = ranks[k], bucket = bucket_at(sizes, &rank);
    uint64_t bits = bucket == 0 ? 0 : least + ((uint64_t)(bucket - 1) << shift);
    memcpy(values + k, &bits, 8);
    if (bucket == 0 || shift == 0) continue;
    values[k] = -1;
    if (wanted[bucket]) continue;
    wanted[bucket] = 1;
    places[bucket] = used;
    used += sizes[bucket];
  }
  if (used == 0) return;
  for (size_t i = 0; i < n; i++) {
    double key = keys[i];
    size_t bucket = bucket_of(key, least, shift);
    if (wanted[bucket]) room[places[bucket]++] = key;
  }
  for (size_t k = 0; k < count; k++) {
    size_t rank = ranks[k], bucket = bucket_at(sizes, &rank);
    if (!wanted[bucket]) continue;
    wanted[bucket] = 0;
    double *those = room + places[bucket] - sizes[bucket];
    bm_values_at_ranks(those, sizes[bucket], &rank, 1, those, values + k);
  }
  for (size_t k = 0; k < count; k++)
    if (values[k] < 0) {
      size_t rank = ranks[k], bucket = bucket_at(sizes, &rank), taken = 0;
      for (size_t i = 0; i < n; i++) {
        room[taken] = keys[i];
        taken += bucket_of(keys[i], least, shift) == bucket;
      }
      bm_values_at_ranks(room, taken, &rank, 1, room, values + k);
    }
}
