// For x86 processors with registers of 64 bytes.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,f16c,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#define BM_SET avx512
#define BM_NAME "avx512"
#define BM_WIDE
#include "kernels_body.h"
#pragma clang attribute pop
#endif
