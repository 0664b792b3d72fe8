/// Half of a request's hash, which is enough to tell one from another, in a quarter of the memory.
struct RequestKey: Hashable {
  private let first, second: UInt64

  init(_ request: TeacherRequest) {
    first = UInt64(request.hash.prefix(16), radix: 16) ?? 0
    second = UInt64(request.hash.dropFirst(16).prefix(16), radix: 16) ?? 0
  }
}
