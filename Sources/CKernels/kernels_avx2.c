// For x86 processors with registers of 32 bytes.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)
#define BM_SET avx2
#define BM_NAME "avx2"
#include "kernels_body.h"
#pragma clang attribute pop
#endif
