#include "EscapeCheck.hpp"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Mathematics and code hold a backslash every twenty bytes, too many to look at one by one: blocks
// of 64 bytes are turned into bit masks, and all escapes of a block are judged at once.

namespace {

/// Of 64 bytes: which are a backslash, which may follow one (RFC 8259, section 7), which are a `u`.
struct Block {
  uint64_t backslash;
  uint64_t escapable;
  uint64_t unicode;
};

constexpr size_t blocks_at_once = 32;

using Classify = void (*)(const uint8_t *bytes, size_t count, Block *blocks);

void classify_portable(const uint8_t *bytes, size_t count, Block *blocks) {
  for (size_t b = 0; b < count; b++, bytes += 64) {
    Block block{0, 0, 0};
    for (int i = 0; i < 64; i++) {
      const uint8_t c = bytes[i];
      const bool escapable = c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' ||
                             c == 'n' || c == 'r' || c == 't' || c == 'u';
      block.backslash |= uint64_t(c == '\\') << i;
      block.escapable |= uint64_t(escapable) << i;
      block.unicode |= uint64_t(c == 'u') << i;
    }
    blocks[b] = block;
  }
}

#if defined(__x86_64__)
/// A byte is escapable when the table entries of its two halves share a bit:
/// 1 is `"` `/`, 2 is `\`, 4 is `b` `f` `n`, 8 is `r` `t` `u`.
__attribute__((target("avx2"))) void classify_avx2(
  const uint8_t *bytes, size_t count, Block *blocks) {
  const __m256i low_halves = _mm256_setr_epi8(
    0, 0, 1 | 4 | 8, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1,  //
    0, 0, 1 | 4 | 8, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1);
  const __m256i high_halves = _mm256_setr_epi8(
    0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0,  //
    0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i half = _mm256_set1_epi8(0x0F);
  const __m256i zero = _mm256_setzero_si256();
  for (size_t b = 0; b < count; b++) {
    uint32_t masks[3][2];
    for (int i = 0; i < 2; i++, bytes += 32) {
      const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(bytes));
      const __m256i low = _mm256_shuffle_epi8(low_halves, _mm256_and_si256(v, half));
      const __m256i high = _mm256_shuffle_epi8(
        high_halves, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
      const __m256i other = _mm256_cmpeq_epi8(_mm256_and_si256(low, high), zero);
      const __m256i backslash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
      const __m256i unicode = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('u'));
      masks[0][i] = uint32_t(_mm256_movemask_epi8(backslash));
      masks[1][i] = ~uint32_t(_mm256_movemask_epi8(other));
      masks[2][i] = uint32_t(_mm256_movemask_epi8(unicode));
    }
    const auto join = [](const uint32_t *m) { return uint64_t(m[1]) << 32 | m[0]; };
    blocks[b] = {join(masks[0]), join(masks[1]), join(masks[2])};
  }
}
#endif

Classify best_classify() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return classify_avx2;
#endif
  return classify_portable;
}

const Classify classify = best_classify();

/// The bytes that a backslash before them escapes; `carry` goes from block to block.
///
/// In a run of backslashes every second one is itself escaped. An addition carries through each
/// run and so tells where it ends, for odd and for even starts apart (Langdale and Lemire,
/// "Parsing Gigabytes of JSON per Second", 2019, section 3.1.1).
uint64_t escaped_by(uint64_t backslash, bool &carry) {
  constexpr uint64_t even = 0x5555555555555555;
  backslash &= ~uint64_t(carry);
  const uint64_t follows = backslash << 1 | uint64_t(carry);
  const uint64_t odd_starts = backslash & ~even & ~follows;
  unsigned long long ends;
  carry = __builtin_uaddll_overflow(odd_starts, backslash, &ends);
  return (even ^ uint64_t(ends) << 1) & follows;
}

}  // namespace

int hex4(const uint8_t *digits) {
  int value = 0;
  for (int i = 0; i < 4; i++) {
    const uint8_t c = digits[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

Escapes check_escapes(const uint8_t *bytes, size_t length) {
  Escapes result;
  bool carry = false;
  size_t pair_at = Escapes::npos;  // where the second half of a surrogate pair must begin
  Block blocks[blocks_at_once];
  for (size_t start = 0; start < length; start += 64 * blocks_at_once) {
    const size_t count = std::min(blocks_at_once, (length - start + 63) / 64);
    classify(bytes + start, count, blocks);
    for (size_t b = 0; b < count; b++) {
      const size_t base = start + 64 * b;
      const size_t left = length - base;
      const uint64_t inside = left < 64 ? (uint64_t(1) << left) - 1 : ~uint64_t(0);
      const uint64_t escaped = escaped_by(blocks[b].backslash & inside, carry) & inside;
      if (!escaped) continue;
      result.any = true;
      const uint64_t unknown = escaped & ~blocks[b].escapable;
      size_t invalid = unknown ? base + size_t(__builtin_ctzll(unknown)) : Escapes::npos;
      for (uint64_t u = escaped & blocks[b].unicode; u; u &= u - 1) {
        const size_t at = base + size_t(__builtin_ctzll(u));
        if (at >= invalid) break;
        const int unit = at + 5 <= length ? hex4(bytes + at + 1) : -1;
        if (unit < 0) {
          invalid = at;
          break;
        }
        if ((unit & 0xFC00) == 0xDC00) {
          if (pair_at != at) result.unpaired = true;
          pair_at = Escapes::npos;
        } else {
          if (pair_at != Escapes::npos) result.unpaired = true;
          pair_at = (unit & 0xFC00) == 0xD800 ? at + 6 : Escapes::npos;
        }
      }
      if (invalid != Escapes::npos) {
        result.invalid = invalid - 1;
        return result;
      }
    }
  }
  if (pair_at != Escapes::npos) result.unpaired = true;
  return result;
}
