#pragma once

#include <cstddef>
#include <cstdint>

/// What the escapes of one JSON string look like.
struct Escapes {
  bool any = false;
  bool unpaired = false;
  /// Byte of the first escape that JSON does not know, or `npos`.
  size_t invalid = npos;

  static constexpr size_t npos = ~size_t(0);
};

/// Checks every escape between a string's quotes, at memory speed where there are few.
///
/// The bytes must be followed by at least 64 readable ones.
Escapes check_escapes(const uint8_t *bytes, size_t length);

/// Unicode scalars between a string's quotes; its escapes have been checked.
///
/// The bytes must be followed by at least 64 readable ones.
size_t count_characters(const uint8_t *bytes, size_t length, bool escaped);

/// The value of four hexadecimal digits, or -1.
int hex4(const uint8_t *digits);
