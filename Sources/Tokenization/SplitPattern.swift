internal import CPCRE2

/// A regular expression, compiled once to machine code and used by any number of threads.
///
/// Sound to share: PCRE2 changes nothing of a pattern after it has been compiled.
final class SplitPattern: @unchecked Sendable {
  fileprivate let code: OpaquePointer

  /// Translates a pattern of a `tokenizer.json`.
  convenience init(_ pattern: String) throws(PatternFault) {
    let translation = try PatternTranslation(pattern)
    try self.init(translation.text, options: UInt32(PCRE2_UCP | PCRE2_MULTILINE))
  }

  /// Takes every letter for itself.
  convenience init(literally text: String) throws(PatternFault) {
    try self.init(text, options: UInt32(PCRE2_LITERAL))
  }

  private init(_ pattern: String, options: UInt32) throws(PatternFault) {
    let context = pcre2_compile_context_create_8(nil)
    defer { pcre2_compile_context_free_8(context) }
    pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
    var pattern = pattern
    var number: Int32 = 0
    var place = 0
    let code = pattern.withUTF8 { text in
      pcre2_compile_8(
        text.baseAddress, text.count, options | UInt32(PCRE2_UTF), &number, &place, context)
    }
    guard let code else {
      var reason = [UInt8](repeating: 0, count: 256)
      let count = pcre2_get_error_message_8(number, &reason, reason.count)
      throw PatternFault(
        "what PCRE2 takes for an error: "
          + String(decoding: reason.prefix(Int(max(0, count))), as: UTF8.self))
    }
    self.code = code
    // Without a compiler for this processor matches are slower, and the same.
    pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
  }

  deinit { pcre2_code_free_8(code) }

  /// Of the tables that PCRE2 has of Unicode.
  static let unicodeVersion: (Int, Int) = {
    var text = [UInt8](repeating: 0, count: 64)
    pcre2_config_8(UInt32(PCRE2_CONFIG_UNICODE_VERSION), &text)
    let parts = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self).split(separator: ".")
    return (parts.first.flatMap { Int($0) } ?? 0, parts.dropFirst().first.flatMap { Int($0) } ?? 0)
  }()
}

/// One thread's memory for finding a pattern.
final class SplitMatcher {
  private let pattern: SplitPattern
  private let data: OpaquePointer
  private let context: OpaquePointer
  private let stack: OpaquePointer?
  private let places: UnsafeMutablePointer<Int>
  private let isCompiled: Bool

  init(_ pattern: SplitPattern) {
    guard let data = pcre2_match_data_create_8(1, nil),
      let context = pcre2_match_context_create_8(nil),
      let places = pcre2_get_ovector_pointer_8(data)
    else { fatalError("no memory is left for a match") }
    self.pattern = pattern
    self.data = data
    self.context = context
    self.places = places
    stack = pcre2_jit_stack_create_8(1 << 15, 1 << 23, nil)
    pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
    pcre2_set_match_limit_8(context, .max)
    pcre2_set_depth_limit_8(context, .max)
    var size = 0
    isCompiled =
      pcre2_pattern_info_8(pattern.code, UInt32(PCRE2_INFO_JITSIZE), &size) == 0 && size > 0
  }

  deinit {
    pcre2_match_data_free_8(data)
    pcre2_match_context_free_8(context)
    if let stack { pcre2_jit_stack_free_8(stack) }
  }

  /// The first match from `start` on in a text that is known to be UTF-8.
  ///
  /// None also where finding one would take more than 20 GB: the rest then is one piece.
  @inline(__always)
  func match(in text: UnsafeRawBufferPointer, from start: Int) -> (start: Int, end: Int)? {
    let bytes = text.baseAddress?.assumingMemoryBound(to: UInt8.self)
    var code: Int32 = PCRE2_ERROR_JIT_STACKLIMIT
    if isCompiled {
      code = pcre2_jit_match_8(pattern.code, bytes, text.count, start, 0, data, context)
    }
    if code == PCRE2_ERROR_JIT_STACKLIMIT {
      code = pcre2_match_8(
        pattern.code, bytes, text.count, start, UInt32(PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT), data,
        context)
    }
    return code >= 0 ? (places[0], places[1]) : nil
  }
}
