/// How a tensor is cut into the units that a method sees one at a time.
///
/// Every sum runs over a unit first, then over units in order. So a tiling is chosen by a method and
/// the tensor's shape alone, never by the machine, and results do not depend on who did which unit.
package struct Tiling: Hashable, Sendable {
  package let count: Int
  /// Elements of a row; units do not cross its end.
  package let rowLength: Int
  /// Elements of a unit, fewer at a row's end.
  package let unitLength: Int

  /// The longest row that is one unit.
  static let longestRow = 1 << 16
  static let piece = 1 << 12

  /// The whole tensor as one row, in pieces.
  package static func flat(_ count: Int) -> Tiling {
    Tiling(count: count, rowLength: max(1, count), unitLength: piece)
  }

  /// A row is one unit; a row of more than 65,536 elements comes in pieces of 4,096.
  package static func rows(of length: Int, in count: Int) -> Tiling {
    Tiling(
      count: count, rowLength: max(1, length),
      unitLength: length <= longestRow ? max(1, length) : piece)
  }

  package var rowCount: Int { count / rowLength }
  package var unitsPerRow: Int { (rowLength + unitLength - 1) / unitLength }
  package var unitCount: Int { count == 0 ? 0 : rowCount * unitsPerRow }

  /// The elements of a unit, counted in the whole tensor.
  package func range(of unit: Int) -> Range<Int> {
    let start = unit / unitsPerRow * rowLength + unit % unitsPerRow * unitLength
    let rowEnd = (unit / unitsPerRow + 1) * rowLength
    return start..<min(start + unitLength, rowEnd)
  }
}
