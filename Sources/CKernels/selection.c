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

enum { bucket_bits = 12 };

void bm_values_at_ranks(const double *keys, size_t n, const size_t *ranks, size_t count,
                        double *room, double *values) {
  uint64_t least = UINT64_MAX, largest = 0;
  for (size_t i = 0; i < n; i++) {
    uint64_t bits = bits_of(keys[i]);
    least = bits < least ? bits : least;
    largest = bits > largest ? bits : largest;
  }
  if (least == largest) {
    for (size_t k = 0; k < count; k++) values[k] = keys[0];
    return;
  }
  if (n <= 64) {
    memmove(room, keys, n * 8);
    qsort(room, n, 8, by_value);
    for (size_t k = 0; k < count; k++) values[k] = room[ranks[k]];
    return;
  }
  int length = 64 - __builtin_clzll(largest - least);
  int shift = length > bucket_bits ? length - bucket_bits : 0;
  uint32_t sizes[1 << bucket_bits] = {0};
  for (size_t i = 0; i < n; i++) sizes[(bits_of(keys[i]) - least) >> shift]++;
  for (size_t k = 0; k < count; k++) {
    size_t bucket = 0, rank = ranks[k];
    while (rank >= sizes[bucket]) rank -= sizes[bucket++];
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
      double key = keys[i];
      room[taken] = key;
      taken += (bits_of(key) - least) >> shift == bucket;
    }
    // A single rank is looked for in place: nothing is written before it was read.
    bm_values_at_ranks(room, taken, &rank, 1, room, values + k);
  }
}
