#include "EscapeCheck.hpp"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Mathematics and code hold a backslash every twenty bytes, too many to look at one by one: blocks
// of 64 bytes are turned into bit masks, and all escapes of a block are judged at once.

namespace {

/// Of 64 bytes: which are a backslash, and which must be looked at when one escapes them, that is
/// all but the eight that simply follow it (RFC 8259, section 7).
struct Block {
  uint64_t backslash;
  uint64_t special;
};

constexpr size_t blocks_at_once = 32;

using Classify = void (*)(const uint8_t *bytes, size_t count, Block *blocks);

void classify_portable(const uint8_t *bytes, size_t count, Block *blocks) {
  for (size_t b = 0; b < count; b++, bytes += 64) {
    Block block{0, 0};
    for (int i = 0; i < 64; i++) {
      const uint8_t c = bytes[i];
      const bool simple = c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' ||
                          c == 'n' || c == 'r' || c == 't';
      block.backslash |= uint64_t(c == '\\') << i;
      block.special |= uint64_t(!simple) << i;
    }
    blocks[b] = block;
  }
}

#if defined(__x86_64__)
/// A byte simply follows when the table entries of its two halves share a bit:
/// 1 is `"` `/`, 2 is `\`, 4 is `b` `f` `n`, 8 is `r` `t`.
__attribute__((target("avx2"))) void classify_avx2(
  const uint8_t *bytes, size_t count, Block *blocks) {
  const __m256i low_halves = _mm256_setr_epi8(
    0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1,  //
    0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1);
  const __m256i high_halves = _mm256_setr_epi8(
    0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0,  //
    0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i half = _mm256_set1_epi8(0x0F);
  const __m256i zero = _mm256_setzero_si256();
  for (size_t b = 0; b < count; b++) {
    uint32_t masks[2][2];
    for (int i = 0; i < 2; i++, bytes += 32) {
      const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(bytes));
      const __m256i low = _mm256_shuffle_epi8(low_halves, _mm256_and_si256(v, half));
      const __m256i high = _mm256_shuffle_epi8(
        high_halves, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
      const __m256i special = _mm256_cmpeq_epi8(_mm256_and_si256(low, high), zero);
      const __m256i backslash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
      masks[0][i] = uint32_t(_mm256_movemask_epi8(backslash));
      masks[1][i] = uint32_t(_mm256_movemask_epi8(special));
    }
    const auto join = [](const uint32_t *m) { return uint64_t(m[1]) << 32 | m[0]; };
    blocks[b] = {join(masks[0]), join(masks[1])};
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
inline uint64_t escaped_by(uint64_t backslash, uint64_t &carry) {
  constexpr uint64_t even = 0x5555555555555555;
  backslash &= ~carry;
  const uint64_t follows = backslash << 1 | carry;
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

namespace {

/// What stays open from one `\u` escape to the next.
struct Surrogates {
  size_t pair_at = Escapes::npos;  // where the `u` of the second half must stand
  bool unpaired = false;

  size_t invalid = Escapes::npos;  // the backslash of an escape that JSON does not know

  /// Looks at the escapes of a block whose second bytes are marked; false at an unknown one.
  ///
  /// Kept out of the loop over the blocks, which then runs in registers.
  __attribute__((noinline)) bool look(
    const uint8_t *bytes, size_t length, size_t base, uint64_t marked) {
    for (; marked; marked &= marked - 1) {
      const size_t at = base + size_t(__builtin_ctzll(marked));
      const int unit = at + 5 <= length && bytes[at] == 'u' ? hex4(bytes + at + 1) : -1;
      if (unit < 0) {
        invalid = at - 1;
        return false;
      }
      if ((unit & 0xFC00) == 0xDC00) {
        unpaired |= pair_at != at;
        pair_at = Escapes::npos;
      } else {
        unpaired |= pair_at != Escapes::npos;
        pair_at = (unit & 0xFC00) == 0xD800 ? at + 6 : Escapes::npos;
      }
    }
    return true;
  }
};

}  // namespace

Escapes check_escapes(const uint8_t *bytes, size_t length) {
  Surrogates surrogates;
  uint64_t seen = 0;
  uint64_t carry = 0;
  Block blocks[blocks_at_once];
  for (size_t start = 0; start < length; start += 64 * blocks_at_once) {
    const size_t count = std::min(blocks_at_once, (length - start + 63) / 64);
    classify(bytes + start, count, blocks);
    if (length - start < 64 * count) {
      // What follows the string is none of its escapes.
      blocks[count - 1].backslash &= (uint64_t(1) << (length - start) % 64) - 1;
    }
    for (size_t b = 0; b < count; b++) {
      const uint64_t escaped = escaped_by(blocks[b].backslash, carry);
      seen |= escaped;
      const uint64_t special = escaped & blocks[b].special;
      if (__builtin_expect(special != 0, 0)) {
        if (!surrogates.look(bytes, length, start + 64 * b, special)) {
          return {true, surrogates.unpaired, surrogates.invalid};
        }
      }
    }
  }
  const bool unpaired = surrogates.unpaired || surrogates.pair_at != Escapes::npos;
  return {seen != 0, unpaired, Escapes::npos};
}

size_t count_characters(const uint8_t *bytes, size_t length, bool escaped) {
  size_t count = 0;
  for (size_t i = 0; i < length; i++) count += (bytes[i] & 0xC0) != 0x80;
  if (!escaped) return count;
  uint64_t carry = 0;
  size_t pair_at = Escapes::npos;
  Block blocks[blocks_at_once];
  for (size_t start = 0; start < length; start += 64 * blocks_at_once) {
    const size_t some = std::min(blocks_at_once, (length - start + 63) / 64);
    classify(bytes + start, some, blocks);
    if (length - start < 64 * some) {
      blocks[some - 1].backslash &= (uint64_t(1) << (length - start) % 64) - 1;
    }
    for (size_t b = 0; b < some; b++) {
      const uint64_t second = escaped_by(blocks[b].backslash, carry);
      count -= size_t(__builtin_popcountll(second));
      // Of the escapes that JSON knows only those of code units are special.
      for (uint64_t u = second & blocks[b].special; u; u &= u - 1) {
        const size_t at = start + 64 * b + size_t(__builtin_ctzll(u));
        const int unit = hex4(bytes + at + 1);
        count -= 4;
        if ((unit & 0xFC00) == 0xDC00 && pair_at == at) count--;
        pair_at = (unit & 0xFC00) == 0xD800 ? at + 6 : Escapes::npos;
      }
    }
  }
  return count;
}
