// The indel distance: insertions and deletions alone, by the longest common subsequence, 64 rows
// at a time (Hyyrö 2004, "Bit-parallel LCS-length computation revisited").
#include "CSimilarity.h"
#include "mix.h"
#include <stdlib.h>

size_t bm_scalars(const uint8_t *text, size_t count, uint32_t *scalars) {
  size_t found = 0;
  for (const uint8_t *at = text, *end = text + count; at < end;) {
    unsigned length;
    scalars[found++] = bm_decode(at, end, &length);
    at += length;
  }
  return found;
}

void bm_histogram(const uint32_t *scalars, size_t count, uint16_t *histogram) {
  for (int i = 0; i < 64; i++) histogram[i] = 0;
  for (size_t i = 0; i < count; i++) {
    uint16_t *place = histogram + (scalars[i] * 0x9e3779b1u >> 26);
    *place += *place < UINT16_MAX;
  }
}

WIDEST uint32_t bm_histogram_distance(const uint16_t *a, const uint16_t *b) {
  uint32_t sum = 0;
  for (int i = 0; i < 64; i++) sum += (uint32_t)abs((int)a[i] - (int)b[i]);
  return sum;
}

/// Where in the table of masks a scalar has its row: by its own value where it is ASCII.
static size_t row_of(uint32_t scalar, uint32_t *wide, size_t slots, int insert) {
  if (scalar < 128) return scalar;
  size_t slot = scalar * 0x9e3779b1u % slots;
  while (wide[slot] != 0 && wide[slot] != scalar) slot = (slot + 1) % slots;
  if (wide[slot] == 0) {
    if (!insert) return SIZE_MAX;
    wide[slot] = scalar;
  }
  return 128 + slot;
}

size_t bm_indel(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
                size_t limit) {
  while (a_count > 0 && b_count > 0 && a[0] == b[0]) a++, b++, a_count--, b_count--;
  while (a_count > 0 && b_count > 0 && a[a_count - 1] == b[b_count - 1]) a_count--, b_count--;
  size_t difference = a_count > b_count ? a_count - b_count : b_count - a_count;
  if (difference > limit) return limit + 1;
  if (a_count == 0 || b_count == 0) return a_count + b_count;

  size_t wides = 0;
  for (size_t i = 0; i < a_count; i++) wides += a[i] >= 128;
  size_t slots = wides * 2 + 1, blocks = (a_count + 63) / 64;
  uint64_t *masks = calloc((128 + slots) * blocks + blocks, sizeof *masks);
  uint32_t *wide = calloc(slots, sizeof *wide);
  if (!masks || !wide) abort();
  uint64_t *rows = masks + (128 + slots) * blocks;
  for (size_t i = 0; i < a_count; i++)
    masks[row_of(a[i], wide, slots, 1) * blocks + i / 64] |= 1ull << (i % 64);
  for (size_t block = 0; block < blocks; block++) rows[block] = ~0ull;

  for (size_t j = 0; j < b_count; j++) {
    size_t row = row_of(b[j], wide, slots, 0);
    if (row == SIZE_MAX) continue;
    const uint64_t *mask = masks + row * blocks;
    unsigned char carry = 0;
    for (size_t block = 0; block < blocks; block++) {
      uint64_t state = rows[block], matched = state & mask[block];
      uint64_t sum = state + matched, more = sum < state;
      uint64_t total = sum + carry;
      carry = (unsigned char)(more | (total < sum));
      rows[block] = total | (state & ~mask[block]);
    }
  }
  size_t common = 0;
  for (size_t block = 0; block < blocks; block++) {
    uint64_t zeros = ~rows[block];
    if (block == blocks - 1 && a_count % 64) zeros &= (1ull << (a_count % 64)) - 1;
    common += (size_t)__builtin_popcountll(zeros);
  }
  free(masks);
  free(wide);
  size_t distance = a_count + b_count - 2 * common;
  return distance > limit ? limit + 1 : distance;
}
