// Selective fusion of numbers of one stored type; included once for each type.
//
// BM_STORED names the type, BM_NUMBER is an integer as wide, BM_MASK sixteen of them, BM_HALF eight.
#define FLOATS16(p) BM_JOIN(floats16_, BM_STORED)(p)
#define STORED_NAME(what) BM_JOIN(BM_JOIN(BM_JOIN(what, BM_STORED), _), BM_SET)

/// Runs a body over sixteen numbers at a time, `l` and `r`, of which `lanes` are there and the rest
/// padded with zeros.
#define EACH_STORED(...)                                               \
  {                                                                    \
    size_t i = 0;                                                      \
    for (; i + 16 <= n; i += 16) {                                     \
      const size_t lanes = 16;                                         \
      (void)lanes;                                                     \
      const BM_NUMBER *l = left + i, *r = right + i;                   \
      __VA_ARGS__                                                      \
    }                                                                  \
    if (i < n) {                                                       \
      const size_t lanes = n - i;                                      \
      (void)lanes;                                                     \
      BM_NUMBER l[16] = {0}, r[16] = {0};                              \
      memcpy(l, left + i, sizeof(BM_NUMBER) * (n - i));                \
      memcpy(r, right + i, sizeof(BM_NUMBER) * (n - i));               \
      __VA_ARGS__                                                      \
    }                                                                  \
  }

/// Sixty-four numbers.
INLINE v64f STORED_NAME(floats64_)(const BM_NUMBER *p) {
  v16f parts[4] = {FLOATS16(p), FLOATS16(p + 16), FLOATS16(p + 32), FLOATS16(p + 48)};
  v64f all;
  memcpy(&all, parts, sizeof all);
  return all;
}

static double STORED_NAME(stored_divergence_)(const void *left_row, const void *right_row,
                                              size_t n, double epsilon,
                                              enum bm_direction direction, float *room) {
  const BM_NUMBER *left = left_row, *right = right_row;
  // Magnitudes have the order of their bits, and what is not finite comes last.
  v16f top = all16(-INFINITY);
  v16i gap = {0};
  EACH_STORED({
    v16f a = FLOATS16(l), b = FLOATS16(r);
    gap = __builtin_elementwise_max(gap, (v16i)(b - a) & 0x7FFFFFFF);
    if (lanes < 16)
      for (size_t j = lanes; j < 16; j++) a[j] = -INFINITY;
    top = larger16(a, top);
  })
  float left_max = max16(top), largest = largest16(gap);
  // The difference of finite numbers can be too large for a float.
  if (!(largest < INFINITY))
    for (size_t i = 0; i < n; i++) {
      BM_NUMBER l[16] = {left[i]}, r[16] = {right[i]};
      if (!(fabsf(FLOATS16(l)[0]) < INFINITY && fabsf(FLOATS16(r)[0]) < INFINITY)) return NAN;
    }
  if (n <= 1 || largest == 0) return 0;
  if (!(largest <= (float)SMALL_GAP)) return -1;

  SUM total = {all16(0), all8(0)}, moved = {all16(0), all8(0)};
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    v64f a = STORED_NAME(floats64_)(left + i), b = STORED_NAME(floats64_)(right + i);
    v64f e = exp64(a - left_max);
    memcpy(room + i, &e, sizeof e);
    add64(&total, e);
    add64(&moved, e * expm1_small64(b - a));
    if (i & 64) {
      flush_sum(&total);
      flush_sum(&moved);
    }
  }
  for (; i < n; i += 16) {
    BM_NUMBER l[16] = {0}, r[16] = {0};
    size_t lanes = n - i < 16 ? n - i : 16;
    memcpy(l, left + i, sizeof(BM_NUMBER) * lanes);
    memcpy(r, right + i, sizeof(BM_NUMBER) * lanes);
    v16f e = exp16(FLOATS16(l) - left_max);
    for (size_t j = lanes; j < 16; j++) e[j] = 0;
    store16(room + i, e);
    total.part += e;
    moved.part += e * expm1_small16(FLOATS16(r) - FLOATS16(l));
    if (i / 16 % 8 == 7) {
      flush_sum(&total);
      flush_sum(&moved);
    }
  }
  flush_sum(&total);
  flush_sum(&moved);
  double weight = sum8(total.whole), c = bm_log1p(sum8(moved.whole) / weight);
  // c in two floats: what is subtracted from it is as exact as it is small.
  float c_high = (float)c, c_low = (float)(c - (double)c_high);
  float scale = (float)(1 / weight), floor = (float)epsilon;
  SUM sum = {all16(0), all8(0)};
  for (i = 0; i + 64 <= n; i += 64) {
    v64f a = STORED_NAME(floats64_)(left + i), b = STORED_NAME(floats64_)(right + i), e;
    memcpy(&e, room + i, sizeof e);
    add64(&sum, term64(e * scale, ((b - a) - c_high) - c_low, floor, direction));
    if (i & 64) flush_sum(&sum);
  }
  for (; i < n; i += 16) {
    BM_NUMBER l[16] = {0}, r[16] = {0};
    size_t lanes = n - i < 16 ? n - i : 16;
    memcpy(l, left + i, sizeof(BM_NUMBER) * lanes);
    memcpy(r, right + i, sizeof(BM_NUMBER) * lanes);
    v16f d = ((FLOATS16(r) - FLOATS16(l)) - c_high) - c_low;
    v16f term = term16(load16(room + i) * scale, d, floor, direction);
    for (size_t j = lanes; j < 16; j++) term[j] = 0;
    sum.part += term;
    if (i / 16 % 8 == 7) flush_sum(&sum);
  }
  flush_sum(&sum);
  return sum8(sum.whole);
}

/// |right - left| * factor of eight numbers.
#define SCORE8(a, b, half) (abs8(half(b) - half(a)) * all8(factor))

static void STORED_NAME(stored_scores_)(const void *left_row, const void *right_row,
                                        double factor, size_t first, size_t stride, size_t n,
                                        double *target) {
  const BM_NUMBER *left = left_row, *right = right_row;
  for (size_t i = first; i < n; i += stride) {
    BM_NUMBER l[16] = {left[i]}, r[16] = {right[i]};
    *target++ = fabs((double)FLOATS16(r)[0] - (double)FLOATS16(l)[0]) * factor;
  }
}

/// Collects for up to three brackets from a multiple of sixteen numbers.
///
/// Most scores are outside of all brackets for sure by their differences in float lanes. The few that
/// may be inside are put aside and looked at exactly.
static void STORED_NAME(collect_some_)(const BM_NUMBER *left, const BM_NUMBER *right,
                                       double factor, size_t n, struct bm_bracket *brackets,
                                       size_t count) {
  enum { stretch = 1024 };
  // Room for a last vector that is stored whole.
  float maybe_left[stretch + 16], maybe_right[stretch + 16];
  float least[3], most[3];
  v16i sure[3] = {0};
  v8l under[3] = {0};
  double *target[3];
  for (size_t j = 0; j < 3; j++) {
    target[j] = j < count ? brackets[j].target + brackets[j].taken : 0;
    least[j] = j < count ? least_difference(brackets[j].low, factor) : -1;
    most[j] = j < count ? most_difference(brackets[j].high, factor) : -2;
  }
  for (size_t start = 0; start < n; start += stretch) {
    size_t end = n - start < stretch ? n : start + stretch, put = 0;
    for (size_t i = start; i < end; i += 16) {
      v16f a = FLOATS16(left + i), b = FLOATS16(right + i), d = abs16(b - a);
      v16i maybe = {0};
      for (int j = 0; j < 3; j++) {
        v16i is_less = d < least[j];
        sure[j] -= is_less;
        maybe |= ~is_less & (d <= most[j]);
      }
      put += put_aside16(maybe_left + put, maybe_right + put, a, b, maybe);
    }
    // What is not a number is in no bracket.
    store16(maybe_left + put, all16(NAN));
    for (size_t i = 0; i < put; i += 8) {
      v8f a, b;
      memcpy(&a, maybe_left + i, sizeof a);
      memcpy(&b, maybe_right + i, sizeof b);
      v8f d = (v8f)((v8i)(b - a) & 0x7FFFFFFF);
      v8d key = abs8(__builtin_convertvector(b, v8d) - __builtin_convertvector(a, v8d)) *
                all8(factor);
      for (size_t j = 0; j < count; j++) {
        v8l is_under = key < all8(brackets[j].low);
        under[j] -= is_under & __builtin_convertvector((v8i)(d >= least[j]), v8l);
        target[j] += compress8(target[j], key, ~is_under, key <= all8(brackets[j].high));
      }
    }
  }
  for (size_t j = 0; j < count; j++) {
    brackets[j].below += (uint64_t)count8(under[j]);
    for (int i = 0; i < 16; i++) brackets[j].below += (uint64_t)sure[j][i];
    brackets[j].taken = (size_t)(target[j] - brackets[j].target);
  }
}

static void STORED_NAME(stored_collect_)(const void *left_row, const void *right_row,
                                         double factor, size_t n, struct bm_bracket *brackets,
                                         size_t count) {
  const BM_NUMBER *left = left_row, *right = right_row;
  if (n % 16 != 0) {
    // The padding would count as zeros.
    for (size_t i = n / 16 * 16; i < n; i++) {
      BM_NUMBER l[16] = {left[i]}, r[16] = {right[i]};
      double key = fabs((double)FLOATS16(r)[0] - (double)FLOATS16(l)[0]) * factor;
      for (size_t k = 0; k < count; k++) {
        brackets[k].below += key < brackets[k].low;
        if (key >= brackets[k].low && key <= brackets[k].high)
          brackets[k].target[brackets[k].taken++] = key;
      }
    }
    n = n / 16 * 16;
  }
  // Three at a time at most: the median and the quartiles.
  for (size_t k = 0; k < count; k += 3)
    STORED_NAME(collect_some_)(left, right, factor, n, brackets + k, count - k < 3 ? count - k : 3);
}

static double STORED_NAME(stored_select_)(const void *left_row, const void *right_row,
                                          double factor, double threshold, int strict,
                                          void *merged_row, size_t n,
                                          struct bm_selection *figures) {
  const BM_NUMBER *left = left_row, *right = right_row;
  BM_NUMBER *merged = merged_row;
  threshold = least_taken(threshold, strict);
  v16i changed = {0};
  v8l selected = {0}, both = {0};
  v8d square = {0}, square_selected = {0}, norm = {0};
  EACH_STORED({
    v16f a = FLOATS16(l), b = FLOATS16(r);
    changed -= a != b;
    BM_HALF halves[2];
    for (int h = 0; h < 2; h++) {
      v8d x = h ? high_doubles(a) : low_doubles(a), y = h ? high_doubles(b) : low_doubles(b);
      v8d d = y - x;
      v8l taken = abs8(d) * all8(factor) >= all8(threshold);
      if (lanes < 16)
        for (size_t j = lanes > 8 * (size_t)h ? lanes - 8 * h : 0; j < 8; j++) taken[j] = 0;
      selected -= taken;
      v8l moved = taken & (d != all8(0));
      both -= moved;
      v8d d2 = d * d;
      square += d2;
      square_selected += (v8d)((v8l)d2 & taken);
      v8d out = pick8(taken, y, x);
      norm += out * out;
      halves[h] = __builtin_convertvector(moved, BM_HALF);
    }
    BM_MASK masks = __builtin_shufflevector(halves[0], halves[1], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                            11, 12, 13, 14, 15);
    BM_MASK x, y;
    memcpy(&x, l, sizeof x);
    memcpy(&y, r, sizeof y);
    BM_MASK out = (masks & y) | (~masks & x);
    memcpy(merged + i, &out, sizeof(BM_NUMBER) * lanes);
  })
  for (int i = 0; i < 16; i++) figures->changed += (uint64_t)changed[i];
  figures->selected += (uint64_t)count8(selected);
  figures->selected_changed += (uint64_t)count8(both);
  figures->square_changed += sum8(square);
  figures->square_selected += sum8(square_selected);
  return sum8(norm);
}

static void STORED_NAME(stored_choose_)(const void *left_row, const void *right_row,
                                        double factor, double threshold, int strict,
                                        const void *kept, const void *other, void *target,
                                        size_t n) {
  const BM_NUMBER *left = left_row, *right = right_row, *no = kept, *yes = other;
  BM_NUMBER *out = target;
  threshold = least_taken(threshold, strict);
  EACH_STORED({
    v16f a = FLOATS16(l), b = FLOATS16(r);
    BM_HALF halves[2];
    for (int h = 0; h < 2; h++) {
      v8d d = h ? high_doubles(b) - high_doubles(a) : low_doubles(b) - low_doubles(a);
      v8d score = abs8(d) * all8(factor);
      v8l taken = score >= all8(threshold);
      halves[h] = __builtin_convertvector(taken & (d != all8(0)), BM_HALF);
    }
    BM_MASK masks = __builtin_shufflevector(halves[0], halves[1], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                            11, 12, 13, 14, 15);
    const size_t bytes = sizeof(BM_NUMBER) * lanes;
    BM_MASK x = {0}, y = {0};
    memcpy(&x, no + i, bytes);
    memcpy(&y, yes + i, bytes);
    BM_MASK chosen = (masks & y) | (~masks & x);
    memcpy(out + i, &chosen, bytes);
  })
}

static void STORED_NAME(stored_follow_)(const void *merged, const void *kept_row,
                                        const void *kept, const void *other, void *target,
                                        size_t n) {
  const BM_NUMBER *out = merged, *before = kept_row, *no = kept, *yes = other;
  BM_NUMBER *to = target;
  for (size_t i = 0; i < n; i += 16) {
    const size_t bytes = sizeof(BM_NUMBER) * (n - i < 16 ? n - i : 16);
    BM_MASK a = {0}, b = {0}, x = {0}, y = {0};
#define FOLLOW(bytes)                          \
  memcpy(&a, out + i, bytes);                  \
  memcpy(&b, before + i, bytes);               \
  memcpy(&x, no + i, bytes);                   \
  memcpy(&y, yes + i, bytes);                  \
  BM_MASK same = (BM_MASK)(a == b);            \
  BM_MASK chosen = (same & x) | (~same & y);   \
  memcpy(to + i, &chosen, bytes);
    if (n - i >= 16) {
      FOLLOW(sizeof(BM_MASK))
    } else {
      FOLLOW(bytes)
    }
#undef FOLLOW
  }
}

static size_t STORED_NAME(stored_count_)(const void *numbers, uint32_t value, size_t n) {
  const BM_NUMBER *x = numbers;
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += x[i] == (BM_NUMBER)value;
  return count;
}

#undef SCORE8
#undef EACH_STORED
#undef STORED_NAME
#undef FLOATS16
#undef BM_STORED
#undef BM_NUMBER
#undef BM_MASK
#undef BM_HALF
