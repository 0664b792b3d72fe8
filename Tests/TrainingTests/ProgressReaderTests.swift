import Testing

@testable import Training

struct ProgressReaderTests {
  private func step(_ step: Int, _ loss: Double) -> String {
    #"{"current_steps": \#(step), "total_steps": 4, "loss": \#(loss), "lr": 1e-05, "epoch": 0.5, "#
      + #""percentage": 25.0, "elapsed_time": "0:00:01", "remaining_time": "1 day, 2:00:03"}"#
      + "\n"
  }

  @Test func `LLaMA-Factory's steps are read as they come, each byte once`() throws {
    let scratch = try Scratch()
    let reader = ProgressReader(metrics: scratch.path + "/log.jsonl", log: "")
    #expect(reader.read() == nil)
    let line = step(1, 2.5)
    try scratch.write("log.jsonl", line.dropLast(20) + "")
    #expect(reader.read() == nil)
    try scratch.write("log.jsonl", line)
    let first = TrainingProgress(
      step: 1, totalSteps: 4, epoch: 0.5, loss: 2.5, learningRate: 1e-5, secondsLeft: 93603)
    #expect(reader.read() == first)
    #expect(reader.read() == nil)
    try scratch.append("log.jsonl", step(2, 2) + step(3, 1) + "not json\n{\"loss\": 1}\n")
    #expect(reader.read()?.step == 3)
    #expect(reader.history.steps.map(\.step) == [1, 2, 3])

    // Resumed from step 1; a loss that is none leaves no step.
    try scratch.append(
      "log.jsonl", step(2, 1.5) + step(3, 1).replacing("\"loss\": 1.0", with: "\"loss\": NaN"))
    #expect(reader.read()?.step == 3)
    #expect(reader.history.steps.map(\.loss) == [2.5, 1.5])

    try scratch.write("log.jsonl", step(1, 9))
    #expect(reader.read()?.loss == 9)
    #expect(reader.history.steps.map(\.step) == [1])
  }

  @Test func `a log with bars gives steps, times and losses`() throws {
    let scratch = try Scratch()
    let log = """
      $ trl sft --config train.yaml
      Tokenizing train dataset: 100%|██████████| 40/40 [00:00<00:00, 300 examples/s]
      \r  0%|          | 0/3 [00:00<?, ?it/s]\r 33%|███▎      | 1/3 [00:01<01:02,  1.02s/it]\r\
                                                 \r{'loss': '2.25', 'grad_norm': '1.5', \
      'learning_rate': '1e-05', 'epoch': '0.33'}
      \r 33%|███▎      | 1/3 [00:01<01:02,  1.02s/it]\r 67%|██████▋   | 2/3 [00:02<00:01,  1.02s/it]\
      \r{'loss': 2.0, 'learning_rate': 5e-06, 'epoch': 0.67}
      \r 67%|██████▋   | 2/3 [00:02<00:01,  1.02s/it]\r100%|██████████| 3/3 [00:03<00:00]\r\
      {'loss': 1.5, 'epoch': 1.0}
      {'train_runtime': '3.1', 'train_loss': '1.9'}

      """
    try scratch.write("train.log", log)
    let reader = ProgressReader(metrics: nil, log: scratch.path + "/train.log")
    let last = reader.read()
    #expect(last?.step == 3 && last?.totalSteps == 3)
    #expect(
      reader.history.steps.first
        == TrainingProgress(
          step: 1, totalSteps: 3, epoch: 0.33, loss: 2.25, learningRate: 1e-5, secondsLeft: 62))
    reader.finish()
    #expect(reader.history.steps.map(\.step) == [1, 2, 3])
    #expect(reader.history.steps.map(\.loss) == [2.25, 2, 1.5])
  }

  @Test func `hostile lines are nothing`() throws {
    let scratch = try Scratch()
    try scratch.write(
      "train.log",
      "%|/[<\n9%|[\n 1%| 99999999999999999999/1 [\n{'}\n{'loss'}\n{'loss': inf}\n5%|x| 1/2 [a:b<c\n"
        + String(repeating: "{'", count: 50_000) + "\n")
    let reader = ProgressReader(metrics: nil, log: scratch.path + "/train.log")
    #expect(reader.read() == TrainingProgress(step: 1, totalSteps: 2))
    #expect(reader.history.steps.isEmpty)
  }

  @Test func `the end of a log is shown without colours and bars`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "train.log", "one\n\u{1B}[31mred\u{1B}[0m\n\n 1%| \r 2%| two\r\n\u{7}three")
    #expect(LogTail.lines(of: path) == ["one", "red", " 2%| two", "three"])
    #expect(LogTail.lines(of: path, count: 1) == ["three"])
    #expect(LogTail.lines(of: path + "x").isEmpty)
  }
}
