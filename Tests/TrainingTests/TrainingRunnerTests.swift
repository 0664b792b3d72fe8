import Files
import Foundation
import Notation
import Synchronization
import Testing

@testable import Training

#if canImport(Glibc)
  import Glibc
#endif

/// Trainers that are a few lines of shell.
struct TrainingRunnerTests {
  private struct Stop: Error {}

  /// A shell script as a trainer on the model `base`.
  private struct Case {
    let scratch: Scratch
    var job: TrainingJob
    var runner = TrainingRunner(CommandTrainer())

    init(_ script: String, _ change: (inout TrainingSettings) -> Void = { _ in }) throws {
      scratch = try Scratch()
      try scratch.model("base")
      let path = try scratch.write("train.sh", script)
      job = scratch.job {
        $0.command = "sh \(path) {output}"
        change(&$0)
      }
      runner.patience.interrupt = 1
      runner.patience.terminate = 1
      runner.patience.tick = 0.05
      runner.check = {}
    }

    func run(
      _ identity: String = "one", note: (String) -> Void = { _ in },
      progress: (TrainingProgress) -> Void = { _ in }
    ) throws -> TrainingOutcome {
      try runner.run(job, identity: identity, note: note, progress: progress)
    }

    /// Whether no process of the job lives any more.
    var isQuiet: Bool { ProcessMark(job.folder).processes.isEmpty }
  }

  private static let good = """
    echo "{'loss': 2.5, 'epoch': 0.5}"
    echo " 50%|#    | 1/2 [00:01<00:01,  1.0s/it]"
    cp "$BRANCHMERGE_BASE"/* "$1"
    echo "{'loss': 1.5, 'epoch': 1.0}"
    echo "100%|#####| 2/2 [00:02<00:00,  1.0s/it]"
    sleep 0.2

    """

  @Test func `a trainer that succeeds gives all there is to record`() throws {
    let run = try Case(Self.good)
    let seen = Mutex<[Int?]>([])
    let outcome = try run.run(progress: { step in seen.withLock { $0.append(step.step) } })
    #expect(outcome.command == ["sh", run.scratch.path + "/train.sh", run.job.outputPath])
    #expect(outcome.history.map(\.step) == [1, 2])
    #expect(outcome.history.map(\.loss) == [2.5, 1.5])
    #expect(seen.withLock { $0.last } == 2)
    #expect(outcome.expert?.parameterCount == 18)
    #expect(outcome.expert?.files == ["config.json", "model.safetensors"])
    #expect(outcome.lastLines.last == "100%|#####| 2/2 [00:02<00:00,  1.0s/it]")
    #expect(outcome.lastLines.first == "$ " + outcome.commandLine)
    #expect(!outcome.wasDone && outcome.resumedFrom == nil)

    // Done is done, and another identity is another job; the old result is kept once.
    #expect(try run.run().wasDone)
    #expect(try run.run().history.map(\.loss) == [2.5, 1.5])
    let notes = Mutex<[String]>([])
    let again = try run.run("two", note: { note in notes.withLock { $0.append(note) } })
    #expect(!again.wasDone)
    #expect(run.scratch.has("job/output.previous/model.safetensors"))
    #expect(notes.withLock { $0.count } == 1)
  }

  @Test func `a trainer that fails is told with its last lines and how to repeat it`() throws {
    let run = try Case("echo first; echo 'CUDA out of memory' >&2; exit 7\n")
    let error = try #require(throws: TrainingError.self) { _ = try run.run() }
    let told = "\(error)"
    #expect(
      told.hasPrefix(
        """
        math: the trainer failed with status 7 after 0 s; its last lines:
          | $ sh \(run.scratch.path)/train.sh \(run.job.outputPath)
          | first
          | CUDA out of memory
        the whole log: \(run.job.logPath)
        to repeat it alone: env BRANCHMERGE_BASE=\(run.job.basePath) BRANCHMERGE_BATCH=8 
        """))
    #expect(
      told.hasSuffix(" PYTHONUNBUFFERED=1 sh \(run.scratch.path)/train.sh \(run.job.outputPath)"))

    // The line does the same from a shell.
    let line = try #require(told.split(separator: "to repeat it alone: ").last)
    let shell = try run.scratch.write("again.sh", "\(line) > \(run.scratch.path)/again 2>&1\n")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [shell]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 7)
    #expect(try run.scratch.text("again") == "first\nCUDA out of memory\n")
  }

  @Test func `a full disk is told in the trainer's own words`() throws {
    let run = try Case("cat \"$0\" > /dev/full\n")
    let error = try #require(throws: TrainingError.self) { _ = try run.run() }
    #expect("\(error)".contains("No space left on device"))
  }

  @Test func `a signal that ends the trainer is named`() throws {
    let run = try Case("kill -9 $$\n")
    let error = try #require(throws: TrainingError.self) { _ = try run.run() }
    #expect("\(error)".hasPrefix("math: the trainer was ended by signal 9 after 0 s; "))
  }

  @Test func `a program that is not there is refused with advice`() throws {
    var run = try Case("")
    run.job.settings.command = "no-such-trainer {config}"
    let error = try #require(throws: FileError.self) { _ = try run.run() }
    #expect("\(error)".hasPrefix("no-such-trainer: no program of this name is in PATH; install "))
  }

  @Test func `a trainer that hangs is ended after its silence`() throws {
    let run = try Case("echo begun; sleep 1000 & sleep 1000\n") { $0.silence = 0.3 }
    let error = try #require(throws: TrainingError.self) { _ = try run.run() }
    #expect(
      "\(error)".hasPrefix(
        "math: the trainer wrote nothing for 0.3 s ('silence') and was ended after "))
    #expect(run.isQuiet)
  }

  @Test(arguments: [
    (
      "head -c 90 \"$BRANCHMERGE_BASE\"/model.safetensors > \"$1\"/model.safetensors",
      "holds no whole checkpoint:"
    ),
    ("cp ../other/* \"$1\"", "of the base's 3 tensors 1 are missing: 'lm_head.weight'"),
    ("cp ../wrong/* \"$1\"", "'model.norm.weight' is [3], the base has [2]"),
    ("echo nothing", "holds no whole checkpoint:"),
  ])
  func `a checkpoint that is broken is not taken`(script: String, message: String) throws {
    let run = try Case("cd $(dirname $0)/base\n\(script)\n")
    try run.scratch.model("other", Array(small.dropFirst()))
    try run.scratch.model("wrong", [small[0], small[1], ("model.norm.weight", [3])])
    let error = try #require(throws: TrainingError.self) { _ = try run.run() }
    #expect("\(error)".contains("the trainer ended well, and what it left cannot be used: "))
    #expect("\(error)".contains(message), "\(error)")
    #expect(throws: TrainingError.self) { _ = try run.run() }
  }

  @Test(arguments: [
    "trap 'echo saved; exit 0' INT; echo begun; while true; do sleep 0.05; done",
    "trap '' INT; echo begun; while true; do sleep 0.05; done",
    "trap '' INT TERM; echo begun; while true; do sleep 0.05; done",
    // Like torchrun's workers: in a session of their own, where no signal to the group comes.
    "setsid sh -c \"trap '' INT TERM; while true; do sleep 0.05; done\" & echo begun; wait",
  ])
  func `an interruption ends the trainer and all its children`(script: String) throws {
    var run = try Case(script + "\n")
    let log = run.job.logPath
    run.runner.check = {
      guard LogTail.lines(of: log).contains("begun") else { return }
      throw Stop()
    }
    #expect(throws: Stop.self) { _ = try run.run() }
    #expect(run.isQuiet)
    if script.contains("saved") { #expect(LogTail.lines(of: log).last == "saved") }
  }

  @Test func `a job goes on from its last whole checkpoint`() throws {
    // The first start saves two checkpoints, the second of which is cut short, and is killed.
    var run = try Case(
      """
      echo "resume: $BRANCHMERGE_RESUME" >> seen
      if [ -z "$BRANCHMERGE_RESUME" ]; then
        cp -r ready/checkpoint-5 ready/checkpoint-10 "$1"
        rm "$1"/checkpoint-10/trainer_state.json
        exit 1
      fi
      ls "$1" >> seen
      cp base/* "$1"

      """)
    let folder = run.scratch.path
    run.job.settings.command = "sh \(folder)/start.sh {output} {resume}"
    try run.scratch.write("start.sh", "cd \(folder) && exec sh train.sh \"$@\"\n")
    try run.scratch.checkpoint("ready/checkpoint-5", step: 5)
    try run.scratch.checkpoint("ready/checkpoint-10", step: 10)
    #expect(throws: TrainingError.self) { _ = try run.run() }
    let outcome = try run.run()
    #expect(outcome.resumedFrom == 5)
    #expect(outcome.command.last == run.job.outputPath + "/checkpoint-5")
    #expect(
      try run.scratch.text("seen") == """
        resume: 
        resume: \(run.job.outputPath)/checkpoint-5
        checkpoint-5

        """)
  }

  @Test func `a job with other settings begins anew`() throws {
    let run = try Case("ls \"$1\"; mkdir -p \"$1\"/checkpoint-5; exit 1\n")
    #expect(throws: TrainingError.self) { _ = try run.run("one") }
    try run.scratch.checkpoint("job/output/checkpoint-5", step: 5)
    #expect(throws: TrainingError.self) { _ = try run.run("two") }
    #expect(LogTail.lines(of: run.job.logPath).count == 1)
    #expect(run.scratch.has("job/train.previous.log"))
  }

  @Test func `a trainer that outlived a killed run is ended before the next begins`() throws {
    let run = try Case(Self.good)
    try Folder.create(run.job.folder)
    let patience = run.runner.patience
    let mark = ProcessMark(run.job.folder)
    // As after kill -9: the lock is with the child alone.
    var lock: JobLock? = try JobLock(run.job.folder, patience: patience, note: { _ in })
    let child = try ChildProcess(
      ["sh", "-c", "trap '' INT TERM; while true; do date; sleep 0.05; done"], environment: [:],
      log: run.job.logPath, mark: mark, lock: try #require(lock))
    lock = nil
    #expect(mark.processes.contains(child.process))
    let notes = Mutex<[String]>([])
    // Nobody waits for an orphan but init; here it is this process that must.
    let reaper = Thread {
      var status: Int32 = 0
      waitpid(child.process, &status, 0)
    }
    reaper.start()
    _ = try run.run(note: { note in notes.withLock { $0.append(note) } })
    #expect(
      notes.withLock { $0.first }?.hasPrefix(
        "an earlier run was killed and left its trainer at work: ending process \(child.process)")
        == true)
    #expect(run.isQuiet)
  }

  @Test func `steps of another size than the recipe's end the trainer`() throws {
    let run = try Case(
      "echo '  Total train batch size (w. parallel, distributed & accumulation) = 2,048'; sleep 99\n"
    )
    let error = try #require(throws: TrainingError.self) { _ = try run.run() }
    #expect(
      "\(error)".hasPrefix("math: the trainer makes steps of 2048 rows, and the recipe has 8: "))
    #expect(run.isQuiet)
  }

  @Test func `an expert that is no longer whole is not trained anew by itself`() throws {
    let run = try Case(Self.good)
    _ = try run.run()
    try run.scratch.write("job/output/model.safetensors", "half")
    let error = try #require(throws: TrainingError.self) { _ = try run.run() }
    #expect("\(error)".hasSuffix("put it back, or remove \(run.job.folder) to train it anew"))
  }

  @Test func `an expert that is given is looked at and nothing started`() throws {
    let scratch = try Scratch()
    try scratch.model("base")
    var job = scratch.job()
    job.outputPath = try scratch.model("given")
    let outcome = try TrainingRunner(GivenExperts())
      .run(job, identity: "", note: { _ in }, progress: { _ in })
    #expect(outcome.command.isEmpty && outcome.expert?.tensorCount == 3)
    #expect(!scratch.has("job"))
  }
}
