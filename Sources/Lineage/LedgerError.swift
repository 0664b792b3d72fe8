/// A ledger that cannot be used, or that does not say what it should.
package struct LedgerError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
