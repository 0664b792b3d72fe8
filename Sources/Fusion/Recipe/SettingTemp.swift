package enum SettingValue: Hashable, Sendable {
  case number(Double)
  case text(String)
  case flag(Bool)
  var described: String { "\(self)" }
}
