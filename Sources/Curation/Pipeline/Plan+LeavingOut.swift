extension Plan {
  /// The same without the filters of this name, wherever they stand.
  package func leavingOut(filter name: String) -> Plan {
    var plan = self
    for index in plan.sources.indices {
      plan.sources[index].takings = plan.sources[index].takings.map { taking in
        guard let place = taking.steps.firstIndex(where: { $0.kind == .filter && $0.name == name })
        else { return taking }
        // Filters are the first steps, in their order.
        var (filters, steps) = (taking.filters, taking.steps)
        filters.remove(at: place)
        steps.remove(at: place)
        return taking.changing(filters: filters, steps: steps)
      }
    }
    return plan
  }
}
