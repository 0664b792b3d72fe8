// Hashes of letters and of runs of tokens.
#pragma once
#include <stdint.h>
#include <string.h>

// Compiled for several kinds of vectors; the loader takes the widest. The thread sanitizer is not at
// work yet while it does.
#if defined(__x86_64__) && !(defined(__has_feature) && __has_feature(thread_sanitizer))
#define WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDEST
#endif

/// Before the first letter of a token.
static const uint64_t bm_seed = 0x243f6a8885a308d3;

/// One letter more: for a given state another letter always gives another state.
static inline uint64_t bm_letter(uint64_t state, uint8_t letter) {
  return (state ^ letter) * 0x9e3779b97f4a7c15;
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
static inline uint64_t bm_mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// The scalar at a place and its length; an invalid byte gives 0xdc00 + byte, as Python's
/// "surrogateescape" does, and length 1.
static inline uint32_t bm_decode(const uint8_t *at, const uint8_t *end, unsigned *length) {
  uint8_t a = at[0];
  *length = 1;
  if (a < 0x80) return a;
  size_t room = (size_t)(end - at);
  if (a >= 0xc2 && a <= 0xdf && room >= 2 && (at[1] & 0xc0) == 0x80) {
    *length = 2;
    return (uint32_t)(a & 0x1f) << 6 | (at[1] & 0x3f);
  }
  if (a >= 0xe0 && a <= 0xef && room >= 3 && (at[1] & 0xc0) == 0x80 && (at[2] & 0xc0) == 0x80) {
    uint32_t scalar = (uint32_t)(a & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
    if (scalar >= 0x800 && (scalar < 0xd800 || scalar > 0xdfff)) {
      *length = 3;
      return scalar;
    }
  }
  if (a >= 0xf0 && a <= 0xf4 && room >= 4 && (at[1] & 0xc0) == 0x80 && (at[2] & 0xc0) == 0x80 &&
      (at[3] & 0xc0) == 0x80) {
    uint32_t scalar = (uint32_t)(a & 0x07) << 18 | (uint32_t)(at[1] & 0x3f) << 12 |
                      (uint32_t)(at[2] & 0x3f) << 6 | (at[3] & 0x3f);
    if (scalar >= 0x10000 && scalar <= 0x10ffff) {
      *length = 4;
      return scalar;
    }
  }
  return 0xdc00u + a;
}
