internal import ArgumentParser
internal import StubTeacher

/// A length of time: `50ms`, `2s`, `1.5`.
struct Span: ExpressibleByArgument {
  var seconds: Double

  init(seconds: Double) { self.seconds = seconds }

  init?(argument: String) {
    let isMilli = argument.hasSuffix("ms")
    let digits =
      isMilli ? argument.dropLast(2) : argument.hasSuffix("s") ? argument.dropLast() : argument[...]
    guard let number = Double(digits), (0...1e6).contains(number) else { return nil }
    seconds = isMilli ? number / 1000 : number
  }

  var defaultValueDescription: String { "\(seconds)s" }
}

/// A share from 0 to 1: `5%`, `0.05`.
struct Share: ExpressibleByArgument {
  var value: Double

  init(value: Double) { self.value = value }

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? argument.dropLast() : argument[...]) else { return nil }
    value = isPercent ? number / 100 : number
    guard (0...1).contains(value) else { return nil }
  }

  var defaultValueDescription: String { "\(value * 100)%" }
}

/// `length=2%`
struct FaultShare: ExpressibleByArgument {
  var fault: Fault
  var share: Share

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let fault = Fault(rawValue: parts[0]),
      let share = Share(argument: parts[1])
    else { return nil }
    self.fault = fault
    self.share = share
  }
}

extension Behaviour.Reasoning: ExpressibleByArgument {}
