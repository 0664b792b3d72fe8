// Ranks within a row, by a radix sort of the magnitudes' bits.
#include "kernels.h"
#include <string.h>

/// Bits of an entry that hold the place in the row; those above them the magnitude's.
enum { PLACE_BITS = 20 };

static uint64_t bits_of(const double *x) {
  uint64_t bits;
  memcpy(&bits, x, 8);
  return bits;
}

/// One pass of the sort: entries by a digit, equals in the order in which they come.
static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t n, int shift, int width) {
  uint32_t places[1 << 11] = {0};
  uint64_t mask = ((uint64_t)1 << width) - 1;
  for (size_t i = 0; i < n; i++) places[from[i] >> shift & mask]++;
  uint32_t before = 0;
  for (uint64_t digit = 0; digit <= mask; digit++) {
    uint32_t count = places[digit];
    places[digit] = before;
    before += count;
  }
  for (size_t i = 0; i < n; i++) to[places[from[i] >> shift & mask]++] = from[i];
}

void bm_rank_probabilities(const double *magnitudes, size_t n, double low, double span,
                           uint64_t *room, uint64_t *more_room, double *probabilities) {
  if (n == 0) return;
  // Numbers of at least 0 have the order of their bits. Only those that vary are sorted by, and
  // what does not fit into an entry is looked at in the end.
  uint64_t first = bits_of(magnitudes), varying = 0;
  for (size_t i = 1; i < n; i++) varying |= bits_of(magnitudes + i) ^ first;
  int top = varying ? 64 - __builtin_clzll(varying) : 0;
  int bottom = varying ? __builtin_ctzll(varying) : 0;
  int dropped = top - bottom > 64 - PLACE_BITS;
  if (dropped) bottom = top - (64 - PLACE_BITS);
  uint64_t kept = top < 64 ? ((uint64_t)1 << top) - 1 : ~(uint64_t)0;
  // From the last to the first, so that the first of equals ranks highest.
  for (size_t i = 0; i < n; i++) {
    size_t place = n - 1 - i;
    room[i] = (bits_of(magnitudes + place) & kept) >> bottom << PLACE_BITS | place;
  }
  int width = n < 4096 ? 8 : 11;
  for (int shift = PLACE_BITS; shift < PLACE_BITS + top - bottom; shift += width) {
    sort_by_digit(room, more_room, n, shift, width);
    uint64_t *swapped = room;
    room = more_room;
    more_room = swapped;
  }
  uint64_t mask = ((uint64_t)1 << PLACE_BITS) - 1;
  if (dropped)
    for (size_t i = 1; i < n; i++) {
      uint64_t entry = room[i], bits = bits_of(magnitudes + (entry & mask));
      size_t j = i;
      for (; j > 0 && bits_of(magnitudes + (room[j - 1] & mask)) > bits; j--) room[j] = room[j - 1];
      room[j] = entry;
    }
  double *ranked = (double *)more_room;
  for (size_t rank = 0; rank < n; rank++)
    ranked[rank] = low + span * (n > 1 ? (double)rank / (double)(n - 1) : 0.5);
  for (size_t rank = 0; rank < n; rank++) probabilities[room[rank] & mask] = ranked[rank];
}
