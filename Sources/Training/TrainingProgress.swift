/// Where a training is, as its own log tells.
package struct TrainingProgress: Sendable, Equatable {
  package var step: Int?
  package var totalSteps: Int?
  package var epoch: Double?
  package var loss: Double?
  package var learningRate: Double?
  package var secondsLeft: Double?

  package init(
    step: Int? = nil, totalSteps: Int? = nil, epoch: Double? = nil, loss: Double? = nil,
    learningRate: Double? = nil, secondsLeft: Double? = nil
  ) {
    self.step = step
    self.totalSteps = totalSteps
    self.epoch = epoch
    self.loss = loss
    self.learningRate = learningRate
    self.secondsLeft = secondsLeft
  }
}

/// Steps with their losses in order; those that a resumed training did again replace the earlier.
package struct TrainingHistory: Sendable, Equatable {
  package private(set) var steps: [TrainingProgress] = []

  mutating func append(_ step: TrainingProgress) {
    if let number = step.step {
      while let last = steps.last?.step, last >= number { steps.removeLast() }
    }
    steps.append(step)
  }
}
