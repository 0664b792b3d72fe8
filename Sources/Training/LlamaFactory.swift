internal import Files
internal import Notation

/// LLaMA-Factory, and 360-LLaMA-Factory by the same file: full fine-tuning with one YAML.
///
/// It goes on from the last checkpoint in its output folder by itself, so that a resumed job is
/// started with the same words (hparams/parser.py of 0.9.5).
package struct LlamaFactory: Trainer {
  package static let name = "llama-factory"
  package static let required = ["template", "cutoff", "batch", "epochs", "learning_rate"]
  package static let templates = ["qwen", "deepseekr1", "llama3"]
  package static let command: String? = "llamafactory-cli train {config}"
  package static let config = "train.yaml"

  package init() {}

  package func files(for job: TrainingJob) throws -> [TrainingFile] {
    [
      TrainingFile(Self.config, config(of: job)),
      TrainingFile("dataset_info.json", datasetInfo(of: job)),
    ]
  }

  private func config(of job: TrainingJob) -> TrainerConfig {
    let settings = job.settings
    let unit = settings.unit
    var config = TrainerConfig([
      "Trains the expert of branch '\(job.branch)' with LLaMA-Factory. Written anew for every run:",
      "change the recipe's section 'train'. 'The paper' is TinyR1's, 'the script' its authors'.",
    ])
    config.set("stage", "sft")
    config.set("do_train", "true")
    config.set("finetuning_type", "full")
    config.set("model_name_or_path", text: job.basePath)
    config.set("dataset_dir", text: job.folder)
    config.set("dataset", text: job.branch)
    config.set("template", settings.template ?? "")
    config.set("cutoff_len", String(settings.cutoff ?? 0))
    config.set(
      "packing", "\(settings.packing != .none)",
      "The paper has neat packing for science and coding and says nothing of math; the script",
      "packs math too, without it: there the samples of a pack see each other. With packing a",
      "pack holds one token less than cutoff_len.")
    config.set("neat_packing", "\(settings.packing == .neat)")
    config.set(
      "per_device_train_batch_size", String(settings.deviceBatch),
      "\(settings.gpus) GPUs x \(settings.deviceBatch) x \(settings.accumulation ?? 0) = "
        + "\(settings.batch ?? 0) \(unit) a step. The paper's batches (96 for math and",
      "coding, 32 for science) count packs of 16384 tokens, each of several rows.")
    config.set("gradient_accumulation_steps", String(settings.accumulation ?? 0))
    config.set("learning_rate", decimal(settings.learningRate ?? 0))
    config.set(
      "lr_scheduler_type", settings.schedule,
      "The paper calls the rate of math and coding constant; the script lets it rise over the first",
      "tenth of all steps (constant_with_warmup). For science both have cosine.")
    config.set("warmup_ratio", decimal(settings.warmup))
    config.set(
      "num_train_epochs", decimal(settings.epochs ?? 0),
      "Paper: 5 for math, 15 for coding, 5 for science.")
    config.set(
      "weight_decay", decimal(settings.weightDecay),
      "These three are in the script alone.")
    config.set("adam_beta2", "0.95")
    config.set("max_grad_norm", "1.0")
    config.set("bf16", "\(settings.precision == .bf16)")
    config.set("fp16", "\(settings.precision == .fp16)")
    config.set("seed", String(settings.seed))
    config.set(
      "save_only_model", "false",
      "A checkpoint to resume from holds weights and optimizer, some 14 bytes a parameter: 460 GB",
      "for 32.8 billion. The last one is kept, and there are two while it is replaced. The script",
      "saves the weights alone, 66 GB, from which nothing can be resumed: to have it so, say",
      "save_only_model: true under 'extra'.")
    config.set("save_strategy", "steps")
    config.set("save_steps", String(settings.saveSteps))
    config.set("save_total_limit", "1")
    config.set("logging_steps", "1")
    config.set("report_to", "none")
    config.set("output_dir", text: job.outputPath)
    config.take(settings.extra)
    return config
  }

  private func datasetInfo(of job: TrainingJob) -> String {
    var members = [JSON.Member("file_name", .string(job.dataPath))]
    members += (job.datasetInfo.members ?? []).filter { $0.key != "file_name" }
    return JSON.object([JSON.Member(job.branch, .object(members))]).formatted() + "\n"
  }

  package func command(for job: TrainingJob, resumingFrom checkpoint: String?) throws -> [String] {
    // Its launcher puts torchrun's words together and cuts them at white space again.
    if isLaunchedHere(job), job.settings.gpus > 1, job.folder.contains(where: \.isWhitespace) {
      throw TrainingError(
        job.branch,
        "llamafactory-cli cannot start \(job.settings.gpus) GPUs on a file whose path has white"
          + " space (\(job.folder)); choose another workspace")
    }
    return words(for: job, resumingFrom: checkpoint)
  }

  /// Whether its own launcher is started, and not a script that sees to GPUs and nodes itself.
  private func isLaunchedHere(_ job: TrainingJob) -> Bool {
    CommandTemplate(job.settings.command ?? Self.command ?? "").words.first?.fileName
      == "llamafactory-cli"
  }

  /// One process for each GPU; DeepSpeed wants torchrun even for one.
  package func environment(for job: TrainingJob) -> [String: String] {
    guard isLaunchedHere(job) else { return [:] }
    var variables = ["NPROC_PER_NODE": String(job.settings.gpus)]
    if job.settings.gpus > 1 || job.settings.extra.contains(where: { $0.key == "deepspeed" }) {
      variables["FORCE_TORCHRUN"] = "1"
    }
    return variables
  }

  package func metricsPath(of job: TrainingJob) -> String? {
    job.outputPath + "/trainer_log.jsonl"
  }
}
