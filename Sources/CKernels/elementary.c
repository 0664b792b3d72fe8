// Elementary functions by range reduction and Taylor series, plain IEEE operations throughout.
#include "kernels.h"
#include <math.h>
#include <string.h>

static const double ln2_high = 0x1.62e42fefa3800p-1, ln2_low = 0x1.ef35793c76730p-45;

static double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

static uint64_t to_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  return bits;
}

/// e^r - 1 for |r| <= ln(2) / 2, to r^15.
static double expm1_reduced(double r) {
  double sum = 0;
  for (int k = 15; k >= 2; k--) sum = (sum + 1) * (r / k);
  return r + r * sum;
}

static double power_of_two(int k) { return from_bits((uint64_t)(k + 1023) << 52); }

double bm_expm1(double x) {
  if (x != x || x > 709.78) return x + (x > 0 ? INFINITY : 0);
  if (x < -745.2) return -1;
  double k = floor(x * 0x1.71547652b82fep0 + 0.5);
  double r = (x - k * ln2_high) - k * ln2_low;
  double reduced = expm1_reduced(r);
  if (k == 0) return reduced;
  if (k > 1022) return (reduced + 1) * power_of_two(1022) * power_of_two((int)k - 1022);
  if (k < -60) return (reduced + 1) * power_of_two(k < -1021 ? -1021 : (int)k) - 1;
  double scale = power_of_two((int)k);
  return reduced * scale + (scale - 1);
}

double bm_exp(double x) {
  if (x != x || x > 709.78) return x + (x > 0 ? INFINITY : 0);
  if (x < -745.2) return 0;
  double k = floor(x * 0x1.71547652b82fep0 + 0.5);
  double r = (x - k * ln2_high) - k * ln2_low;
  double reduced = expm1_reduced(r) + 1;
  int half = (int)k / 2;
  return reduced * power_of_two(half) * power_of_two((int)k - half);
}

/// ln(m) + k ln(2) for a correction term c, with m = 1 + f in [sqrt(1/2), sqrt(2)).
static double log_reduced(double f, double k, double c) {
  double s = f / (2 + f), square = s * s, sum = 0;
  for (int n = 25; n >= 3; n -= 2) sum = (sum + 1.0 / n) * square;
  double tail = 2 * s * sum;  // everything after 2s
  // 2s = f - f s, which loses nothing where f is small.
  return k * ln2_high + (f - (f * s - tail - (k * ln2_low + c)));
}

static double split(double x, double *k) {
  uint64_t bits = to_bits(x);
  int exponent = 0;
  if (bits < (uint64_t)1 << 52) {
    bits = to_bits(x * 0x1p54);
    exponent = -54;
  }
  exponent += (int)(bits >> 52) - 1023;
  double m = from_bits((bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52);
  if (m > 0x1.6a09e667f3bcdp0) {
    m *= 0.5;
    exponent++;
  }
  *k = exponent;
  return m;
}

double bm_log(double x) {
  if (x != x || x < 0) return NAN;
  if (x == 0) return -INFINITY;
  if (x == INFINITY) return x;
  double k, m = split(x, &k);
  return log_reduced(m - 1, k, 0);
}

double bm_log1p(double x) {
  if (x != x || x < -1) return NAN;
  if (x == -1) return -INFINITY;
  if (x == INFINITY) return x;
  if (fabs(x) < 0.25) return log_reduced(x, 0, 0);
  double u = 1 + x;
  // What the sum 1 + x lost, relative to it.
  double lost = (u > 2 ? 1 - (u - x) : x - (u - 1)) / u;
  double k, m = split(u, &k);
  return log_reduced(m - 1, k, lost);
}

/// sin and cos for |x| <= pi/4.
static double sin_reduced(double x) {
  double square = x * x, sum = 0;
  for (int n = 21; n >= 3; n -= 2) sum = -(sum + 1) * square / (n * (n - 1));
  return x + x * sum;
}

static double cos_reduced(double x) {
  double square = x * x, sum = 0;
  for (int n = 22; n >= 2; n -= 2) sum = -(sum + 1) * square / (n * (n - 1));
  return 1 + sum;
}

/// Reduces by multiples of pi/2, exactly enough for |x| < 10^5.
static double quadrant(double x, int *q) {
  double k = floor(x * 0x1.45f306dc9c883p-1 + 0.5);
  *q = (int)((int64_t)k & 3);
  return ((x - k * 0x1.921fb54400000p0) - k * 0x1.0b4611a600000p-34) - k * 0x1.3198a2e037073p-69;
}

double bm_sin(double x) {
  int q;
  double r = quadrant(x, &q);
  double value = q & 1 ? cos_reduced(r) : sin_reduced(r);
  return q & 2 ? -value : value;
}

double bm_cos(double x) {
  int q;
  double r = quadrant(x, &q);
  double value = q & 1 ? sin_reduced(r) : cos_reduced(r);
  return q == 1 || q == 2 ? -value : value;
}

/// acos(x) = 2 atan(sqrt((1 - x) / (1 + x))), the angle halved three times before the series.
double bm_acos(double x) {
  if (x >= 1) return 0;
  if (x <= -1) return 0x1.921fb54442d18p1;
  double y = sqrt((1 - x) / (1 + x));
  int inverted = y > 1;
  if (inverted) y = 1 / y;
  for (int i = 0; i < 3; i++) y = y / (1 + sqrt(1 + y * y));
  double square = y * y, sum = 0;
  for (int n = 19; n >= 3; n -= 2) sum = -(sum + 1.0 / n) * square;
  double angle = 8 * (y + y * sum);
  return inverted ? 2 * (0x1.921fb54442d18p0 - angle) : 2 * angle;
}
