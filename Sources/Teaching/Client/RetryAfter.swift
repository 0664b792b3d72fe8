/// Reads the header `Retry-After`, after RFC 9110, sections 10.2.3 and 5.6.7.
enum RetryAfter {
  /// Seconds to wait: as they stand there, or from `now` to the date that stands there; the server's
  /// own `Date` is the better `now`, as clocks differ. Nil for what is neither.
  static func seconds(_ value: String, now: Double) -> Double? {
    let value = value.drop { $0 == " " }
    if let seconds = Double(value) {
      // A server that means never is asked again tomorrow.
      return seconds.isFinite && seconds >= 0 ? min(seconds, 86_400) : nil
    }
    return date(value).map { min(max(0, $0 - now), 86_400) }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Seconds since 1970 of an HTTP date, in any of its three forms.
  static func date(_ text: some StringProtocol) -> Double? {
    // Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT; Sun Nov  6 08:49:37 1994
    var parts: [Substring] = String(text).split { !$0.isLetter && !$0.isNumber }
    guard parts.count >= 7 else { return nil }
    if months.contains(String(parts[1])) {
      parts = [parts[0], parts[2], parts[1], parts[6]] + parts[3...5] + ["GMT"]
    }
    guard parts.count == 8, parts[7] == "GMT",
      let month = months.firstIndex(of: String(parts[2])),
      let day = number(parts[1], in: 1...31), let year = number(parts[3], in: 0...9999),
      let hour = number(parts[4], in: 0...23), let minute = number(parts[5], in: 0...59),
      let second = number(parts[6], in: 0...60)
    else { return nil }
    let century = year > 99 ? 0 : year < 70 ? 2000 : 1900
    let days = days(year: year + century, month: month + 1, day: day)
    return Double(((days * 24 + hour) * 60 + minute) * 60 + second)
  }

  private static func number(_ text: Substring, in range: ClosedRange<Int>) -> Int? {
    guard let number = Int(text), range.contains(number) else { return nil }
    return number
  }

  /// Days since 1970, by a calendar whose years begin in March.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let year = month < 3 ? year - 1 : year
    let month = month < 3 ? month + 9 : month - 3
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469
  }
}
