/// A band that runs from one upright edge to another, for flows whose widths are numbers.
enum Ribbon {
  /// From (x, y) to (x, y), each with the height there.
  static func path(
    _ x0: Double, _ y0: Double, _ height0: Double, to x1: Double, _ y1: Double, _ height1: Double
  ) -> String {
    let middle = at((x0 + x1) / 2)
    return "M\(at(x0)) \(at(y0))C\(middle) \(at(y0)) \(middle) \(at(y1)) \(at(x1)) \(at(y1))"
      + "V\(at(y1 + height1))C\(middle) \(at(y1 + height1)) \(middle) \(at(y0 + height0))"
      + " \(at(x0)) \(at(y0 + height0))Z"
  }

  /// The same, and from there on level to a third edge.
  static func path(
    _ x0: Double, _ y0: Double, to x1: Double, _ y1: Double, on x2: Double, height: Double
  ) -> String {
    let middle = at((x0 + x1) / 2)
    return "M\(at(x0)) \(at(y0))C\(middle) \(at(y0)) \(middle) \(at(y1)) \(at(x1)) \(at(y1))"
      + "H\(at(x2))V\(at(y1 + height))H\(at(x1))C\(middle) \(at(y1 + height))"
      + " \(middle) \(at(y0 + height)) \(at(x0)) \(at(y0 + height))Z"
  }

  /// A line in the middle of where a band would be.
  static func thread(_ x0: Double, _ y0: Double, to x1: Double, _ y1: Double) -> String {
    let middle = at((x0 + x1) / 2)
    return "M\(at(x0)) \(at(y0))C\(middle) \(at(y0)) \(middle) \(at(y1)) \(at(x1)) \(at(y1))"
  }
}
