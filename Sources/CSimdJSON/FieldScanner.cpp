#include "CSimdJSON.h"

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "EscapeCheck.hpp"

// simdjson's first stage finds every structural byte of a row and checks its UTF-8. The walk below
// goes once over those positions: it checks the grammar, and notes where the wanted values lie.

namespace {

constexpr int deepest = 512;

struct Wanted {
  std::string key;
  std::string member;
};

bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

bool is_number(const uint8_t *p, const uint8_t *end) {
  if (p < end && *p == '-') p++;
  if (p == end || !is_digit(*p)) return false;
  if (*p == '0') {
    p++;
  } else {
    while (p < end && is_digit(*p)) p++;
  }
  if (p < end && *p == '.') {
    p++;
    if (p == end || !is_digit(*p)) return false;
    while (p < end && is_digit(*p)) p++;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p == end || !is_digit(*p)) return false;
    while (p < end && is_digit(*p)) p++;
  }
  return p == end;
}

/// Where a row stops being UTF-8; used to word an error, so plain rather than fast.
size_t first_invalid_utf8(const uint8_t *p, size_t length) {
  size_t i = 0;
  while (i < length) {
    const uint8_t c = p[i];
    size_t more;
    uint8_t low = 0x80, high = 0xBF;
    if (c < 0x80) {
      i++;
      continue;
    } else if (c >= 0xC2 && c <= 0xDF) {
      more = 1;
    } else if (c >= 0xE0 && c <= 0xEF) {
      more = 2;
      if (c == 0xE0) low = 0xA0;
      if (c == 0xED) high = 0x9F;
    } else if (c >= 0xF0 && c <= 0xF4) {
      more = 3;
      if (c == 0xF0) low = 0x90;
      if (c == 0xF4) high = 0x8F;
    } else {
      return i;
    }
    for (size_t k = 1; k <= more; k++) {
      if (i + k >= length || p[i + k] < low || p[i + k] > high) return i;
      low = 0x80;
      high = 0xBF;
    }
    i += more + 1;
  }
  return length;
}

size_t write_utf8(uint32_t c, uint8_t *out) {
  if (c < 0x80) {
    out[0] = uint8_t(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = uint8_t(0xC0 | c >> 6);
    out[1] = uint8_t(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = uint8_t(0xE0 | c >> 12);
    out[1] = uint8_t(0x80 | (c >> 6 & 0x3F));
    out[2] = uint8_t(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = uint8_t(0xF0 | c >> 18);
  out[1] = uint8_t(0x80 | (c >> 12 & 0x3F));
  out[2] = uint8_t(0x80 | (c >> 6 & 0x3F));
  out[3] = uint8_t(0x80 | (c & 0x3F));
  return 4;
}

}  // namespace

struct bm_scanner {
  std::vector<Wanted> wanted;
  std::vector<std::vector<bm_value>> elements;
  std::vector<bm_value> keys;
  std::string unescaped_key;
  size_t error_offset = 0;

  bm_status scan(const uint8_t *row, size_t length, bm_value *values);

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_one;
  const uint8_t *bytes = nullptr;
  size_t byte_count = 0;
  const uint32_t *next = nullptr;
  const uint32_t *last = nullptr;

  bm_status run_stage_one();
  bm_status fail(bm_status status, size_t offset) {
    error_offset = offset;
    return status;
  }
  /// The byte at the next structural position, or 0 at the end; a NUL never is structural.
  uint8_t peek() const { return next < last ? bytes[*next] : 0; }
  bm_status unexpected() {
    return next < last ? fail(bm_syntax, *next) : fail(bm_truncated, byte_count);
  }
  bm_status value(bm_value &out, int depth);
  bm_status string(bm_value &out);
  bm_status scalar(bm_value &out);
  bm_status skip_object(bm_value &out, int depth);
  bm_status skip_array(bm_value &out, int depth);
  bm_status wanted_array(bm_value &out, size_t slot, int depth);
  bm_status member_of(bm_value &out, const std::string &member, int depth);
  bool matches(const bm_value &key, const std::string &name);
};

bool bm_scanner::matches(const bm_value &key, const std::string &name) {
  if (!key.escaped) {
    return key.length == name.size() && memcmp(bytes + key.begin, name.data(), name.size()) == 0;
  }
  unescaped_key.resize(key.length);
  auto *text = reinterpret_cast<uint8_t *>(&unescaped_key[0]);
  unescaped_key.resize(bm_unescape(bytes + key.begin, key.length, text));
  return unescaped_key == name;
}

bm_status bm_scanner::run_stage_one() {
  if (!stage_one || stage_one->capacity() < byte_count) {
    const size_t capacity = byte_count + byte_count / 2 + 4096;
    stage_one.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
          capacity, deepest, stage_one)) {
      return fail(bm_out_of_memory, 0);
    }
  }
  switch (stage_one->stage1(bytes, byte_count, simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS:
      break;
    case simdjson::UTF8_ERROR:
      return fail(bm_invalid_utf8, first_invalid_utf8(bytes, byte_count));
    case simdjson::UNESCAPED_CHARS: {
      // A control character outside of a string is a matter of the grammar; this one is inside.
      bool inside = false;
      for (size_t i = 0; i < byte_count; i++) {
        if (bytes[i] == '"') inside = !inside;
        if (bytes[i] == '\\' && inside) i++;
        else if (inside && bytes[i] < 0x20) return fail(bm_control_character, i);
      }
      return fail(bm_control_character, byte_count);
    }
    case simdjson::UNCLOSED_STRING:
      return fail(bm_truncated, byte_count);
    case simdjson::EMPTY:
      return fail(bm_not_object, 0);
    default: {
      const size_t at = first_invalid_utf8(bytes, byte_count);
      return at < byte_count ? fail(bm_invalid_utf8, at) : fail(bm_syntax, 0);
    }
  }
  next = stage_one->structural_indexes.get();
  last = next + stage_one->n_structural_indexes;
  return bm_ok;
}

bm_status bm_scanner::string(bm_value &out) {
  const uint32_t open = *next++;
  uint32_t close = (next < last ? *next : uint32_t(byte_count)) - 1;
  while (is_space(bytes[close])) close--;
  // Stage one pairs the quotes, so what precedes the next structural byte is the closing one,
  // unless something that belongs nowhere stands between.
  if (close <= open || bytes[close] != '"') return fail(bm_syntax, close);
  out.begin = open + 1;
  out.length = close - open - 1;
  out.count = 0;
  out.kind = bm_string;
  const Escapes escapes = check_escapes(bytes + out.begin, out.length);
  if (escapes.invalid != Escapes::npos) {
    return fail(bm_invalid_escape, out.begin + escapes.invalid);
  }
  out.escaped = escapes.any;
  out.unpaired = escapes.unpaired;
  return bm_ok;
}

bm_status bm_scanner::scalar(bm_value &out) {
  const uint32_t begin = *next++;
  uint32_t end = next < last ? *next : uint32_t(byte_count);
  while (end > begin && is_space(bytes[end - 1])) end--;
  out = {begin, end - begin, 0, bm_number, false, false};
  const auto is = [&](const char *word, size_t size) {
    return out.length == size && memcmp(bytes + begin, word, size) == 0;
  };
  if (is("null", 4)) {
    out.kind = bm_null;
  } else if (is("true", 4)) {
    out.kind = bm_true;
  } else if (is("false", 5)) {
    out.kind = bm_false;
  } else if (!is_number(bytes + begin, bytes + end)) {
    return fail(next < last ? bm_syntax : bm_truncated, begin);
  }
  return bm_ok;
}

bm_status bm_scanner::value(bm_value &out, int depth) {
  switch (peek()) {
    case '"':
      return string(out);
    case '{':
      return skip_object(out, depth + 1);
    case '[':
      return skip_array(out, depth + 1);
    case 0:
    case '}':
    case ']':
    case ':':
    case ',':
      return unexpected();
    default:
      return scalar(out);
  }
}

bm_status bm_scanner::skip_object(bm_value &out, int depth) {
  const uint32_t begin = *next;
  if (depth > deepest) return fail(bm_too_deep, begin);
  next++;
  if (peek() == '}') {
    next++;
  } else {
    for (;;) {
      bm_value key, member;
      if (peek() != '"') return unexpected();
      if (auto status = string(key)) return status;
      if (peek() != ':') return unexpected();
      next++;
      if (auto status = value(member, depth)) return status;
      const uint8_t c = peek();
      if (c != ',' && c != '}') return unexpected();
      next++;
      if (c == '}') break;
    }
  }
  out = {begin, next[-1] + 1 - begin, 0, bm_object, false, false};
  return bm_ok;
}

bm_status bm_scanner::skip_array(bm_value &out, int depth) {
  const uint32_t begin = *next;
  if (depth > deepest) return fail(bm_too_deep, begin);
  next++;
  uint32_t count = 0;
  if (peek() == ']') {
    next++;
  } else {
    for (;;) {
      bm_value element;
      if (auto status = value(element, depth)) return status;
      count++;
      const uint8_t c = peek();
      if (c != ',' && c != ']') return unexpected();
      next++;
      if (c == ']') break;
    }
  }
  out = {begin, next[-1] + 1 - begin, count, bm_array, false, false};
  return bm_ok;
}

bm_status bm_scanner::wanted_array(bm_value &out, size_t slot, int depth) {
  const uint32_t begin = *next;
  const std::string &member = wanted[slot].member;
  std::vector<bm_value> &list = elements[slot];
  next++;
  if (peek() == ']') {
    next++;
  } else {
    for (;;) {
      bm_value element;
      const bool opens = !member.empty() && peek() == '{';
      if (auto status = opens ? member_of(element, member, depth + 1) : value(element, depth)) {
        return status;
      }
      if (!member.empty() && !opens) element.kind = bm_absent;
      list.push_back(element);
      const uint8_t c = peek();
      if (c != ',' && c != ']') return unexpected();
      next++;
      if (c == ']') break;
    }
  }
  out = {begin, next[-1] + 1 - begin, uint32_t(list.size()), bm_array, false, false};
  return bm_ok;
}

bm_status bm_scanner::member_of(bm_value &out, const std::string &member, int depth) {
  out = {*next, 0, 0, bm_absent, false, false};
  next++;
  if (peek() == '}') {
    next++;
    return bm_ok;
  }
  for (;;) {
    bm_value key, found;
    if (peek() != '"') return unexpected();
    if (auto status = string(key)) return status;
    if (peek() != ':') return unexpected();
    next++;
    if (auto status = value(found, depth)) return status;
    if (matches(key, member)) {
      if (out.kind != bm_absent) {
        keys.push_back(key);
        return fail(bm_duplicate_key, key.begin - 1);
      }
      out = found;
    }
    const uint8_t c = peek();
    if (c != ',' && c != '}') return unexpected();
    next++;
    if (c == '}') return bm_ok;
  }
}

bm_status bm_scanner::scan(const uint8_t *row, size_t length, bm_value *values) {
  bytes = row;
  byte_count = length;
  keys.clear();
  for (size_t i = 0; i < wanted.size(); i++) {
    values[i] = {0, 0, 0, bm_absent, false, false};
    elements[i].clear();
  }
  if (auto status = run_stage_one()) return status;
  if (peek() != '{') return fail(bm_not_object, next < last ? *next : 0);
  next++;
  if (peek() == '}') {
    next++;
  } else {
    for (;;) {
      bm_value key;
      if (peek() != '"') return unexpected();
      if (auto status = string(key)) return status;
      keys.push_back(key);
      if (peek() != ':') return unexpected();
      next++;
      const uint32_t *const start = next;
      bool read = false;
      for (size_t i = 0; i < wanted.size(); i++) {
        if (!matches(key, wanted[i].key)) continue;
        if (values[i].kind != bm_absent) return fail(bm_duplicate_key, key.begin - 1);
        next = start;  // two wanted fields may be members of the same array
        auto status = peek() == '[' ? wanted_array(values[i], i, 2) : value(values[i], 1);
        if (status) return status;
        read = true;
      }
      if (!read) {
        bm_value skipped;
        if (auto status = value(skipped, 1)) return status;
      }
      const uint8_t c = peek();
      if (c != ',' && c != '}') return unexpected();
      next++;
      if (c == '}') break;
    }
  }
  return next == last ? bm_ok : unexpected();
}

bm_scanner *bm_scanner_create(const bm_wanted *wanted, size_t count) {
  try {
    auto scanner = std::make_unique<bm_scanner>();
    for (size_t i = 0; i < count; i++) {
      scanner->wanted.push_back(
        {std::string(wanted[i].key, wanted[i].key_length),
         std::string(wanted[i].member, wanted[i].member_length)});
    }
    scanner->elements.resize(count);
    return scanner.release();
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

void bm_scanner_destroy(bm_scanner *scanner) { delete scanner; }

bm_status bm_scan(bm_scanner *scanner, const uint8_t *row, size_t length, bm_value *values) {
  try {
    return scanner->scan(row, length, values);
  } catch (const std::bad_alloc &) {
    return bm_out_of_memory;
  }
}

size_t bm_error_offset(const bm_scanner *scanner) { return scanner->error_offset; }

const bm_value *bm_elements(const bm_scanner *scanner, size_t slot) {
  return scanner->elements[slot].data();
}

const bm_value *bm_keys(const bm_scanner *scanner, size_t *count) {
  *count = scanner->keys.size();
  return scanner->keys.data();
}

size_t bm_count_characters(const uint8_t *bytes, size_t length, bool escaped) {
  return count_characters(bytes, length, escaped);
}

size_t bm_unescape(const uint8_t *bytes, size_t length, uint8_t *text) {
  const uint8_t *p = bytes;
  const uint8_t *const end = bytes + length;
  uint8_t *out = text;
  while (p < end) {
    const auto *escape = static_cast<const uint8_t *>(memchr(p, '\\', size_t(end - p)));
    const size_t plain = size_t((escape ? escape : end) - p);
    memcpy(out, p, plain);
    out += plain;
    if (!escape) break;
    p = escape + 2;
    switch (escape[1]) {
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u': {
        uint32_t unit = uint32_t(hex4(p));
        p += 4;
        if (unit >= 0xD800 && unit <= 0xDBFF && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
          const uint32_t low = uint32_t(hex4(p + 2));
          if (low >= 0xDC00 && low <= 0xDFFF) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            p += 6;
          }
        }
        if (unit >= 0xD800 && unit <= 0xDFFF) unit = 0xFFFD;
        out += write_utf8(unit, out);
        break;
      }
      default: *out++ = escape[1];
    }
  }
  return size_t(out - text);
}
