// The series of the divergence over float lanes; included once for each number of lanes.
//
// A chain of dependent steps leaves most of a processor idle: thirty-two lanes are two such chains
// (or more) side by side. Every lane has the same bits in both.
#define VF BM_JOIN(BM_JOIN(v, BM_LANES), f)
#define VI BM_JOIN(BM_JOIN(v, BM_LANES), i)
#define ALL BM_JOIN(all, BM_LANES)
#define OF_LANES(name) BM_JOIN(name, BM_LANES)

/// The larger of two numbers that are none of them NaN.
INLINE VF OF_LANES(larger)(VF a, VF b) {
  VI is = a > b;
  return (VF)((is & (VI)a) | (~is & (VI)b));
}

/// e^x for x <= 0 in float lanes, below 2e-7 relative error; flat from -87 on.
INLINE VF OF_LANES(exp)(VF x) {
  x = OF_LANES(larger)(x, ALL(-87.0f));
  VF k = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
  VF r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
  VF p = ALL(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = (p * r) * r + r + 1.0f;
  VI power = (__builtin_convertvector(k, VI) + 127) << 23;
  return p * (VF)power;
}

/// e^x - 1 for |x| <= 1/8 in float lanes.
INLINE VF OF_LANES(expm1_small)(VF x) {
  VF p = ALL(1.0f / 5040);
  p = p * x + 1.0f / 720;
  p = p * x + 1.0f / 120;
  p = p * x + 1.0f / 24;
  p = p * x + 1.0f / 6;
  p = p * x + 0.5f;
  return (p * x) * x + x;
}

/// The terms of the divergence by u = p / q - 1, all of them positive, for |u| <= 0.15:
/// (1 + u) ln(1 + u) - u, or u - ln(1 + u), or their sum.
INLINE VF OF_LANES(divergence_term)(VF u, enum bm_direction direction) {
  VF p;
  if (direction == BM_RIGHT_LEFT) {
    p = ALL(1.0f / 90);
    p = p * -u + 1.0f / 72;
    p = p * -u + 1.0f / 56;
    p = p * -u + 1.0f / 42;
    p = p * -u + 1.0f / 30;
    p = p * -u + 1.0f / 20;
    p = p * -u + 1.0f / 12;
    p = p * -u + 1.0f / 6;
    p = p * -u + 1.0f / 2;
  } else if (direction == BM_LEFT_RIGHT) {
    p = ALL(1.0f / 10);
    p = p * -u + 1.0f / 9;
    p = p * -u + 1.0f / 8;
    p = p * -u + 1.0f / 7;
    p = p * -u + 1.0f / 6;
    p = p * -u + 1.0f / 5;
    p = p * -u + 1.0f / 4;
    p = p * -u + 1.0f / 3;
    p = p * -u + 1.0f / 2;
  } else {
    p = ALL(1.0f / 9);
    p = p * -u + 1.0f / 8;
    p = p * -u + 1.0f / 7;
    p = p * -u + 1.0f / 6;
    p = p * -u + 1.0f / 5;
    p = p * -u + 1.0f / 4;
    p = p * -u + 1.0f / 3;
    p = p * -u + 1.0f / 2;
    p = p * -u + 1.0f;
  }
  return p * u * u;
}

/// One term of the divergence: q is the left softmax, d the difference less ln of the sum of q e^d.
INLINE VF OF_LANES(term)(VF q, VF d, float floor, enum bm_direction direction) {
  VF t = OF_LANES(expm1_small)(d);
  VF base = q + floor;
  VF u = q * t / OF_LANES(larger)(base, ALL(0x1p-126f));
  return base * OF_LANES(divergence_term)(u, direction);
}

#undef VF
#undef VI
#undef ALL
#undef OF_LANES
#undef BM_LANES
