internal import Notation

/// A file under a safetensors name that is something else, told from its first eight bytes.
enum ForeignFile: Equatable {
  case pointer
  case zip, pickle, gguf, hdf5
  case text(String)

  init?(_ start: [UInt8]) {
    if start.starts(with: "version ".utf8) {
      self = .pointer
    } else if start.starts(with: "PK\u{3}\u{4}".utf8) {
      self = .zip
    } else if start.starts(with: [0x80, 0x02]) {
      self = .pickle
    } else if start.starts(with: "GGUF".utf8) {
      self = .gguf
    } else if start.dropFirst().starts(with: "HDF".utf8) {
      self = .hdf5
    } else if start.allSatisfy({ 0x20..<0x7F ~= $0 || $0 == 0x0A }) {
      self = .text(String(decoding: start, as: UTF8.self))
    } else {
      return nil
    }
  }

  /// Begins with a verb, for the name of the file to stand before it.
  var refusal: String {
    switch self {
    case .pointer:
      "is a pointer of Git LFS, not the weights: run `git lfs pull` in its folder"
    case .zip, .pickle:
      "is a pickle of PyTorch under another name, which can run code of its own when it is read:"
        + " use the model's safetensors files"
    case .gguf: "is GGUF under another name: use the model's safetensors files"
    case .hdf5: "is a file of TensorFlow under another name: use the model's safetensors files"
    case .text(let start):
      "is a text that begins with \(quoted(start)), not the weights: fetch it again, signed in"
        + " where that is needed"
    }
  }
}
