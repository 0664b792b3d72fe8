/// How one number of a tensor is stored, by the names of the safetensors format.
///
/// Sizes are in bits: some types share a byte. The order of the cases is the format's alignment
/// order, smallest first, which decides where a writer puts a tensor.
package enum ElementType: String, CaseIterable, Sendable {
  case bool = "BOOL"
  case f4 = "F4"
  case f6e2m3 = "F6_E2M3"
  case f6e3m2 = "F6_E3M2"
  case u8 = "U8"
  case i8 = "I8"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case f8e8m0 = "F8_E8M0"
  case f8e4m3fnuz = "F8_E4M3FNUZ"
  case f8e5m2fnuz = "F8_E5M2FNUZ"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case c64 = "C64"
  case f64 = "F64"
  case i64 = "I64"
  case u64 = "U64"

  package var bits: Int {
    switch self {
    case .f4: 4
    case .f6e2m3, .f6e3m2: 6
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
    case .i16, .u16, .f16, .bf16: 16
    case .i32, .u32, .f32: 32
    case .c64, .f64, .i64, .u64: 64
    }
  }

  /// Whether arithmetic on it is meant: the floating-point types of weights.
  package var isWeight: Bool {
    switch self {
    case .f16, .bf16, .f32, .f64: true
    default: false
    }
  }

  /// A type of less than 16 bits with a scale kept elsewhere: its values alone are no weights.
  package var isQuantised: Bool {
    switch self {
    case .f4, .f6e2m3, .f6e3m2, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: true
    default: false
    }
  }

  /// The type that a merge file and `config.json` call so: `bfloat16`, `torch.float32` …
  package init?(torch name: String) {
    switch name.hasPrefix("torch.") ? String(name.dropFirst(6)) : name {
    case "float64", "double": self = .f64
    case "float32", "float": self = .f32
    case "float16", "half": self = .f16
    case "bfloat16": self = .bf16
    default: return nil
    }
  }

  /// The name that `config.json` has for it; nil for types without one.
  package var torchName: String? {
    switch self {
    case .f64: "float64"
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: nil
    }
  }
}
