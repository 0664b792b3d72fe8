// The kernels, written once over vectors of 64 bytes and included once per instruction set.
//
// BM_SET names the set. A machine with narrower registers works a vector off in several steps; the
// order of all additions is that of the lanes here, so every set gives the same bits.
#include "kernels.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BM_JOIN2(a, b) a##b
#define BM_JOIN(a, b) BM_JOIN2(a, b)
#define INLINE static inline __attribute__((always_inline))

typedef double v8d __attribute__((vector_size(64)));
typedef float v8f __attribute__((vector_size(32)));
typedef float v16f __attribute__((vector_size(64)));
typedef float v64f __attribute__((vector_size(256)));
typedef int64_t v8l __attribute__((vector_size(64)));
typedef uint64_t v8ul __attribute__((vector_size(64)));
typedef int32_t v8i __attribute__((vector_size(32)));
typedef uint32_t v8u __attribute__((vector_size(32)));
typedef uint16_t v8s __attribute__((vector_size(16)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef int32_t v64i __attribute__((vector_size(256)));

INLINE v8d load8(const double *p) {
  v8d v;
  memcpy(&v, p, 64);
  return v;
}
INLINE void store8(double *p, v8d v) { memcpy(p, &v, 64); }
INLINE v16f load16(const float *p) {
  v16f v;
  memcpy(&v, p, 64);
  return v;
}
INLINE void store16(float *p, v16f v) { memcpy(p, &v, 64); }
INLINE v8d all8(double x) { return (v8d){x, x, x, x, x, x, x, x}; }
INLINE v16f all16(float x) { return (v16f){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE v8d abs8(v8d v) { return (v8d)((v8l)v & INT64_MAX); }
INLINE v8d pick8(v8l mask, v8d yes, v8d no) { return (v8d)((mask & (v8l)yes) | (~mask & (v8l)no)); }

INLINE double sum8(v8d a) {
  return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}
INLINE int64_t count8(v8l a) {
  return a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7];
}
INLINE double max8(v8d a) {
  double m = a[0];
  for (int i = 1; i < 8; i++) m = a[i] > m ? a[i] : m;
  return m;
}
INLINE v64f all64(float x) { return x - (v64f){0}; }
INLINE v16f floats(v8d a, v8d b) {
  v8f x = __builtin_convertvector(a, v8f), y = __builtin_convertvector(b, v8f);
  return __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
INLINE v8d low_doubles(v16f a) {
  return __builtin_convertvector(__builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7), v8d);
}
INLINE v8d high_doubles(v16f a) {
  return __builtin_convertvector(__builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15), v8d);
}

// ---- widening and narrowing ----

INLINE v8d widen_bf16(v8s h) {
  v8u bits = __builtin_convertvector(h, v8u) << 16;
  return __builtin_convertvector((v8f)bits, v8d);
}

INLINE v8d widen_f16(v8s h) {
  v8u wide = __builtin_convertvector(h, v8u);
  v8u rest = wide & 0x7FFF;
  // Exponent and mantissa in a float's place, 2^112 too small; subnormals come out right as well.
  v8f value = (v8f)(rest << 13) * 0x1p112f;
  // Infinity and NaN keep their exponent of ones.
  v8u special = (v8u)(rest >= 0x7C00) & 0x7F800000;
  return __builtin_convertvector((v8f)(((v8u)value) | special | (wide & 0x8000) << 16), v8d);
}

INLINE size_t first_not_finite(const double *x, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!(fabs(x[i]) <= 0x1.fffffffffffffp1023)) return i;
  return n;
}

static size_t BM_JOIN(widen_, BM_SET)(enum bm_type type, const void *source, double *target,
                                      size_t n) {
  const unsigned char *bytes = source;
  v8l bad = {0};
  size_t i = 0;
#define WIDEN(size, LOADED)                                          \
  for (; i + 8 <= n; i += 8) {                                       \
    v8d v = LOADED(bytes + size * i);                                \
    bad |= ~(abs8(v) <= all8(0x1.fffffffffffffp1023));               \
    store8(target + i, v);                                           \
  }                                                                  \
  if (i < n) {                                                       \
    unsigned char rest[8 * size] = {0};                              \
    memcpy(rest, bytes + size * i, size * (n - i));                  \
    v8d v = LOADED(rest);                                            \
    bad |= ~(abs8(v) <= all8(0x1.fffffffffffffp1023));               \
    memcpy(target + i, &v, 8 * (n - i));                             \
  }
  switch (type) {
#define LOAD_BF16(p) ({ v8s h; memcpy(&h, p, 16); widen_bf16(h); })
  case BM_BF16: WIDEN(2, LOAD_BF16) break;
#define LOAD_F16(p) ({ v8s h; memcpy(&h, p, 16); widen_f16(h); })
  case BM_F16: WIDEN(2, LOAD_F16) break;
#define LOAD_F32(p) ({ v8f f; memcpy(&f, p, 32); __builtin_convertvector(f, v8d); })
  case BM_F32: WIDEN(4, LOAD_F32) break;
#define LOAD_F64(p) ({ v8d d; memcpy(&d, p, 64); d; })
  case BM_F64: WIDEN(8, LOAD_F64) break;
  }
  return count8(bad) == 0 ? n : first_not_finite(target, n);
}

/// A float with the last bit set where the double is not exactly it ("round to odd"): rounding it
/// once more, to fewer bits, gives what rounding the double directly gives.
INLINE v8u odd_float(v8d d) {
  v8f f = __builtin_convertvector(d, v8f);
  v8d back = __builtin_convertvector(f, v8d);
  v8u bits = (v8u)f;
  v8l too_large = abs8(back) > abs8(d);
  v8l inexact = (back != d) & (d == d);
  bits -= __builtin_convertvector(too_large & 1, v8u);
  return bits | __builtin_convertvector(inexact & 1, v8u);
}

INLINE v8s narrow_bf16(v8d d) {
  v8u bits = odd_float(d);
  v8u rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  // A NaN stays one whatever its payload.
  v8u nan = (v8u)((bits & 0x7FFFFFFF) > 0x7F800000);
  return __builtin_convertvector((rounded & ~nan) | ((bits >> 16 | 0x40) & nan), v8s);
}

INLINE v8s narrow_f16(v8d d) {
  v8u bits = odd_float(d);
  v8u sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  // Normal halves: rebias, add half a unit less one plus the last kept bit.
  v8u normal = (magnitude - 0x38000000 + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  // Subnormal halves: adding 2^-1 leaves the bits of the result at the end of the sum. Rounding to
  // odd still holds, as the sum rounds at a higher bit than the odd one.
  v8f shifted = (v8f)magnitude + 0.5f;
  v8u subnormal = (v8u)shifted - 0x3F000000;
  v8u is_small = (v8u)(magnitude < 0x38800000), is_large = (v8u)(magnitude >= 0x477FF000);
  v8u is_nan = (v8u)(magnitude > 0x7F800000);
  v8u half = (subnormal & is_small) | (normal & ~is_small);
  half = (half & ~is_large) | (0x7C00 & is_large);
  half = (half & ~is_nan) | (0x7E00 & is_nan);
  return __builtin_convertvector(half | sign, v8s);
}

static size_t BM_JOIN(narrow_, BM_SET)(enum bm_type type, const double *source, void *target,
                                       size_t n) {
  unsigned char *bytes = target;
  // The largest double that still rounds to a finite number of the type lies below this.
  double limit = type == BM_F16    ? 65520.0
                 : type == BM_BF16 ? 0x1.ffp127
                 : type == BM_F32  ? 0x1.ffffffp127
                                   : INFINITY;
  v8l overflows = {0};
  size_t i = 0;
#define NARROW(size, NARROWED)                                                \
  for (; i < n; i += 8) {                                                     \
    size_t count = n - i < 8 ? n - i : 8;                                     \
    v8d v = {0};                                                              \
    if (count == 8) v = load8(source + i);                                    \
    else memcpy(&v, source + i, 8 * count);                                   \
    overflows += (abs8(v) >= all8(limit)) & (abs8(v) < all8(INFINITY)) & 1;   \
    NARROWED;                                                                 \
    if (count == 8) memcpy(bytes + size * i, &stored, 8 * size);              \
    else memcpy(bytes + size * i, &stored, count * size);                     \
  }
  switch (type) {
  case BM_BF16: NARROW(2, v8s stored = narrow_bf16(v)) break;
  case BM_F16: NARROW(2, v8s stored = narrow_f16(v)) break;
  case BM_F32: NARROW(4, v8f stored = __builtin_convertvector(v, v8f)) break;
  case BM_F64: NARROW(8, v8d stored = v) break;
  }
  return (size_t)count8(overflows);
}

// ---- vectors ----

/// Runs BODY with `i` at every eighth element; the last, incomplete vectors are padded with zeros.
#define EACH8_2(x, y, BODY)                                  \
  {                                                          \
    size_t i = 0;                                            \
    for (; i + 8 <= n; i += 8) {                             \
      v8d a = load8((x) + i), b = load8((y) + i);            \
      BODY                                                   \
    }                                                        \
    if (i < n) {                                             \
      v8d a = {0}, b = {0};                                  \
      memcpy(&a, (x) + i, 8 * (n - i));                      \
      memcpy(&b, (y) + i, 8 * (n - i));                      \
      BODY                                                   \
    }                                                        \
  }

INLINE void store_part(double *target, v8d v, size_t i, size_t n) {
  if (i + 8 <= n) store8(target + i, v);
  else memcpy(target + i, &v, 8 * (n - i));
}

static void BM_JOIN(scale_, BM_SET)(const double *x, double factor, double *target, size_t n) {
  for (size_t i = 0; i < n; i++) target[i] = factor * x[i];
}
static void BM_JOIN(add_scaled_, BM_SET)(const double *x, double factor, double *target,
                                         size_t n) {
  for (size_t i = 0; i < n; i++) target[i] += factor * x[i];
}
static void BM_JOIN(subtract_, BM_SET)(const double *x, double *target, size_t n) {
  for (size_t i = 0; i < n; i++) target[i] -= x[i];
}
static double BM_JOIN(dot_, BM_SET)(const double *x, const double *y, size_t n) {
  v8d sum = {0};
  EACH8_2(x, y, sum += a * b;)
  return sum8(sum);
}
static double BM_JOIN(square_distance_, BM_SET)(const double *x, const double *y, size_t n) {
  v8d sum = {0};
  EACH8_2(x, y, v8d d = a - b; sum += d * d;)
  return sum8(sum);
}
static double BM_JOIN(absolute_sum_, BM_SET)(const double *x, size_t n) {
  v8d sum = {0};
  EACH8_2(x, x, (void)b; sum += abs8(a);)
  return sum8(sum);
}

// ---- selection by rank ----

static size_t BM_JOIN(collect_, BM_SET)(const double *keys, size_t n, double low, double high,
                                        uint64_t *below, double *target) {
  v8l under = {0};
  size_t taken = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    v8d key = load8(keys + i);
    under -= key < all8(low);
#if defined(BM_WIDE)
    __m512d k = (__m512d)key;
    __mmask8 inside = _mm512_cmp_pd_mask(k, _mm512_set1_pd(low), _CMP_GE_OQ) &
                      _mm512_cmp_pd_mask(k, _mm512_set1_pd(high), _CMP_LE_OQ);
    if (inside) {
      _mm512_storeu_pd(target + taken, _mm512_maskz_compress_pd(inside, k));
      taken += (size_t)__builtin_popcount(inside);
    }
#else
    v8l inside = (key >= all8(low)) & (key <= all8(high));
    if (__builtin_reduce_or(inside))
      for (int j = 0; j < 8; j++)
        if (inside[j]) target[taken++] = keys[i + j];
#endif
  }
  uint64_t rest = 0;
  for (; i < n; i++) {
    rest += keys[i] < low;
    if (keys[i] >= low && keys[i] <= high) target[taken++] = keys[i];
  }
  *below += (uint64_t)count8(under) + rest;
  return taken;
}

static size_t BM_JOIN(count_equal_, BM_SET)(const double *keys, double value, size_t n) {
  v8l equal = {0};
  size_t i = 0;
  for (; i + 8 <= n; i += 8) equal -= load8(keys + i) == all8(value);
  size_t count = (size_t)count8(equal);
  for (; i < n; i++) count += keys[i] == value;
  return count;
}

// ---- comparison ----

static void BM_JOIN(compare_, BM_SET)(const double *left, const double *right, double *target,
                                      size_t n, struct bm_comparison *figures) {
  v8l differing = {0}, same_sign = {0}, finite = {0};
  v8d square_left = {0}, square_right = {0}, product = {0}, square = {0};
  v8d least = all8(figures->least), largest = all8(figures->largest);
  int64_t padding = (int64_t)((8 - n % 8) % 8);
  EACH8_2(left, right, {
    v8l good = (abs8(a) < all8(INFINITY)) & (abs8(b) < all8(INFINITY));
    a = (v8d)((v8l)a & good);
    b = (v8d)((v8l)b & good);
    v8d d = abs8(b - a);
    v8l differs = d > all8(0);
    differing -= differs;
    finite -= good;
    same_sign -= good & ((a > all8(0)) == (b > all8(0))) & ((a < all8(0)) == (b < all8(0)));
    square_left += a * a;
    square_right += b * b;
    product += a * b;
    square += d * d;
    least = pick8(differs & (d < least), d, least);
    largest = pick8(d > largest, d, largest);
    store_part(target, d, i, n);
  })
  figures->differing += (uint64_t)count8(differing);
  figures->same_sign += (uint64_t)(count8(same_sign) - padding);
  figures->not_finite += n - (size_t)(count8(finite) - padding);
  figures->square_left += sum8(square_left);
  figures->square_right += sum8(square_right);
  figures->product += sum8(product);
  figures->square_difference += sum8(square);
  figures->least = -max8(-least);
  figures->largest = max8(largest);
}

static void BM_JOIN(tally_, BM_SET)(const double *x, size_t n, uint64_t *counts) {
  for (size_t i = 0; i < n; i++) {
    uint64_t bits;
    memcpy(&bits, x + i, 8);
    // Zeros are many: in one place each would wait for the one before it.
    counts[bits ? (bits >> 45) + 8 : i % 8]++;
  }
}

static size_t BM_JOIN(strike_, BM_SET)(const double *x, double *rest, size_t n) {
  v8l equal = {0};
  size_t padding = (8 - n % 8) % 8;
  EACH8_2(x, rest, {
    v8l same = a == b;
    equal -= same;
    store_part(rest, pick8(same, all8(NAN), b), i, n);
  })
  return (size_t)count8(equal) - padding;
}

// ---- arcee_fusion ----

#define BM_LANES 16
#include "kernels_series.h"
#define BM_LANES 64
#include "kernels_series.h"

static double divergence_term(double u, enum bm_direction direction) {
  if (fabs(u) < 0x1p-6) {
    double sum = 0;
    for (int k = 10; k >= 2; k--) {
      double c = direction == BM_RIGHT_LEFT ? 1.0 / (k * (k - 1))
                 : direction == BM_LEFT_RIGHT ? 1.0 / k
                                              : 1.0 / (k - 1);
      sum = c - sum * u;
    }
    return sum * u * u;
  }
  // A ratio of 0 has (1 + u) ln(1 + u) = 0.
  double log = u <= -1 ? 0 : bm_log1p(u);
  if (direction == BM_RIGHT_LEFT) return (1 + u) * log - u;
  if (direction == BM_LEFT_RIGHT) return u <= -1 ? INFINITY : u - log;
  return u <= -1 ? INFINITY : u * log;
}

// With d = right - left, q = softmax(left), w = sum of q (e^d - 1) and c = ln(1 + w), the right
// softmax is q (1 + t) for t = e^(d - c) - 1. For u = q t / (q + eps) the divergence
// sum (p + eps) ln((p + eps) / (q + eps)) is sum (q + eps) ((1 + u) ln(1 + u) - u), because the
// (q + eps) u add up to nothing. No term is negative, and none is the difference of large ones, so
// float lanes serve where the differences are small; sums are in double.

static void BM_JOIN(extent_, BM_SET)(const double *left, const double *right, size_t n,
                                     struct bm_softmax *rows) {
  v8d left_top = all8(rows->left_max), right_top = all8(rows->right_max), gap = all8(rows->gap);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    v8d l = load8(left + i), r = load8(right + i);
    left_top = __builtin_elementwise_max(left_top, l);
    right_top = __builtin_elementwise_max(right_top, r);
    gap = __builtin_elementwise_max(gap, abs8(r - l));
  }
  rows->left_max = max8(left_top);
  rows->right_max = max8(right_top);
  rows->gap = max8(gap);
  for (; i < n; i++) {
    rows->left_max = left[i] > rows->left_max ? left[i] : rows->left_max;
    rows->right_max = right[i] > rows->right_max ? right[i] : rows->right_max;
    double d = fabs(right[i] - left[i]);
    rows->gap = d > rows->gap ? d : rows->gap;
  }
}

/// Differences up to this have the short series.
#define SMALL_GAP 0x1p-4

// The last lanes are padded: no weight there, and no difference.
#define PAD16()                                                   \
  double last_left[16], last_right[16];                           \
  size_t whole = n / 16 * 16;                                     \
  for (size_t j = 0; j < 16; j++) {                               \
    int in = whole + j < n;                                       \
    last_left[j] = in ? left[whole + j] : rows->left_max;         \
    last_right[j] = in ? right[whole + j] : rows->left_max;       \
  }
#define EACH16(BODY)                                              \
  for (size_t i = 0; i < n; i += 16) {                            \
    const double *l = i < whole ? left + i : last_left;           \
    const double *r = i < whole ? right + i : last_right;         \
    v8d l0 = load8(l), l1 = load8(l + 8);                         \
    v8d r0 = load8(r), r1 = load8(r + 8);                         \
    BODY                                                          \
  }

INLINE v16f weight16(v8d l0, v8d l1, double left_max, size_t i, size_t n) {
  v16f e = exp16(floats(l0 - all8(left_max), l1 - all8(left_max)));
  if (i + 16 > n)
    for (size_t j = n - i; j < 16; j++) e[j] = 0;
  return e;
}

static void BM_JOIN(weigh_, BM_SET)(const double *left, const double *right, size_t n,
                                    struct bm_softmax *rows) {
  if (!(rows->gap <= SMALL_GAP)) {
    for (size_t i = 0; i < n; i++) {
      rows->left_sum += bm_exp(left[i] - rows->left_max);
      rows->right_sum += bm_exp(right[i] - rows->right_max);
    }
    return;
  }
  PAD16()
  v8d total = {0}, moved = {0};
  EACH16({
    v16f e = weight16(l0, l1, rows->left_max, i, n);
    v16f x = e * expm1_small16(floats(r0 - l0, r1 - l1));
    total += low_doubles(e) + high_doubles(e);
    moved += low_doubles(x) + high_doubles(x);
  })
  rows->left_sum += sum8(total);
  rows->moved += sum8(moved);
}

/// Any differences, element by element in double.
static double diverge_general(const double *left, const double *right, size_t n, double epsilon,
                              enum bm_direction direction, const struct bm_softmax *rows) {
  double shift = (rows->right_max - rows->left_max) + bm_log(rows->right_sum / rows->left_sum);
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double q = bm_exp(left[i] - rows->left_max) / rows->left_sum;
    double p = bm_exp(right[i] - rows->right_max) / rows->right_sum;
    // Where q has vanished, p may not have.
    double change = q > 0x1p-1000 ? q * bm_expm1((right[i] - left[i]) - shift) : p - q;
    double base = q + epsilon;
    if (base == 0) {
      if (direction != BM_LEFT_RIGHT && p > 0) return INFINITY;
      continue;
    }
    sum += base * divergence_term(change / base, direction);
  }
  return sum;
}

static double BM_JOIN(diverge_, BM_SET)(const double *left, const double *right, size_t n,
                                        double epsilon, enum bm_direction direction,
                                        const struct bm_softmax *rows) {
  if (rows->gap == 0) return 0;
  if (!(rows->gap <= SMALL_GAP))
    return diverge_general(left, right, n, epsilon, direction, rows);
  double c = bm_log1p(rows->moved / rows->left_sum);
  v16f scale = all16((float)(1 / rows->left_sum)), floor = all16((float)epsilon);
  PAD16()
  v8d sum = {0};
  EACH16({
    v16f q = weight16(l0, l1, rows->left_max, i, n) * scale;
    v16f t = expm1_small16(floats((r0 - l0) - all8(c), (r1 - l1) - all8(c)));
    v16f base = q + floor;
    v16f u = q * t / __builtin_elementwise_max(base, all16(0x1p-126f));
    v16f term = base * divergence_term16(u, direction);
    sum += low_doubles(term) + high_doubles(term);
  })
  return sum8(sum);
}

static size_t BM_JOIN(scores_, BM_SET)(const double *left, const double *right, double factor,
                                       double *target, size_t n) {
  v8l zeros = {0};
  size_t padding = (8 - n % 8) % 8;
  EACH8_2(left, right, {
    v8d score = abs8(b - a) * all8(factor);
    zeros -= score == all8(0);
    store_part(target, score, i, n);
  })
  return (size_t)count8(zeros) - padding;
}

static void BM_JOIN(select_, BM_SET)(const double *left, const double *right, double factor,
                                     double threshold, int strict, double *target, size_t n,
                                     struct bm_selection *figures) {
  v8l changed = {0}, selected = {0}, both = {0};
  v8d square = {0}, square_selected = {0};
  EACH8_2(left, right, {
    v8d d = b - a;
    v8d score = abs8(d) * all8(factor);
    v8l differs = d != all8(0);
    v8l taken = strict ? score > all8(threshold) : score >= all8(threshold);
    if (i + 8 > n)
      for (size_t j = n - i; j < 8; j++) taken[j] = 0;
    changed -= differs;
    selected -= taken;
    both -= taken & differs;
    v8d d2 = d * d;
    square += d2;
    square_selected += pick8(taken, d2, all8(0));
    store_part(target, pick8(taken & differs, b, a), i, n);
  })
  figures->changed += (uint64_t)count8(changed);
  figures->selected += (uint64_t)count8(selected);
  figures->selected_changed += (uint64_t)count8(both);
  figures->square_changed += sum8(square);
  figures->square_selected += sum8(square_selected);
}

static void BM_JOIN(take_, BM_SET)(const double *left, const double *right, double factor,
                                   double threshold, int strict, const double *kept,
                                   const double *other, double *target, size_t n) {
  EACH8_2(left, right, {
    v8d score = abs8(b - a) * all8(factor);
    v8l taken = strict ? score > all8(threshold) : score >= all8(threshold);
    taken &= a != b;
    v8d yes = all8(0);
    v8d no = all8(0);
    memcpy(&yes, other + i, i + 8 <= n ? 64 : 8 * (n - i));
    memcpy(&no, kept + i, i + 8 <= n ? 64 : 8 * (n - i));
    store_part(target, pick8(taken, yes, no), i, n);
  })
}

// ---- selective fusion of stored numbers ----
//
// Taking entries makes no new values, so nothing needs to be widened in memory: the same formulas
// as above, straight from numbers as they are stored.

typedef uint16_t v16s __attribute__((vector_size(32)));
typedef uint32_t v16u __attribute__((vector_size(64)));

INLINE v16f floats16_bf16(const uint16_t *p) {
  v16s h;
  memcpy(&h, p, 32);
  return (v16f)(__builtin_convertvector(h, v16u) << 16);
}
INLINE v16f floats16_f16(const uint16_t *p) {
  v16s h;
  memcpy(&h, p, 32);
  v16u wide = __builtin_convertvector(h, v16u);
  v16u rest = wide & 0x7FFF;
  v16f value = (v16f)(rest << 13) * 0x1p112f;
  v16u special = (v16u)(rest >= 0x7C00) & 0x7F800000;
  return (v16f)(((v16u)value) | special | (wide & 0x8000) << 16);
}
INLINE v16f floats16_f32(const uint32_t *p) {
  v16f f;
  memcpy(&f, p, 64);
  return f;
}
INLINE v16f abs16(v16f v) { return (v16f)((v16u)v & 0x7FFFFFFF); }

/// Float lanes that are added up in double every few steps.
struct BM_JOIN(sum_, BM_SET) {
  v16f part;
  v8d whole;
};
#define SUM struct BM_JOIN(sum_, BM_SET)
INLINE void flush_sum(SUM *sum) {
  sum->whole += low_doubles(sum->part) + high_doubles(sum->part);
  sum->part = all16(0);
}
#define STEPS_OF_FLOATS 8
INLINE void add64(SUM *sum, v64f x) {
  v16f parts[4];
  memcpy(parts, &x, sizeof x);
  for (int i = 0; i < 4; i++) sum->part += parts[i];
}
INLINE float max16(v16f a) {
  float m = a[0];
  for (int i = 1; i < 16; i++) m = a[i] > m ? a[i] : m;
  return m;
}
/// The largest of numbers of at least 0 by their bits, where infinity and NaN come last.
INLINE float largest16(v16i bits) {
  int32_t m = bits[0];
  for (int i = 1; i < 16; i++) m = bits[i] > m ? bits[i] : m;
  float largest;
  memcpy(&largest, &m, 4);
  return largest;
}

#if defined(BM_WIDE)
INLINE size_t compress8(double *target, v8d key, v8l low_enough, v8l high_enough) {
  __mmask8 inside = _mm512_movepi64_mask((__m512i)(low_enough & high_enough));
  _mm512_storeu_pd(target, _mm512_maskz_compress_pd(inside, (__m512d)key));
  return (size_t)__builtin_popcount(inside);
}
#else
INLINE size_t compress8(double *target, v8d key, v8l low_enough, v8l high_enough) {
  v8l inside = low_enough & high_enough;
  size_t taken = 0;
  if (__builtin_reduce_or(inside))
    for (int j = 0; j < 8; j++) {
      target[taken] = key[j];
      taken += inside[j] != 0;
    }
  return taken;
}
#endif

/// The least score that is taken; of a NaN none is.
INLINE double least_taken(double threshold, int strict) {
  if (!strict) return threshold;
  return threshold < INFINITY ? nextafter(threshold, INFINITY) : NAN;
}

/// Puts pairs aside in order; of the targets sixteen are written whatever there is.
INLINE size_t put_aside16(float *left, float *right, v16f a, v16f b, v16i which) {
#if defined(BM_WIDE)
  __mmask16 mask = _mm512_movepi32_mask((__m512i)which);
  _mm512_storeu_ps(left, _mm512_maskz_compress_ps(mask, (__m512)a));
  _mm512_storeu_ps(right, _mm512_maskz_compress_ps(mask, (__m512)b));
  return (size_t)__builtin_popcount(mask);
#else
  size_t count = 0;
  if (__builtin_reduce_or(which))
    for (int i = 0; i < 16; i++) {
      left[count] = a[i];
      right[count] = b[i];
      count += which[i] != 0;
    }
  return count;
#endif
}

/// Differences in float lanes below this, or above that, have scores that are so for sure: the margin
/// is more than all roundings, and what is near the smallest numbers is left to exact scores.
INLINE float least_difference(double low, double factor) {
  double d = low / factor * (1 - 0x1p-20);
  return low > 1e-290 && d > 0x1p-100 ? (float)d : -1;
}
INLINE float most_difference(double high, double factor) {
  double d = (high > 1e-290 ? high : 1e-290) / factor * (1 + 0x1p-20);
  return d > 0x1p-100 ? (float)d : 0x1p-100f;
}

#define BM_STORED bf16
#define BM_NUMBER uint16_t
#define BM_MASK v16s
#define BM_HALF v8s
#include "kernels_stored.h"
#define BM_STORED f16
#define BM_NUMBER uint16_t
#define BM_MASK v16s
#define BM_HALF v8s
#include "kernels_stored.h"
#define BM_STORED f32
#define BM_NUMBER uint32_t
#define BM_MASK v16u
#define BM_HALF v8u
#include "kernels_stored.h"

// ---- sums of models and of their changes ----

static void BM_JOIN(combine_, BM_SET)(const double *const *vectors, const double *factors,
                                      size_t count, double divisor, int keeps_equal,
                                      double *target, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    v8d sum = {0}, first = {0};
    v8l equal = (v8l){0} == 0;
    for (size_t m = 0; m < count; m++) {
      v8d x = load8(vectors[m] + i);
      v8d term = all8(factors[m]) * x;
      if (m == 0) first = x, sum = term;
      else sum += term, equal &= x == first;
    }
    if (divisor != 1) sum /= all8(divisor);
    store8(target + i, keeps_equal ? pick8(equal, first, sum) : sum);
  }
}

/// The part of a change that is kept.
INLINE v8d kept8(const struct bm_change *change, v8d base, size_t i, v8l *kept) {
  v8d d = load8(change->x + i) - base;
  v8d key = change->key ? load8(change->key + i) : abs8(d);
  *kept = (key >= all8(change->low)) & (key <= all8(change->high));
  return (v8d)((v8l)d & *kept);
}

/// Masks off what lies beyond the end.
INLINE v8l inside8(size_t i, size_t n) {
  return (v8l){0, 1, 2, 3, 4, 5, 6, 7} < (int64_t)(n - i);
}

static size_t BM_JOIN(keep_, BM_SET)(const struct bm_change *change, const double *base,
                                     double *target, size_t n) {
  v8l count = {0}, kept;
  for (size_t i = 0; i < n; i += 8) {
    store8(target + i, kept8(change, load8(base + i), i, &kept));
    count -= kept & inside8(i, n);
  }
  return (size_t)count8(count);
}

INLINE v8d moved8(v8d base, v8d by) { return pick8(by == all8(0), base, base + by); }

static void BM_JOIN(vote_, BM_SET)(const struct bm_change *changes, size_t count,
                                   const struct bm_ballot *ballot, const double *base,
                                   double *target, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    v8d b = load8(base + i);
    // Both outcomes of an election are added up, so that one pass serves.
    v8d total = {0}, up = {0}, down = {0}, up_weight = {0}, down_weight = {0};
    for (size_t m = 0; m < count; m++) {
      const struct bm_change *change = changes + m;
      v8l kept;
      v8d d = kept8(change, b, i, &kept) * all8(change->factor);
      if (change->divisors) d = (v8d)((v8l)(d / load8(change->divisors + i)) & kept);
      else if (change->divisor != 1) d /= all8(change->divisor);
      v8d term = all8(change->weight) * d, vote = ballot->is_unweighted ? d : term;
      total += vote;
      if (!ballot->elects) continue;
      v8l is_up = vote > all8(0), is_down = vote < all8(0);
      up += (v8d)((v8l)term & is_up);
      down += (v8d)((v8l)term & is_down);
      up_weight += (v8d)((v8l)all8(change->weight) & is_up);
      down_weight += (v8d)((v8l)all8(change->weight) & is_down);
    }
    if (ballot->elects) {
      v8l positive = total >= all8(0);
      total = pick8(positive, up, down);
      if (ballot->divides) {
        v8d weight = pick8(positive, up_weight, down_weight);
        weight = __builtin_elementwise_max(weight, all8(ballot->least));
        total /= pick8(weight == all8(0), all8(1), weight);
      }
    } else if (ballot->divides && ballot->divisor != 0) {
      total /= all8(ballot->divisor);
    }
    store8(target + i, moved8(b, total * all8(ballot->lambda)));
  }
}

static size_t BM_JOIN(variance_, BM_SET)(const double *const *vectors, size_t count,
                                         const double *base, double *target, size_t n) {
  v8l changed = {0};
  for (size_t i = 0; i < n; i += 8) {
    v8d b = load8(base + i), sum = {0}, squares = {0};
    for (size_t m = 0; m < count; m++) sum += load8(vectors[m] + i) - b;
    v8d mean = sum / all8((double)count);
    for (size_t m = 0; m < count; m++) {
      v8d d = (load8(vectors[m] + i) - b) - mean;
      squares += d * d;
    }
    v8d variance = squares / all8((double)count);
    changed -= (variance != all8(0)) & inside8(i, n);
    store8(target + i, variance);
  }
  return (size_t)count8(changed);
}

static void BM_JOIN(swap_near_, BM_SET)(const double *base, const double *x, double t,
                                        double *target, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    v8d b = load8(base + i), v = load8(x + i);
    v8d a = all8(t) / __builtin_elementwise_max(abs8(b - v), all8(1e-6));
    a = __builtin_elementwise_min(__builtin_elementwise_max(a, all8(0)), all8(1));
    v8d mixed = a * v + (all8(1) - a) * b;
    store8(target + i, pick8((v == b) | (a == all8(0)), b, mixed));
  }
}

INLINE v8l active8(const double *x, v8d base, double epsilon) {
  return abs8(load8(x) - base) > all8(epsilon);
}

static void BM_JOIN(overlap_, BM_SET)(const double *const *vectors, size_t count,
                                      const double *base, double epsilon, uint64_t *alone,
                                      uint64_t *shared, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    v8d b = load8(base + i);
    v8l active = {0}, inside = inside8(i, n);
    for (size_t m = 0; m < count; m++) active -= active8(vectors[m] + i, b, epsilon);
    for (size_t m = 0; m < count; m++) {
      v8l mine = active8(vectors[m] + i, b, epsilon) & inside;
      alone[m] += (uint64_t)-count8(mine & (active == 1));
      shared[m] += (uint64_t)-count8(mine & (active > 1));
    }
  }
}

static void BM_JOIN(reinforce_, BM_SET)(const double *const *vectors, const double *factors,
                                        size_t count, const double *base, double epsilon,
                                        double *target, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    v8d b = load8(base + i), active = {0}, sum = {0};
    for (size_t m = 0; m < count; m++)
      active += (v8d)((v8l)all8(1) & active8(vectors[m] + i, b, epsilon));
    v8d share = all8(1) / __builtin_elementwise_max(active, all8(1));
    v8l is_one = active == all8(1);
    for (size_t m = 0; m < count; m++) {
      v8d d = load8(vectors[m] + i) - b;
      d = (v8d)((v8l)d & (abs8(d) > all8(epsilon)));
      sum += d * pick8(is_one, all8(factors[m]), share);
    }
    store8(target + i, moved8(b, sum));
  }
}

// ---- random numbers ----

/// 32 bits in each lane as a double.
INLINE v8d whole8(v8ul x) {
  return (v8d)(x | 0x4330000000000000) - all8(0x1p52);
}

static void BM_JOIN(uniform_, BM_SET)(uint32_t key0, uint32_t key1, uint64_t first,
                                      double *target, size_t n) {
  const v8ul low = (v8ul){0} + 0xFFFFFFFF;
  v8ul k0[10], k1[10];
  for (uint32_t round = 0; round < 10; round++) {
    k0[round] = (v8ul){0} + (key0 + round * 0x9E3779B9);
    k1[round] = (v8ul){0} + (key1 + round * 0xBB67AE85);
  }
  // A block gives two elements; the first may be the second of its block.
  uint64_t block = first >> 1;
  size_t skip = first & 1;
  for (size_t i = 0; i < n; block += 8) {
    v8ul number = (v8ul){0, 1, 2, 3, 4, 5, 6, 7} + block;
    v8ul a = number, b = number >> 32, c = {0}, d = {0};
#pragma clang loop unroll(full)
    for (int round = 0; round < 10; round++) {
      // The upper halves of lanes hold what comes; the masks say that products do not see them.
      v8ul left = (a & low) * 0xD2511F53, right = (c & low) * 0xCD9E8D57;
      a = right >> 32 ^ b ^ k0[round];
      b = right;
      c = left >> 32 ^ d ^ k1[round];
      d = left;
    }
    a &= low, b &= low, c &= low, d &= low;
    v8d even = whole8(b) * 0x1p-32 + whole8(a >> 11) * 0x1p-53;
    v8d odd = whole8(d) * 0x1p-32 + whole8(c >> 11) * 0x1p-53;
    v8d head = __builtin_shufflevector(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
    v8d tail = __builtin_shufflevector(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
    if (skip == 0 && n - i >= 16) {
      store8(target + i, head);
      store8(target + i + 8, tail);
      i += 16;
      continue;
    }
    double pairs[16];
    store8(pairs, head);
    store8(pairs + 8, tail);
    size_t count = 16 - skip < n - i ? 16 - skip : n - i;
    memcpy(target + i, pairs + skip, 8 * count);
    i += count;
    skip = 0;
  }
}

#define BM_STORED_TABLE(type)                                                           \
  {BM_JOIN(stored_divergence_##type##_, BM_SET), BM_JOIN(stored_scores_##type##_, BM_SET), \
   BM_JOIN(stored_collect_##type##_, BM_SET), BM_JOIN(stored_select_##type##_, BM_SET),   \
   BM_JOIN(stored_choose_##type##_, BM_SET), BM_JOIN(stored_follow_##type##_, BM_SET),    \
   BM_JOIN(stored_count_##type##_, BM_SET)}

const struct bm_kernels BM_JOIN(bm_kernels_, BM_SET) = {
    .name = BM_NAME,
    .widen = BM_JOIN(widen_, BM_SET),
    .narrow = BM_JOIN(narrow_, BM_SET),
    .scale = BM_JOIN(scale_, BM_SET),
    .add_scaled = BM_JOIN(add_scaled_, BM_SET),
    .subtract = BM_JOIN(subtract_, BM_SET),
    .dot = BM_JOIN(dot_, BM_SET),
    .square_distance = BM_JOIN(square_distance_, BM_SET),
    .absolute_sum = BM_JOIN(absolute_sum_, BM_SET),
    .collect = BM_JOIN(collect_, BM_SET),
    .count_equal = BM_JOIN(count_equal_, BM_SET),
    .compare = BM_JOIN(compare_, BM_SET),
    .tally = BM_JOIN(tally_, BM_SET),
    .strike = BM_JOIN(strike_, BM_SET),
    .extent = BM_JOIN(extent_, BM_SET),
    .weigh = BM_JOIN(weigh_, BM_SET),
    .diverge = BM_JOIN(diverge_, BM_SET),
    .scores = BM_JOIN(scores_, BM_SET),
    .select = BM_JOIN(select_, BM_SET),
    .take = BM_JOIN(take_, BM_SET),
    .combine = BM_JOIN(combine_, BM_SET),
    .keep = BM_JOIN(keep_, BM_SET),
    .vote = BM_JOIN(vote_, BM_SET),
    .variance = BM_JOIN(variance_, BM_SET),
    .uniform = BM_JOIN(uniform_, BM_SET),
    .swap_near = BM_JOIN(swap_near_, BM_SET),
    .overlap = BM_JOIN(overlap_, BM_SET),
    .reinforce = BM_JOIN(reinforce_, BM_SET),
    .stored = {BM_STORED_TABLE(f16), BM_STORED_TABLE(bf16), BM_STORED_TABLE(f32)},
};
