#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a JSON value is. `bm_absent` stands for a field that the row does not have.
enum bm_kind : uint8_t {
  bm_absent,
  bm_null,
  bm_false,
  bm_true,
  bm_number,
  bm_string,
  bm_array,
  bm_object,
};

/// Where a value lies in its row.
struct bm_value {
  /// First byte of the value; of a string, the byte after its opening quote.
  uint32_t begin;
  /// Bytes of the value; of a string, those between its quotes.
  uint32_t length;
  /// Elements, where the value is an array that was asked for.
  uint32_t count;
  enum bm_kind kind;
  /// The string holds at least one escape, so its bytes are not its text.
  bool escaped;
  /// The string holds a \uD800 ... \uDFFF escape without its other half.
  bool unpaired;
};

/// Asks for a top-level field, or for one member of the objects that an array field holds.
struct bm_wanted {
  const char *key;
  size_t key_length;
  /// Empty, or the member of each element that stands for the element.
  const char *member;
  size_t member_length;
};

/// Why a row is not a usable JSON object.
enum bm_status : uint8_t {
  bm_ok,
  bm_not_object,
  bm_syntax,
  bm_truncated,
  bm_invalid_utf8,
  bm_control_character,
  bm_invalid_escape,
  bm_duplicate_key,
  bm_too_deep,
  bm_out_of_memory,
};

struct bm_scanner;

/// Makes a scanner for these fields; the texts are copied. Null when memory is short.
struct bm_scanner *bm_scanner_create(const struct bm_wanted *wanted, size_t count);
void bm_scanner_destroy(struct bm_scanner *scanner);

/// Reads one JSON object in one forward pass and checks all of it against RFC 8259.
///
/// `values` receives one value for each wanted field. What is not asked for is checked and
/// skipped. Nothing is copied or unescaped. On failure `bm_error_offset` says where.
enum bm_status bm_scan(
  struct bm_scanner *scanner, const uint8_t *row, size_t length, struct bm_value *values);

/// Byte of the row at which the last scan stopped.
size_t bm_error_offset(const struct bm_scanner *scanner);

/// The elements of wanted field `slot` in the last row scanned; `values[slot].count` of them.
const struct bm_value *bm_elements(const struct bm_scanner *scanner, size_t slot);

/// All top-level keys of the last row scanned, in its order, as strings in the row.
///
/// After `bm_duplicate_key` the last one is the key that stands twice, even where it is a member's.
const struct bm_value *bm_keys(const struct bm_scanner *scanner, size_t *count);

/// Unicode scalars of a JSON string's bytes, which a scan has accepted: an escape is one, and so is
/// a surrogate pair.
///
/// The bytes must be followed by at least 64 readable ones, as those of a scanned row are.
size_t bm_count_characters(const uint8_t *bytes, size_t length, bool escaped);

/// Writes the text of a JSON string's bytes, which a scan has accepted, as UTF-8.
///
/// `text` needs room for `length` bytes: unescaping never lengthens. An unpaired surrogate becomes
/// U+FFFD. Returns the number of bytes written.
size_t bm_unescape(const uint8_t *bytes, size_t length, uint8_t *text);

#ifdef __cplusplus
}
#endif

#endif
