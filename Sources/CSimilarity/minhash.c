// Shingles and their minima (Broder 1997, "On the resemblance and containment of documents").
#include "CSimilarity.h"
#include "mix.h"

// Odd, and 3 modulo 8: powers of it differ in all but their lowest few bits.
static const uint64_t factor = 0xd6e8feb86659fd93;

size_t bm_grams(const struct bm_token *tokens, size_t count, size_t n, uint64_t *grams) {
  if (n == 0 || count < n) return 0;
  uint64_t power = 1, state = 0;
  for (size_t i = 0; i < n; i++) {
    power *= factor;
    state = state * factor + tokens[i].hash;
  }
  grams[0] = bm_mix(state);
  for (size_t i = n; i < count; i++) {
    state = state * factor + tokens[i].hash - tokens[i - n].hash * power;
    grams[i - n + 1] = bm_mix(state);
  }
  return count - n + 1;
}

uint64_t bm_gram(const struct bm_token *tokens, size_t count) {
  uint64_t state = 0;
  for (size_t i = 0; i < count; i++) state = state * factor + tokens[i].hash;
  return bm_mix(state);
}

// Each permutation is a bijection of 32 bits: add, multiply by an odd number, fold, multiply.
#define LANES 16
WIDEST static void minima_of_16(const uint64_t *shingles, size_t count, const uint32_t *salts,
                                uint32_t *minima) {
  uint32_t least[LANES];
  for (int lane = 0; lane < LANES; lane++) least[lane] = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    uint32_t shingle = (uint32_t)(shingles[i] >> 32);
    for (int lane = 0; lane < LANES; lane++) {
      uint32_t value = (shingle ^ salts[lane]) * (salts[lane] | 1);
      value = (value ^ value >> 15) * 0x2c1b3c6du;
      least[lane] = value < least[lane] ? value : least[lane];
    }
  }
  for (int lane = 0; lane < LANES; lane++) minima[lane] = least[lane];
}

void bm_minima(const uint64_t *shingles, size_t count, size_t permutations, uint32_t *minima) {
  uint32_t salts[LANES];
  for (size_t first = 0; first < permutations; first += LANES) {
    for (int lane = 0; lane < LANES; lane++)
      salts[lane] = (uint32_t)bm_mix(0x51ed270b0a1f39c5 + (first + lane) * 0x9e3779b97f4a7c15);
    minima_of_16(shingles, count, salts, minima + first);
  }
}

void bm_bands(const uint32_t *minima, size_t bands, size_t rows, uint32_t *keys) {
  for (size_t band = 0; band < bands; band++) {
    uint64_t state = bm_seed;
    for (size_t row = 0; row < rows; row++) state = bm_mix(state ^ minima[band * rows + row]);
    keys[band] = (uint32_t)(state >> 32);
  }
}
