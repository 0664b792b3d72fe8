import Files
import Foundation
import Notation
import Testing

@testable import Training

/// The trainers themselves: opt-in, with BRANCHMERGE_TRAINERS the path of a Python that has one.
@Suite(.enabled(if: Python.path != nil, "BRANCHMERGE_TRAINERS names no Python"), .serialized)
struct RealTrainersTests {
  private static let packings = TrainingSettings.Packing.allCases

  @Test(.enabled(if: Python.has("llamafactory"), "that Python has no llamafactory"))
  func `LLaMA-Factory's own parser takes every file`() throws {
    let scratch = try Scratch()
    try scratch.model("base")
    var arguments: [String] = []
    for packing in Self.packings {
      for template in LlamaFactory.templates {
        var job = scratch.job {
          $0.packing = packing
          $0.template = template
          $0.gpus = 2
          $0.precision = packing == .neat ? .bf16 : .fp32
          $0.extra = [.init(key: "max_steps", value: "7"), .init(key: "use_cpu", value: "true")]
        }
        job.folder = scratch.path + "/\(packing)-\(template)"
        job.outputPath = job.folder + "/output"
        for file in try LlamaFactory().files(for: job) {
          try scratch.write("\(packing)-\(template)/\(file.path)", file.text)
        }
        arguments.append(job.folder + "/train.yaml")
      }
    }
    let told = try Python.run(
      """
      import sys
      from llamafactory.data.parser import get_dataset_list
      from llamafactory.hparams import get_train_args
      for path in sys.argv[1:]:
          sys.argv = ["train", path]
          _, data, training, tuning, _ = get_train_args()
          info = get_dataset_list(data.dataset, data.dataset_dir)[0]
          print("=", data.template, data.cutoff_len, data.packing, data.neat_packing,
                training.per_device_train_batch_size, training.gradient_accumulation_steps,
                training.learning_rate, training.lr_scheduler_type.value,
                training.get_warmup_steps(100), training.num_train_epochs, training.weight_decay,
                training.adam_beta2, training.bf16, training.seed, training.save_only_model,
                training.save_total_limit, training.max_steps, tuning.finetuning_type,
                info.load_from, info.dataset_name, info.messages, info.user_tag)
      """, arguments)
    let wanted = Self.packings.flatMap { packing in
      LlamaFactory.templates.map { template in
        "= \(template) \(packing == .none ? 16384 : 16383) \(packing == .none ? "False" : "True") "
          + "\(packing == .neat ? "True" : "False") 1 4 1e-05 constant_with_warmup 10 5 0.01 0.95 "
          + "\(packing == .neat ? "True" : "False") 42 False 1 7 full file \(scratch.path)/train.jsonl"
          + " conversations human"
      }
    }
    #expect(told.filter { $0.hasPrefix("=") } == wanted)
  }

  @Test(.enabled(if: Python.has("trl"), "that Python has no trl"))
  func `TRL's own parser takes every file`() throws {
    let scratch = try Scratch()
    var arguments: [String] = []
    for packing in Self.packings {
      let job = scratch.job(rowFormat: "messages") {
        $0.packing = packing
        $0.precision = .fp32
        $0.extra = Self.onThisMachine(TRL())
      }
      let files = try TRL().files(for: job)
      arguments.append(try scratch.write("\(packing).yaml", files[0].text))
    }
    let told = try Python.run(
      """
      import sys
      from trl.scripts.sft import make_parser
      for path in sys.argv[1:]:
          script, training, model, data = make_parser().parse_args_and_config(
              ["--config", path, "--resume_from_checkpoint", "/x"])
          print("=", model.model_name_or_path, data.datasets[0].path, data.datasets[0].data_files,
                training.chat_template_path, training.assistant_only_loss, training.max_length,
                training.packing, model.attn_implementation, training.per_device_train_batch_size,
                training.gradient_accumulation_steps, training.learning_rate, training.get_warmup_steps(100),
                training.num_train_epochs, training.adam_beta2, training.bf16, training.fp16,
                training.save_total_limit, training.resume_from_checkpoint, training.output_dir)
      """, arguments)
    let wanted = Self.packings.map { packing in
      "= \(scratch.path)/base json \(scratch.path)/train.jsonl \(scratch.path)/job/chat_template.jinja"
        + " True 16384 \(packing == .none ? "False" : "True") "
        + "\(packing == .neat ? "flash_attention_2" : "None") 1 8 1e-05 10 5 0.95 False False 1 /x "
        + scratch.path + "/job/output"
    }
    #expect(told.filter { $0.hasPrefix("=") } == wanted)
  }

  @Test(.enabled(if: Python.has("llamafactory"), "that Python has no llamafactory"))
  func `TRL's templates give LLaMA-Factory's tokens, with the same of them trained on`() throws {
    let scratch = try Scratch()
    var arguments = [try Self.base(in: scratch)]
    for template in TRL.templates {
      let job = scratch.job(rowFormat: "messages") { $0.template = template }
      arguments += [template, try scratch.write(template, try TRL().files(for: job)[1].text)]
    }
    let told = try Python.run(
      """
      import sys
      from llamafactory.data.template import get_template_and_fix_tokenizer
      from llamafactory.hparams import DataArguments
      from transformers import AutoTokenizer
      rows = [("Why?", "<think>\\nHm.\\n</think>\\n\\nSo.", ""), ("Why?", "So.", "Be short.")]
      for name, path in zip(sys.argv[2::2], sys.argv[3::2]):
          for user, assistant, system in rows:
              tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
              template = get_template_and_fix_tokenizer(tokenizer, DataArguments(template=name))
              messages = [{"role": "user", "content": user},
                          {"role": "assistant", "content": assistant}]
              prompt, response = template.encode_oneturn(tokenizer, messages, system)
              tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
              if name != "deepseekr1":
                  tokenizer.eos_token = {"qwen": "<|im_end|>", "llama3": "<|eot_id|>"}[name]
              if system:
                  messages.insert(0, {"role": "system", "content": system})
              ours = tokenizer.apply_chat_template(
                  messages, chat_template=open(path).read(), return_dict=True,
                  return_assistant_tokens_mask=True)
              print("=", name, ours["input_ids"] == prompt + response,
                    ours["assistant_masks"] == [0] * len(prompt) + [1] * len(response))
      """, arguments)
    #expect(
      told.filter { $0.hasPrefix("=") }
        == TRL.templates.flatMap { Array(repeating: "= \($0) True True", count: 2) })
  }

  /// Trains a tiny Qwen2 on the CPU, is stopped after its second checkpoint, and goes on from it.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["BRANCHMERGE_REAL_TRAINING"] != nil,
      "takes minutes, and BRANCHMERGE_REAL_TRAINING is not set"),
    arguments: ["llamafactory", "trl"])
  func `a real training is stopped, goes on, and ends where one without a stop does`(
    module: String
  ) throws {
    guard Python.has(module) else { return }
    struct Stop: Error {}
    let trainer = Self.trainer(module)
    let whole = try Scratch()
    let straight = try TrainingRunner(trainer)
      .run(try Self.job(module, in: whole), identity: "one", note: { _ in }, progress: { _ in })
    #expect(straight.history.map(\.step) == Array(1...30))
    #expect(straight.versions[module] != nil)

    let scratch = try Scratch()
    let stopped = try Self.job(module, in: scratch)
    var runner = TrainingRunner(trainer)
    runner.check = {
      guard ResumePoint.all(in: stopped.outputPath).contains(where: { $0.step >= 10 && $0.isWhole })
      else { return }
      throw Stop()
    }
    #expect(throws: Stop.self) {
      _ = try runner.run(stopped, identity: "one", note: { _ in }, progress: { _ in })
    }
    let outcome = try TrainingRunner(trainer)
      .run(stopped, identity: "one", note: { _ in }, progress: { _ in })
    let resumed = try #require(outcome.resumedFrom)
    #expect(resumed >= 10 && resumed % 5 == 0)
    #expect(outcome.history.map(\.step) == Array(1...30))
    // In the epoch in which it goes on it may take the rows in another order.
    let losses = zip(outcome.history, straight.history).map { ($0.loss ?? 0) - ($1.loss ?? 1) }
    #expect(losses.prefix(resumed).allSatisfy { $0 == 0 }, "\(losses)")
    #expect(losses.allSatisfy { abs($0) < 0.02 }, "\(losses)")
    #expect(ResumePoint.all(in: stopped.outputPath).isEmpty)
    #expect((outcome.history.last?.loss ?? 9) < (outcome.history.first?.loss ?? 0))
  }

  @Test(arguments: ["llamafactory", "trl"])
  func `steps of another size are noticed in the trainer's own log`(module: String) throws {
    guard Python.has(module) else { return }
    let scratch = try Scratch()
    var job = try Self.job(module, in: scratch)
    job.settings.extra.append(.init(key: "per_device_train_batch_size", value: "2"))
    let error = try #require(throws: TrainingError.self) {
      _ = try TrainingRunner(Self.trainer(module))
        .run(job, identity: "one", note: { _ in }, progress: { _ in })
    }
    #expect("\(error)".hasPrefix("math: the trainer makes steps of 8 rows, and the recipe has 4: "))
  }

  @Test(.enabled(if: Python.has("llamafactory"), "that Python has no llamafactory"))
  func `torchrun's workers train together and end together`() throws {
    struct Stop: Error {}
    let scratch = try Scratch()
    var job = try Self.job("llamafactory", in: scratch)
    job.settings.gpus = 2
    let program = (Python.path ?? "").parentPath
    job.settings.command =
      "env PATH=\(program):/usr/bin:/bin FORCE_TORCHRUN=1 NPROC_PER_NODE=2"
      + " llamafactory-cli train {config}"
    var runner = TrainingRunner(LlamaFactory())
    let mark = ProcessMark(job.folder)
    let output = job.outputPath
    runner.check = {
      guard ResumePoint.all(in: output).contains(where: \.isWhole) else { return }
      #expect(mark.processes.count >= 4)
      throw Stop()
    }
    #expect(throws: Stop.self) {
      _ = try runner.run(job, identity: "one", note: { _ in }, progress: { _ in })
    }
    #expect(mark.processes.isEmpty)
  }

  private static func trainer(_ module: String) -> any Trainer {
    module == "trl" ? TRL() : LlamaFactory()
  }

  /// Thirty steps on 24 rows, with a checkpoint after every fifth.
  private static func job(_ module: String, in scratch: Scratch) throws -> TrainingJob {
    _ = try base(in: scratch)
    let rows = (0..<24).map { row in
      #"{"messages": [{"role": "user", "content": "What is \#(row) + 1?"}, "#
        + #"{"role": "assistant", "content": "<think>\nI add.\n</think>\n\nIt is \#(row + 1)."}]}"#
    }
    try scratch.write("train.jsonl", rows.joined(separator: "\n") + "\n")
    return scratch.job(rowFormat: "messages") {
      $0.cutoff = 512
      $0.epochs = 5
      $0.batch = 4
      $0.learningRate = 1e-3
      $0.saveSteps = 5
      $0.precision = .fp32
      $0.command = Python.command(module)
      $0.extra = onThisMachine(trainer(module))
    }
  }

  /// What the trainer needs to hear where there is no GPU, and transformers may be of version 4.
  private static func onThisMachine(_ trainer: any Trainer) -> [TrainingSettings.Extra] {
    let isOld = Python.transformers < 5 && trainer is TRL
    return [.init(key: "use_cpu", value: "true")]
      + (isOld
        ? [.init(key: "warmup_steps", value: nil), .init(key: "warmup_ratio", value: "0.1")] : [])
  }

  /// A Qwen2 of two layers with a vocabulary of bytes and the special tokens of all templates.
  private static func base(in scratch: Scratch) throws -> String {
    let path = scratch.path + "/base"
    _ = try Python.run(
      """
      import sys
      from tokenizers import Tokenizer, decoders, models, pre_tokenizers
      from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, set_seed
      letters = sorted(pre_tokenizers.ByteLevel.alphabet())
      tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
      tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
      tokenizer.decoder = decoders.ByteLevel()
      special = ["<|im_start|>", "<|im_end|>", "<｜User｜>", "<｜Assistant｜>", "<|eot_id|>",
                 "<|eom_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|begin|>", "<|end|>"]
      fast = PreTrainedTokenizerFast(
          tokenizer_object=tokenizer, bos_token="<|begin|>", eos_token="<|end|>",
          pad_token="<|end|>", additional_special_tokens=special)
      fast.save_pretrained(sys.argv[1])
      set_seed(1)
      Qwen2ForCausalLM(Qwen2Config(
          vocab_size=len(fast), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
          num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False,
          bos_token_id=fast.bos_token_id, eos_token_id=fast.eos_token_id,
      )).save_pretrained(sys.argv[1])
      """, [path])
    return path
  }
}

/// The Python of BRANCHMERGE_TRAINERS.
private enum Python {
  static let path = ProcessInfo.processInfo.environment["BRANCHMERGE_TRAINERS"]

  static let versions = path.map { TrainerVersions.of([$0]) } ?? [:]

  static func has(_ module: String) -> Bool { versions[module] != nil }

  static let transformers =
    versions["transformers"]?.split(separator: ".").first.flatMap { Int($0) } ?? 5

  /// The trainer's usual command, started with this Python.
  static func command(_ module: String) -> String {
    let program = (path ?? "").parentPath
    return module == "trl"
      ? "\(program)/trl sft --config {config} --num_processes {gpus}"
      : "\(program)/llamafactory-cli train {config}"
  }

  /// Runs a script and returns the lines that it prints; fails with what it says of its errors.
  static func run(_ script: String, _ arguments: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = ["-c", script] + arguments
    let output = Pipe()
    let scratch = try Scratch()
    let errors = try scratch.write("errors", "")
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw TrainingError("python", LogTail.lines(of: errors, count: 30).joined(separator: "\n"))
    }
    return text.split(separator: "\n").map(String.init)
  }
}
