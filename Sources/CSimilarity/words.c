// Words: lower case, cut at white space. What s1's and open-r1's `normalize_string` and
// `str.split` leave of a text.
#include "CSimilarity.h"
#include "mix.h"

static inline int is_space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31); }

size_t bm_words(const uint8_t *text, size_t count, struct bm_folding folding,
                struct bm_token *tokens) {
  const uint8_t *at = text, *end = text + count;
  size_t found = 0;
  uint64_t state = bm_seed;
  const uint8_t *start = NULL;
  while (at < end) {
    uint8_t c = *at;
    unsigned length = 1;
    if (c < 0x80) {
      if (is_space(c)) goto gap;
      if (!start) start = at;
      state = bm_letter(state, c + ((uint8_t)(c - 'A') < 26) * 32);
    } else {
      uint32_t scalar = bm_decode(at, end, &length);
      uint64_t entry = folding.entries[folding.pages[scalar >> 8] * 256u + (scalar & 255)];
      if ((entry & 255) == bm_fold_gap) goto gap;
      if (!start) start = at;
      if (entry)
        for (entry >>= 8; entry; entry >>= 8) state = bm_letter(state, (uint8_t)entry);
      else
        for (unsigned i = 0; i < length; i++) state = bm_letter(state, at[i]);
    }
    at += length;
    continue;
  gap:
    if (start) {
      tokens[found++] = (struct bm_token){bm_mix(state), (uint32_t)(start - text), (uint32_t)(at - text)};
      start = NULL;
      state = bm_seed;
    }
    at += length;
  }
  if (start)
    tokens[found++] = (struct bm_token){bm_mix(state), (uint32_t)(start - text), (uint32_t)count};
  return found;
}

uint64_t bm_token_hash(const uint8_t *letters, size_t count) {
  uint64_t state = bm_seed;
  for (size_t i = 0; i < count; i++) state = bm_letter(state, letters[i]);
  return bm_mix(state);
}
