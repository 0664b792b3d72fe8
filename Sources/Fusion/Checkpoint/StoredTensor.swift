/// A tensor as its header describes it: where its bytes lie and what they are.
package struct StoredTensor: Hashable, Sendable {
  package var name: String
  package var type: ElementType
  package var shape: [Int]
  /// Which of the checkpoint's files holds it.
  package var file: Int
  /// Where its first byte lies, counted from the start of the file; not aligned.
  package var offset: Int
  package var byteCount: Int

  package init(
    name: String, type: ElementType, shape: [Int], file: Int, offset: Int, byteCount: Int
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.file = file
    self.offset = offset
    self.byteCount = byteCount
  }

  /// The number of elements: 1 for a shape without dimensions, 0 where one of them is 0.
  package var count: Int { shape.reduce(1, *) }
}
