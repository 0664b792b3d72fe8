// Chooses among the sets of kernels by what the machine can run.
#include "kernels.h"

extern const struct bm_kernels bm_kernels_plain;
#if defined(__x86_64__)
extern const struct bm_kernels bm_kernels_avx2, bm_kernels_avx512;
#endif

size_t bm_kernel_sets(const struct bm_kernels **sets) {
  size_t count = 0;
  sets[count++] = &bm_kernels_plain;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c"))
    sets[count++] = &bm_kernels_avx2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    sets[count++] = &bm_kernels_avx512;
#endif
  return count;
}

const struct bm_kernels *bm_kernels(void) {
  const struct bm_kernels *sets[3];
  return sets[bm_kernel_sets(sets) - 1];
}
