// The inner loops of a merge, compiled for several instruction sets with the same bits on each.
//
// Vectors hold IEEE doubles. Sums run in a fixed number of lanes, whatever the machine's width, and
// products are never contracted into fused operations. `bm_kernels` gives the fastest set that the
// machine has.
#ifndef BRANCHMERGE_KERNELS_H
#define BRANCHMERGE_KERNELS_H
#include <stddef.h>
#include <stdint.h>

/// The element types that have arithmetic.
enum bm_type { BM_F16, BM_BF16, BM_F32, BM_F64 };

/// Which divergence: of right from left, of left from right, or their sum.
enum bm_direction { BM_RIGHT_LEFT, BM_LEFT_RIGHT, BM_SYMMETRIC };

/// What selecting entries by score counted and summed.
struct bm_selection {
  uint64_t changed;           // right differs from left
  uint64_t selected;          // the score reaches the threshold
  uint64_t selected_changed;  // both
  double square_changed;      // sum of squared differences
  double square_selected;     // the same over selected entries
};

/// What comparing two vectors counted and summed; an entry that is not finite in one of them counts as
/// that alone. `least` starts at INFINITY, the rest at 0.
struct bm_comparison {
  uint64_t differing, same_sign, not_finite;
  double square_left, square_right, product, square_difference;
  double least, largest;  // |right - left| where they differ
};

/// What the softmax of a pair of rows needs to know of them; maxima start at -INFINITY, the rest at 0.
struct bm_softmax {
  double left_max, right_max;
  double gap;                  // the largest |right - left|
  double left_sum, right_sum;  // of e^(x - max); the right one where gaps are large
  double moved;                // the sum of e^(left - max) (e^(right - left) - 1), where they are small
};

/// Where a rank is looked for: keys below are counted, keys in low...high gathered.
struct bm_bracket {
  double low, high;
  uint64_t below;
  double *target;
  size_t taken;
};

/// Selective fusion straight from numbers as they are stored.
struct bm_stored_kernels {
  /// The divergence of two rows: -1 where differences are too large for the short series, NaN
  /// where a number is not finite. `room` has space for n + 16 floats.
  double (*divergence)(const void *left, const void *right, size_t n, double epsilon,
                       enum bm_direction direction, float *room);
  /// The scores of every `stride`th entry from `first` on.
  void (*scores)(const void *left, const void *right, double factor, size_t first, size_t stride,
                 size_t n, double *target);
  /// Counts and gathers scores; every target has room for n + 8 more.
  void (*collect)(const void *left, const void *right, double factor, size_t n,
                  struct bm_bracket *brackets, size_t count);
  /// Takes right where the score reaches the threshold; returns the sum of squares of the result.
  double (*select)(const void *left, const void *right, double factor, double threshold,
                   int strict, void *merged, size_t n, struct bm_selection *figures);
  /// The same choice between two other vectors of the type's width; equal numbers are `kept`.
  void (*choose)(const void *left, const void *right, double factor, double threshold,
                 int strict, const void *kept, const void *other, void *target, size_t n);
  /// Where the merged numbers come from: `kept` where they have the kept side's bits, else `other`.
  void (*follow)(const void *merged, const void *kept_row, const void *kept, const void *other,
                 void *target, size_t n);
  /// How many numbers have the bits of this one.
  size_t (*count)(const void *numbers, uint32_t value, size_t n);
};

/// What is kept of one model's change from the base, x - base, and what it counts.
struct bm_change {
  const double *x;
  /// An element is kept where low <= key <= high; without a key |x - base| is it.
  const double *key;
  double low, high;
  /// What is kept is multiplied with this and divided by that, or by these element by element.
  double factor, divisor;
  const double *divisors;
  double weight;
};

/// How changes are added up.
struct bm_ballot {
  /// Whether only changes count that have the sign of the sum; a sum of zero is positive.
  int elects;
  /// Whether that sum is one of changes without their weights.
  int is_unweighted;
  /// Whether the result is divided: by the weights that count, at least `least`, or without an
  /// election by `divisor`. A divisor of 0 divides nothing.
  int divides;
  double least, divisor;
  double lambda;
};

struct bm_kernels {
  const char *name;

  /// Widens `n` stored numbers exactly; returns the index of the first that is not finite, or `n`.
  size_t (*widen)(enum bm_type type, const void *source, double *target, size_t n);

  /// Rounds to nearest even, once; returns how many finite numbers became infinite.
  size_t (*narrow)(enum bm_type type, const double *source, void *target, size_t n);

  /// target = factor * x
  void (*scale)(const double *x, double factor, double *target, size_t n);
  /// target += factor * x
  void (*add_scaled)(const double *x, double factor, double *target, size_t n);
  /// target -= x
  void (*subtract)(const double *x, double *target, size_t n);
  /// The sum of x * y.
  double (*dot)(const double *x, const double *y, size_t n);
  /// The sum of (x - y)^2.
  double (*square_distance)(const double *x, const double *y, size_t n);
  /// The sum of |x|.
  double (*absolute_sum)(const double *x, size_t n);

  /// Counts keys below `low` and copies those in low...high, in order; returns how many.
  size_t (*collect)(const double *keys, size_t n, double low, double high, uint64_t *below,
                    double *target);
  /// Counts keys equal to `value`.
  size_t (*count_equal)(const double *keys, double value, size_t n);

  /// target = |right - left|, 0 where one is not finite; adds to the figures.
  void (*compare)(const double *left, const double *right, double *target, size_t n,
                  struct bm_comparison *figures);
  /// Counts numbers of at least 0 by exponent and first seven bits, from counts[8] on; zeros are
  /// counted in the first eight together.
  void (*tally)(const double *x, size_t n, uint64_t *counts);
  /// Counts the entries of `rest` that x has too, and makes them NaN.
  size_t (*strike)(const double *x, double *rest, size_t n);

  /// The Kullback-Leibler divergence of two softmax rows, with epsilon on every probability, in
  /// three passes that each may come in pieces: maxima, sums of weights, then the terms.
  void (*extent)(const double *left, const double *right, size_t n, struct bm_softmax *rows);
  void (*weigh)(const double *left, const double *right, size_t n, struct bm_softmax *rows);
  double (*diverge)(const double *left, const double *right, size_t n, double epsilon,
                    enum bm_direction direction, const struct bm_softmax *rows);
  /// target = |right - left| * factor; returns how many are zero.
  size_t (*scores)(const double *left, const double *right, double factor, double *target,
                   size_t n);
  /// Takes right where it differs and |right - left| * factor reaches the threshold (or exceeds it,
  /// if `strict`).
  void (*select)(const double *left, const double *right, double factor, double threshold,
                 int strict, double *target, size_t n, struct bm_selection *figures);

  /// The same choice between two other vectors: `other` where right is taken and differs.
  void (*take)(const double *left, const double *right, double factor, double threshold,
               int strict, const double *kept, const double *other, double *target, size_t n);

  // Of these vectors whole steps of 8 elements are read and written: they need room for that.

  /// target = sum of factor * x over `count` vectors, divided by `divisor`. Where all of them agree
  /// and `keeps_equal` is set, the first of them as it is.
  void (*combine)(const double *const *vectors, const double *factors, size_t count,
                  double divisor, int keeps_equal, double *target, size_t n);

  /// What is kept of a change, as it is, and 0 elsewhere; returns how many are kept.
  size_t (*keep)(const struct bm_change *change, const double *base, double *target, size_t n);
  /// target = base + lambda * the sum of what is kept, by the rules of the ballot; the base as it is
  /// where that adds nothing.
  void (*vote)(const struct bm_change *changes, size_t count, const struct bm_ballot *ballot,
               const double *base, double *target, size_t n);
  /// The population variance of the changes at each element; returns how many are not zero.
  size_t (*variance)(const double *const *vectors, size_t count, const double *base,
                     double *target, size_t n);

  /// A number from [0, 1) for each of the elements from `first` on: Philox-4x32-10 of this key.
  void (*uniform)(uint32_t key0, uint32_t key1, uint64_t first, double *target, size_t n);

  /// target = a x + (1 - a) base, a = clamp(t / max(|base - x|, 1e-6), 0, 1); where x is the base,
  /// or a is 0, the base as it is.
  void (*swap_near)(const double *base, const double *x, double t, double *target, size_t n);

  /// For each model its changes beyond epsilon that no other model has, and those that some has.
  void (*overlap)(const double *const *vectors, size_t count, const double *base, double epsilon,
                  uint64_t *alone, uint64_t *shared, size_t n);
  /// target = base + the mean of the changes beyond epsilon; one that no other model has is
  /// multiplied with its model's factor. Where nothing is added the base as it is.
  void (*reinforce)(const double *const *vectors, const double *factors, size_t count,
                    const double *base, double epsilon, double *target, size_t n);

  /// By type: BM_F16, BM_BF16, BM_F32.
  struct bm_stored_kernels stored[3];
};

/// The fastest set of kernels here; all sets give the same bits.
const struct bm_kernels *bm_kernels(void);

/// All sets that this machine can run, slowest first; returns how many there are.
size_t bm_kernel_sets(const struct bm_kernels **sets);

/// The keys that sorting would bring to these ranks, of n keys of at least 0, without a sort.
///
/// Every rank is below n; `room` has space for n, and can be `keys` for one rank.
void bm_values_at_ranks(const double *keys, size_t n, const size_t *ranks, size_t count,
                        double *room, double *values);

/// Elementary functions with the same bits on every machine and C library, within 6 ulp.
double bm_exp(double x);
double bm_expm1(double x);
double bm_log(double x);
double bm_log1p(double x);
double bm_sin(double x);
double bm_cos(double x);
double bm_acos(double x);

/// Gives every element of a row of at most 2^20 the probability low + span * rank / (n - 1), where
/// rank 0 is the smallest magnitude and the first of equals ranks highest; a row of one the middle.
/// Both rooms hold n words.
void bm_rank_probabilities(const double *magnitudes, size_t n, double low, double span,
                           uint64_t *room, uint64_t *more_room, double *probabilities);
#endif
