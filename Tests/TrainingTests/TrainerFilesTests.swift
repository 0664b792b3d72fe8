import Notation
import Testing

@testable import Training

struct TrainerFilesTests {
  private func science(_ settings: inout TrainingSettings) {
    settings.packing = .neat
    settings.batch = 32
    settings.gpus = 32
    settings.schedule = "cosine"
    settings.extra = [
      .init(key: "flash_attn", value: "\"fa2\""), .init(key: "adam_beta2", value: nil),
      .init(key: "save_only_model", value: "true"),
    ]
  }

  @Test func `LLaMA-Factory gets a file that says where paper and script differ`() throws {
    let scratch = try Scratch()
    let job = scratch.job(science)
    let files = try LlamaFactory().files(for: job)
    #expect(files.map(\.path) == ["train.yaml", "dataset_info.json"])
    #expect(
      files[0].text == """
        # Trains the expert of branch 'math' with LLaMA-Factory. Written anew for every run:
        # change the recipe's section 'train'. 'The paper' is TinyR1's, 'the script' its authors'.
        stage: sft
        do_train: true
        finetuning_type: full
        model_name_or_path: "\(job.basePath)"
        dataset_dir: "\(job.folder)"
        dataset: "math"
        template: qwen
        cutoff_len: 16384
        # The paper has neat packing for science and coding and says nothing of math; the script
        # packs math too, without it: there the samples of a pack see each other. With packing a
        # pack holds one token less than cutoff_len.
        packing: true
        neat_packing: true
        # 32 GPUs x 1 x 1 = 32 packs a step. The paper's batches (96 for math and
        # coding, 32 for science) count packs of 16384 tokens, each of several rows.
        per_device_train_batch_size: 1
        gradient_accumulation_steps: 1
        learning_rate: 1.0e-05
        # The paper calls the rate of math and coding constant; the script lets it rise over the first
        # tenth of all steps (constant_with_warmup). For science both have cosine.
        lr_scheduler_type: cosine
        warmup_ratio: 0.1
        # Paper: 5 for math, 15 for coding, 5 for science.
        num_train_epochs: 5
        # These three are in the script alone.
        weight_decay: 0.01
        max_grad_norm: 1.0
        bf16: true
        fp16: false
        seed: 42
        # A checkpoint to resume from holds weights and optimizer, some 14 bytes a parameter: 460 GB
        # for 32.8 billion. The last one is kept, and there are two while it is replaced. The script
        # saves the weights alone, 66 GB, from which nothing can be resumed: to have it so, say
        # save_only_model: true under 'extra'.
        save_only_model: true
        save_strategy: steps
        save_steps: 200
        save_total_limit: 1
        logging_steps: 1
        report_to: none
        output_dir: "\(job.outputPath)"
        flash_attn: "fa2"

        """)
    #expect(
      files[1].text == """
        {
          "math": {
            "file_name": "\(job.dataPath)",
            "formatting": "sharegpt",
            "columns": {
              "messages": "conversations",
              "system": "system"
            },
            "tags": {
              "role_tag": "from",
              "content_tag": "value",
              "user_tag": "human",
              "assistant_tag": "gpt",
              "observation_tag": "observation",
              "function_tag": "function_call",
              "system_tag": "system"
            }
          }
        }

        """)
    #expect(
      try LlamaFactory().command(for: job, resumingFrom: "/x/checkpoint-5")
        == ["llamafactory-cli", "train", job.folder + "/train.yaml"])
    #expect(
      LlamaFactory().environment(for: job) == ["NPROC_PER_NODE": "32", "FORCE_TORCHRUN": "1"])
    let script = scratch.job { $0.command = "sbatch --wait train.sh {config}" }
    #expect(LlamaFactory().environment(for: script).isEmpty)
  }

  @Test func `TRL gets conversations, a chat template and where to resume`() throws {
    let scratch = try Scratch()
    let job = scratch.job(rowFormat: "messages") { settings in
      science(&settings)
      settings.gpus = 2
      settings.command = "accelerate launch sft.py --config {config}"
    }
    let files = try TRL().files(for: job)
    #expect(files.map(\.path) == ["train.yaml", "chat_template.jinja"])
    #expect(
      files[0].text == """
        # Trains the expert of branch 'math' with TRL. Written anew for every run: change the
        # recipe's section 'train'.
        model_name_or_path: "\(job.basePath)"
        datasets: [{"path": "json", "data_files": "\(job.dataPath)", "split": "train"}]
        chat_template_path: "\(job.folder)/chat_template.jinja"
        # Without it the loss is taken of the questions too.
        assistant_only_loss: true
        # TRL's own is 1024, to which it cuts without a word.
        max_length: 16384
        packing: true
        # What keeps the samples of a pack from seeing each other.
        attn_implementation: flash_attention_2
        # 2 GPUs x 1 x 16 = 32 packs a step.
        per_device_train_batch_size: 1
        gradient_accumulation_steps: 16
        learning_rate: 1.0e-05
        lr_scheduler_type: cosine
        # Below 1 a share of all steps.
        warmup_steps: 0.1
        num_train_epochs: 5
        weight_decay: 0.01
        max_grad_norm: 1.0
        bf16: true
        fp16: false
        seed: 42
        # A checkpoint to resume from holds weights and optimizer, some 14 bytes a parameter; the last
        # one is kept, and there are two while it is replaced.
        save_only_model: true
        save_strategy: steps
        save_steps: 200
        save_total_limit: 1
        logging_steps: 1
        report_to: none
        output_dir: "\(job.outputPath)"
        flash_attn: "fa2"

        """)
    let words = ["accelerate", "launch", "sft.py", "--config", job.folder + "/train.yaml"]
    #expect(try TRL().command(for: job, resumingFrom: nil) == words)
    #expect(
      try TRL().command(for: job, resumingFrom: "/x/checkpoint-5")
        == words + ["--resume_from_checkpoint", "/x/checkpoint-5"])

    let error = try #require(throws: TrainingError.self) { _ = try TRL().files(for: scratch.job()) }
    #expect("\(error)".hasSuffix("the rows are 'sharegpt': give the branch 'row: messages'"))
    #expect(TRL().objection(to: ["transformers": "4.57.6"], for: job) != nil)
    #expect(TRL().objection(to: ["transformers": "5.23.0"], for: job) == nil)
  }

  @Test func `any program gets its settings as a file, as words and as variables`() throws {
    let scratch = try Scratch()
    let job = scratch.job {
      $0.extra = [.init(key: "flash_attn", value: "\"fa2\"")]
      $0.command = "./train.sh {data} {output} {resume}"
    }
    let files = try CommandTrainer().files(for: job)
    #expect(
      files[0].text == """
        {
          "branch": "math",
          "data": "\(job.dataPath)",
          "row_format": "sharegpt",
          "base": "\(job.basePath)",
          "output": "\(job.outputPath)",
          "template": "qwen",
          "cutoff": 16384,
          "overlong": "keep",
          "packing": "none",
          "batch": 8,
          "device_batch": 1,
          "gpus": 1,
          "gradient_accumulation": 8,
          "epochs": 5,
          "learning_rate": 1.0e-05,
          "schedule": "constant_with_warmup",
          "warmup": 0.1,
          "weight_decay": 0.01,
          "seed": 42,
          "precision": "bf16",
          "save_steps": 200,
          "extra": {"flash_attn": "fa2"}
        }

        """)
    _ = try JSON(parsing: Array(files[0].text.utf8))
    #expect(
      try CommandTrainer().command(for: job, resumingFrom: nil)
        == ["./train.sh", job.dataPath, job.outputPath])
    let variables = CommandTrainer().environment(for: job)
    #expect(variables["BRANCHMERGE_LEARNING_RATE"] == "1.0e-05")
    #expect(variables["BRANCHMERGE_TEMPLATE"] == "qwen")
    #expect(variables["BRANCHMERGE_ROWS"] == "3")
  }

  @Test func `many GPUs and a path with a space are refused for llamafactory-cli`() throws {
    let scratch = try Scratch()
    var job = scratch.job { $0.gpus = 2 }
    job.folder = "/a b"
    #expect(throws: TrainingError.self) {
      _ = try LlamaFactory().command(for: job, resumingFrom: nil)
    }
    job.settings.gpus = 1
    #expect(try LlamaFactory().command(for: job, resumingFrom: nil).last == "/a b/train.yaml")
  }

  /// Of every setting: what it is changed to, and the names that the identity then tells.
  @Test(arguments: [
    ("template", ["template"]), ("cutoff", ["cutoff_len"]), ("packing", ["packing"]),
    ("batch", ["gradient_accumulation_steps", "batch"]), ("epochs", ["num_train_epochs"]),
    ("seed", ["seed"]), ("extra", ["flash_attn"]), ("command", ["command"]), ("saveSteps", []),
    ("silence", []), ("savings", []), ("places", []),
  ])
  func `the identity tells the changes that change the weights`(change: String, names: [String])
    throws
  {
    let scratch = try Scratch()
    let job = scratch.job()
    var other = job
    switch change {
    case "template": other.settings.template = "llama3"
    case "cutoff": other.settings.cutoff = 9
    case "packing": other.settings.packing = .packed
    case "batch": other.settings.batch = 16
    case "epochs": other.settings.epochs = 15
    case "seed": other.settings.seed = 1
    case "extra": other.settings.extra = [.init(key: "flash_attn", value: "\"fa2\"")]
    case "command": other.settings.command = "torchrun train.py {config}"
    case "saveSteps": other.settings.saveSteps = 1
    case "silence": other.settings.silence = 1
    case "savings": other.settings.extra = [.init(key: "save_only_model", value: "true")]
    default:
      other.folder = "/elsewhere"
      other.dataPath = "/elsewhere/train.jsonl"
      other.basePath = "/elsewhere/base"
      other.outputPath = "/elsewhere/output"
      other.rowCount = 99
    }
    let before = try job.identity(with: LlamaFactory())
    let after = try other.identity(with: LlamaFactory())
    #expect(after.filter { !before.contains($0) }.map(\.name) == names)
    #expect(before.allSatisfy { part in after.contains { $0.name == part.name } })
    #expect((after == before) == names.isEmpty)
    if change == "epochs" {
      #expect(before.first { $0.name == "num_train_epochs" }?.value == "5")
      #expect(after.first { $0.name == "num_train_epochs" }?.value == "15")
    }
  }

  @Test func `files that settings name are inputs`() throws {
    let scratch = try Scratch()
    let script = try scratch.write("train.sh", "")
    let deepSpeed = try scratch.write("ds.json", "{}")
    let job = scratch.job {
      $0.command = "sh \(script) {data} none.sh"
      $0.extra = [.init(key: "deepspeed", value: JSON.quoted(deepSpeed))]
    }
    #expect(CommandTrainer().inputs(of: job) == [script, deepSpeed])
  }

  @Test func `versions are read off the names in a library`() throws {
    let scratch = try Scratch()
    let site = "lib/python3.11/site-packages/"
    for name in ["torch-2.13.0+cpu", "llamafactory-0.9.5", "numpy-1.0", "trl-1.16.0"] {
      try scratch.write(site + name + ".dist-info/METADATA", "")
    }
    try scratch.write("bin/trainer", "#!\(scratch.path)/bin/python3\nimport torch\n")
    try scratch.write("bin/shell", "#!/bin/sh\n")
    let wanted = ["torch": "2.13.0+cpu", "llamafactory": "0.9.5", "trl": "1.16.0"]
    #expect(TrainerVersions.of([scratch.path + "/bin/trainer", "x"]) == wanted)
    #expect(TrainerVersions.of([scratch.path + "/bin/python3.11"]) == wanted)
    #expect(TrainerVersions.of([scratch.path + "/bin/shell"]).isEmpty)
    #expect(TrainerVersions.of([]).isEmpty)
  }
}
