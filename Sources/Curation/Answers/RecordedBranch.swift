extension Plan.Branch {
  /// One that writes rows of a recorded format; nil for a format of another version.
  package init?(recorded name: String, rowFormat: String) {
    guard let format = RowFormats.all.first(where: { $0.name == rowFormat }) else { return nil }
    self.init(name: name, about: "", distinct: .none, format: format)
  }
}
