#include <xxhash.h>

// The same hashes, computed with the widest vectors that the processor has.
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#undef XXH3_64bits
#undef XXH3_128bits
#undef XXH3_128bits_update
#define BM_XXH3(name) XXH3_##name##_dispatch
#else
#define BM_XXH3(name) XXH3_##name
#endif

static inline XXH64_hash_t bm_xxh3_64(const void *bytes, size_t count) {
  return BM_XXH3(64bits)(bytes, count);
}

static inline XXH128_hash_t bm_xxh3_128(const void *bytes, size_t count) {
  return BM_XXH3(128bits)(bytes, count);
}

static inline void bm_xxh3_128_update(XXH3_state_t *state, const void *bytes, size_t count) {
  BM_XXH3(128bits_update)(state, bytes, count);
}
