// The inner loops of text comparison: tokens, shingles, MinHash, sets, edit distance.
//
// Plain C with no state. In a debug build of Swift these loops are a hundred times slower, and
// MinHash wants the widest vectors that a machine has; results are whole numbers and the same on
// every machine.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// A normalised token: the hash of its letters, and where in the text they stand.
struct bm_token {
  uint64_t hash;
  uint32_t start;
  /// The byte after the last; the highest bit says that a line begins with this token.
  uint32_t end_opens;
};

/// What becomes of each scalar outside ASCII: a page for each 256 of them, an entry for each.
///
/// An entry is 0 where the scalar stays as it is. Its lowest byte is a kind (bm_fold), the seven
/// bytes above are letters, ended by zero.
struct bm_folding {
  const uint16_t *pages;
  const uint64_t *entries;
};

enum bm_fold {
  bm_fold_keep = 0,
  bm_fold_letters = 1,   // reads as these letters, in the same token
  bm_fold_ascii = 2,     // reads as this ASCII character
  bm_fold_raised = 3,    // reads as these digits, in a token apart from plain digits
  bm_fold_name = 4,      // a token of this name
  bm_fold_fraction = 5,  // \frac of two digits
  bm_fold_alone = 6,     // a token by itself
  bm_fold_gap = 7,       // ends a token
  bm_fold_line = 8,      // ends a token and a line
  bm_fold_nothing = 9,   // is not there
};

/// Words as s1 and open-r1 take them. `tokens` has room for `count / 2 + 1`; returns how many.
size_t bm_words(const uint8_t *text, size_t count, struct bm_folding folding,
                struct bm_token *tokens);

/// Tokens that spacing, punctuation and markup cannot change. `tokens` has room for
/// `count / 2 * 3 + 4`; returns how many.
size_t bm_tokens(const uint8_t *text, size_t count, struct bm_folding folding,
                 struct bm_token *tokens);

/// The hash of a short text as if it were one token, letters as they stand.
uint64_t bm_token_hash(const uint8_t *letters, size_t count);

/// Hashes of all runs of n tokens, each mixed; returns how many. `grams` has room for `count`.
size_t bm_grams(const struct bm_token *tokens, size_t count, size_t n, uint64_t *grams);

/// The hash of a run of tokens, the same that `bm_grams` gives it.
uint64_t bm_gram(const struct bm_token *tokens, size_t count);

/// The least of each of `permutations` hashes over all shingles; a multiple of 16.
void bm_minima(const uint64_t *shingles, size_t count, size_t permutations, uint32_t *minima);

/// One hash for each band of `rows` minima.
void bm_bands(const uint32_t *minima, size_t bands, size_t rows, uint32_t *keys);

/// Sorts; `scratch` has the same room. What is in order by its lowest `sorted` bytes stays so
/// without work.
void bm_sort(uint64_t *values, size_t count, uint64_t *scratch, int sorted);

/// Sorts and leaves one of each; returns how many.
size_t bm_sort_unique(uint64_t *values, size_t count, uint64_t *scratch);

/// How many values two sorted sets share.
size_t bm_shared(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count);

/// Which of the grams have their bit set in a filter of 1 << bits bits: their places; returns how
/// many. `places` has room for `count`.
size_t bm_filter(const uint64_t *grams, size_t count, const uint64_t *filter, unsigned bits,
                 uint32_t *places);

/// The scalars of UTF-8; a byte that is no UTF-8 stands for itself, above all scalars. Returns how
/// many; room for `count`.
size_t bm_scalars(const uint8_t *text, size_t count, uint32_t *scalars);

/// How many scalars fall into each of 64 classes, at most 65,535 each.
void bm_histogram(const uint32_t *scalars, size_t count, uint16_t *histogram);

/// The sum of the differences of two histograms: never more than the indel distance.
uint32_t bm_histogram_distance(const uint16_t *a, const uint16_t *b);

/// Insertions and deletions that make b of a; limit + 1 where they are more than `limit`.
size_t bm_indel(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
                size_t limit);
