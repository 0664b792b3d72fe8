// Sets of 64-bit hashes.
#include "CSimilarity.h"
#include <stdlib.h>
#include <string.h>

static void insertion_sort(uint64_t *values, size_t count) {
  for (size_t i = 1; i < count; i++) {
    uint64_t value = values[i];
    size_t place = i;
    for (; place > 0 && values[place - 1] > value; place--) values[place] = values[place - 1];
    values[place] = value;
  }
}

/// By eight bits at a time, lowest first; a digit that all values share costs nothing.
void bm_sort(uint64_t *values, size_t count, uint64_t *scratch, int sorted) {
  if (count < 24) return insertion_sort(values, count);
  size_t counts[8][256];
  memset(counts, 0, sizeof counts);
  for (size_t i = 0; i < count; i++)
    for (int digit = sorted; digit < 8; digit++) counts[digit][values[i] >> (8 * digit) & 255]++;
  uint64_t *from = values, *to = scratch;
  for (int digit = sorted; digit < 8; digit++) {
    size_t *places = counts[digit];
    if (places[from[0] >> (8 * digit) & 255] == count) continue;
    size_t sum = 0;
    for (int i = 0; i < 256; i++) {
      size_t here = places[i];
      places[i] = sum;
      sum += here;
    }
    for (size_t i = 0; i < count; i++) to[places[from[i] >> (8 * digit) & 255]++] = from[i];
    uint64_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != values) memcpy(values, from, count * sizeof *values);
}

size_t bm_sort_unique(uint64_t *values, size_t count, uint64_t *scratch) {
  bm_sort(values, count, scratch, 0);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (i == 0 || values[i] != values[kept - 1]) values[kept++] = values[i];
  return kept;
}

size_t bm_shared(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count) {
  size_t i = 0, j = 0, shared = 0;
  while (i < a_count && j < b_count) {
    uint64_t x = a[i], y = b[j];
    shared += x == y;
    i += x <= y;
    j += y <= x;
  }
  return shared;
}

size_t bm_filter(const uint64_t *grams, size_t count, const uint64_t *filter, unsigned bits,
                 uint32_t *places) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t place = grams[i] >> (64 - bits);
    places[found] = (uint32_t)i;
    found += filter[place >> 6] >> (place & 63) & 1;
  }
  return found;
}
