/// Numbers as pages show them; the same on every machine and in every language.
package enum Numerals {
  /// With a comma between thousands: 1,234,567.
  package static func grouped(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// A number and what it counts: 1 row, 2,000 rows.
  package static func counted(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
  }

  /// Bytes in powers of ten: 1.2 MB.
  package static func bytes(_ count: Int) -> String {
    for (power, unit) in [(12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")] {
      let size = (0..<power).reduce(1) { size, _ in size * 10 }
      if count >= size { return decimal(Double(count) / Double(size), places: 1) + " \(unit)" }
    }
    return "\(count) B"
  }

  /// A share in percent; only nothing is 0 and only all is 100.
  package static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "–" }
    let share = 100 * Double(part) / Double(whole)
    if part > 0 && share < 0.1 { return "<0.1 %" }
    if part < whole && share > 99.9 { return ">99.9 %" }
    return decimal(share, places: 1) + " %"
  }

  /// With so many digits after the point, rounded half away from zero.
  package static func decimal(_ value: Double, places: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let (whole, rest) = Int(scaled).quotientAndRemainder(dividingBy: Int(scale))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(whole)" }
    let digits = String(rest)
    return "\(sign)\(whole)." + String(repeating: "0", count: places - digits.count) + digits
  }

  /// With so many digits that count, and a power of ten where it is very small or large: 8.69e-10.
  package static func significant(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    var exponent = 0
    var rest = abs(value)
    while rest >= 10 { (rest, exponent) = (rest / 10, exponent + 1) }
    while rest < 1 { (rest, exponent) = (rest * 10, exponent - 1) }
    if (-4...5).contains(exponent) {
      return decimal(value, places: max(0, digits - 1 - exponent))
    }
    return (value < 0 ? "-" : "") + decimal(rest, places: digits - 1) + "e\(exponent)"
  }

  /// Beside an axis: no more digits than it needs.
  static func axis(_ value: Double) -> String {
    let text = significant(value)
    guard text.contains("."), !text.contains("e") else { return text }
    let short = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return String(short.reversed())
  }

  /// A place in a drawing: two digits after the point at most, and none that say nothing.
  static func place(_ value: Double) -> String {
    var text = decimal(value, places: 2)
    guard text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}

extension Numerals {
  /// What a branch wrote: 71 kept, 82 seeds; seeds are not kept, they wait for a response.
  static func written(kept: Int, seeds: Int) -> String {
    let waiting = counted(seeds, "seed")
    return seeds == 0
      ? "\(grouped(kept)) kept" : kept == 0 ? waiting : "\(grouped(kept)) kept, \(waiting)"
  }
}

extension HTML {
  static func written(kept: Int, seeds: Int) -> HTML {
    HTML(text: Numerals.written(kept: kept, seeds: seeds))
  }

  package static func number(_ number: Int) -> HTML { HTML(text: Numerals.grouped(number)) }

  package static func counted(_ number: Int, _ noun: String, _ plural: String? = nil) -> HTML {
    HTML(text: Numerals.counted(number, noun, plural))
  }

  package static func bytes(_ count: Int) -> HTML { HTML(text: Numerals.bytes(count)) }

  package static func share(_ part: Int, of whole: Int) -> HTML {
    HTML(text: Numerals.share(part, of: whole))
  }
}
