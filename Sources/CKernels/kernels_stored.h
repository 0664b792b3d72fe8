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

static double STORED_NAME(stored_divergence_)(const void *left_row, const void *right_row,
                                              size_t n, double epsilon,
                                              enum bm_direction direction, float *room) {
  const BM_NUMBER *left = left_row, *right = right_row;
  v16f top = all16(-INFINITY), gap = all16(0), finite = all16(0);
  EACH_STORED({
    v16f a = FLOATS16(l), b = FLOATS16(r);
    gap = __builtin_elementwise_max(gap, abs16(b - a));
    finite += (a - a) + (b - b);
    if (lanes < 16)
      for (size_t j = lanes; j < 16; j++) a[j] = -INFINITY;
    top = __builtin_elementwise_max(top, a);
  })
  v16f zero = all16(0);
  for (int i = 0; i < 16; i++)
    if (finite[i] != zero[i]) return NAN;
  float left_max = max16(top), largest = max16(gap);
  if (n <= 1 || largest == 0) return 0;
  if (!(largest <= (float)SMALL_GAP)) return -1;

  SUM total = {all16(0), all8(0)}, moved = {all16(0), all8(0)};
  int steps = 0;
  EACH_STORED({
    v16f a = FLOATS16(l);
    v16f e = exp16(a - left_max);
    if (lanes < 16)
      for (size_t j = lanes; j < 16; j++) e[j] = 0;
    store16(room + i, e);
    total.part += e;
    moved.part += e * expm1_small16(FLOATS16(r) - a);
    if (++steps == STEPS_OF_FLOATS) {
      flush_sum(&total);
      flush_sum(&moved);
      steps = 0;
    }
  })
  flush_sum(&total);
  flush_sum(&moved);
  double weight = sum8(total.whole), c = bm_log1p(sum8(moved.whole) / weight);
  // c in two floats: what is subtracted from it is as exact as it is small.
  float c_high = (float)c, c_low = (float)(c - (double)c_high);
  v16f scale = all16((float)(1 / weight)), floor = all16((float)epsilon);
  SUM sum = {all16(0), all8(0)};
  steps = 0;
  EACH_STORED({
    v16f q = load16(room + i) * scale;
    v16f t = expm1_small16(((FLOATS16(r) - FLOATS16(l)) - c_high) - c_low);
    v16f base = q + floor;
    v16f u = q * t / __builtin_elementwise_max(base, all16(0x1p-126f));
    v16f term = base * divergence_term16(u, direction);
    if (lanes < 16)
      for (size_t j = lanes; j < 16; j++) term[j] = 0;
    sum.part += term;
    if (++steps == STEPS_OF_FLOATS) {
      flush_sum(&sum);
      steps = 0;
    }
  })
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
  for (size_t k = 0; k < count; k += 3) {
    size_t some = count - k < 3 ? count - k : 3;
    v8d low[3], high[3];
    v8l under[3];
    double *target[3];
    for (size_t j = 0; j < 3; j++) {
      low[j] = all8(j < some ? brackets[k + j].low : 0);
      high[j] = all8(j < some ? brackets[k + j].high : 0);
      under[j] = (v8l)all8(0);
      target[j] = j < some ? brackets[k + j].target + brackets[k + j].taken : 0;
    }
    EACH_STORED({
      v16f a = FLOATS16(l), b = FLOATS16(r);
      v8d key[2] = {SCORE8(a, b, low_doubles), SCORE8(a, b, high_doubles)};
      for (size_t j = 0; j < some; j++)
        for (int h = 0; h < 2; h++) {
          v8l is_under = key[h] < low[j];
          under[j] -= is_under;
          target[j] += compress8(target[j], key[h], ~is_under, key[h] <= high[j]);
        }
    })
    for (size_t j = 0; j < some; j++) {
      brackets[k + j].below += (uint64_t)count8(under[j]);
      brackets[k + j].taken = (size_t)(target[j] - brackets[k + j].target);
    }
  }
}

static double STORED_NAME(stored_select_)(const void *left_row, const void *right_row,
                                          double factor, double threshold, int strict,
                                          void *merged_row, size_t n,
                                          struct bm_selection *figures) {
  const BM_NUMBER *left = left_row, *right = right_row;
  BM_NUMBER *merged = merged_row;
  v8l changed = {0}, selected = {0}, both = {0};
  v8d square = {0}, square_selected = {0}, norm = {0};
  EACH_STORED({
    v16f a = FLOATS16(l), b = FLOATS16(r);
    BM_HALF halves[2];
    for (int h = 0; h < 2; h++) {
      v8d x = h ? high_doubles(a) : low_doubles(a), y = h ? high_doubles(b) : low_doubles(b);
      v8d d = y - x;
      v8d score = abs8(d) * all8(factor);
      v8l differs = d != all8(0);
      v8l taken = strict ? score > all8(threshold) : score >= all8(threshold);
      if (lanes < 16)
        for (size_t j = lanes > 8 * (size_t)h ? lanes - 8 * h : 0; j < 8; j++) taken[j] = 0;
      changed -= differs;
      selected -= taken;
      both -= taken & differs;
      v8d d2 = d * d;
      square += d2;
      square_selected += pick8(taken, d2, all8(0));
      v8d out = pick8(taken, y, x);
      norm += out * out;
      halves[h] = __builtin_convertvector(taken & differs, BM_HALF);
    }
    BM_MASK masks = __builtin_shufflevector(halves[0], halves[1], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                            11, 12, 13, 14, 15);
    BM_MASK x, y;
    memcpy(&x, l, sizeof x);
    memcpy(&y, r, sizeof y);
    BM_MASK out = (masks & y) | (~masks & x);
    memcpy(merged + i, &out, sizeof(BM_NUMBER) * lanes);
  })
  figures->changed += (uint64_t)count8(changed);
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
  EACH_STORED({
    v16f a = FLOATS16(l), b = FLOATS16(r);
    BM_HALF halves[2];
    for (int h = 0; h < 2; h++) {
      v8d d = h ? high_doubles(b) - high_doubles(a) : low_doubles(b) - low_doubles(a);
      v8d score = abs8(d) * all8(factor);
      v8l taken = strict ? score > all8(threshold) : score >= all8(threshold);
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
  for (size_t i = 0; i < n; i++) to[i] = out[i] == before[i] ? no[i] : yes[i];
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
