#if canImport(Glibc)
  internal import Glibc
#endif

/// How the bytes of a file are packed, told from its first bytes and never from its name.
package enum FileFormat: String, Sendable {
  case plain, gzip, zstd, parquet

  /// Looks at the first bytes of a file, and of Parquet at the last ones.
  package init(of path: String) throws(FileError) {
    let file = try FileStream(path)
    let head = try file.bytes(at: 0, count: min(4, file.byteCount))
    switch head {
    case _ where head.starts(with: [0x1F, 0x8B]):
      self = .gzip
    case [0x28, 0xB5, 0x2F, 0xFD]:
      self = .zstd
    case _ where head.count == 4 && head[0] & 0xF0 == 0x50 && head[1...] == [0x2A, 0x4D, 0x18]:
      self = .zstd  // begins with a skippable frame
    case Array("PAR1".utf8):
      self = .parquet
      guard
        file.byteCount >= 12,
        try file.bytes(at: file.byteCount - 4, count: 4) == Array("PAR1".utf8)
      else {
        throw FileError(
          path,
          "is Parquet without a footer: its \(file.byteCount) bytes do not end in PAR1, so it was"
            + " cut short; fetch it again")
      }
    default:
      self = .plain
    }
  }

  /// The decompressed bytes of a file.
  package func stream(_ file: FileStream) throws(FileError) -> any ByteStream {
    switch self {
    case .plain, .parquet: file
    case .gzip: try GzipStream(file)
    case .zstd: try ZstdStream(file)
    }
  }
}
