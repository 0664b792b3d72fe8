internal import Notation

/// `trl sft`: the same training by Hugging Face's TRL, on rows of the format `messages`.
///
/// TRL renders rows with the chat template of the base model, and some of those cut the reasoning
/// out of what the assistant says. With `template` set the rows are rendered as LLaMA-Factory's
/// template of that name does, by a template of ours that also marks what the loss is taken of.
package struct TRL: Trainer {
  package static let name = "trl"
  package static let required = ["cutoff", "batch", "epochs", "learning_rate"]
  package static let templates = ["qwen", "deepseekr1", "llama3"]
  package static let command: String? = "trl sft --config {config} --num_processes {gpus}"
  package static let config = "train.yaml"

  package init() {}

  package func files(for job: TrainingJob) throws -> [TrainingFile] {
    guard job.rowFormat == "messages" else {
      throw TrainingError(
        job.branch,
        "TRL reads conversations of role and content, and the rows are '\(job.rowFormat)': give the"
          + " branch 'row: messages'")
    }
    var files = [TrainingFile(Self.config, config(of: job))]
    if let template = job.settings.template.flatMap(Self.jinja) {
      files.append(TrainingFile("chat_template.jinja", template))
    }
    return files
  }

  private func config(of job: TrainingJob) -> TrainerConfig {
    let settings = job.settings
    var config = TrainerConfig([
      "Trains the expert of branch '\(job.branch)' with TRL. Written anew for every run: change the",
      "recipe's section 'train'.",
    ])
    config.set("model_name_or_path", text: job.basePath)
    config.set(
      "datasets",
      #"[{"path": "json", "data_files": \#(JSON.quoted(job.dataPath)), "split": "train"}]"#)
    if settings.template != nil {
      config.set("chat_template_path", text: job.folder + "/chat_template.jinja")
    }
    config.set(
      "assistant_only_loss", "true",
      "Without it the loss is taken of the questions too.")
    config.set(
      "max_length", String(settings.cutoff ?? 0),
      "TRL's own is 1024, to which it cuts without a word.")
    config.set("packing", "\(settings.packing != .none)")
    if settings.packing == .neat {
      config.set(
        "attn_implementation", "flash_attention_2",
        "What keeps the samples of a pack from seeing each other.")
    }
    config.set(
      "per_device_train_batch_size", String(settings.deviceBatch),
      "\(settings.gpus) GPUs x \(settings.deviceBatch) x \(settings.accumulation ?? 0) = "
        + "\(settings.batch ?? 0) \(settings.unit) a step.")
    config.set("gradient_accumulation_steps", String(settings.accumulation ?? 0))
    config.set("learning_rate", decimal(settings.learningRate ?? 0))
    config.set("lr_scheduler_type", settings.schedule)
    config.set("warmup_steps", decimal(settings.warmup), "Below 1 a share of all steps.")
    config.set("num_train_epochs", decimal(settings.epochs ?? 0))
    config.set("weight_decay", decimal(settings.weightDecay))
    config.set("adam_beta2", "0.95")
    config.set("max_grad_norm", "1.0")
    config.set("bf16", "\(settings.precision == .bf16)")
    config.set("fp16", "\(settings.precision == .fp16)")
    config.set("seed", String(settings.seed))
    config.set(
      "save_only_model", "false",
      "A checkpoint to resume from holds weights and optimizer, some 14 bytes a parameter; the last",
      "one is kept, and there are two while it is replaced.")
    config.set("save_strategy", "steps")
    config.set("save_steps", String(settings.saveSteps))
    config.set("save_total_limit", "1")
    config.set("logging_steps", "1")
    config.set("report_to", "none")
    config.set("output_dir", text: job.outputPath)
    config.take(settings.extra)
    return config
  }

  /// TRL starts anew unless it is told where from.
  package func command(for job: TrainingJob, resumingFrom checkpoint: String?) throws -> [String] {
    let words = words(for: job, resumingFrom: checkpoint)
    let isTold = CommandTemplate(job.settings.command ?? "").names.contains("resume")
    guard let checkpoint, !isTold else { return words }
    return words + ["--resume_from_checkpoint", checkpoint]
  }

  /// Without it TRL does not tell the size of its steps, which is checked against the recipe.
  package func environment(for job: TrainingJob) -> [String: String] {
    ["TRANSFORMERS_VERBOSITY": "info"]
  }

  package func objection(to versions: [String: String], for job: TrainingJob) -> String? {
    guard let version = versions["transformers"], let major = version.split(separator: ".").first,
      let number = Int(major), number < 5, job.settings.warmup > 0,
      !job.settings.extra.contains(where: { $0.key == "warmup_ratio" })
    else { return nil }
    return
      "transformers \(version) takes no share of all steps as warmup_steps; install version 5, or"
      + " say in the recipe extra: { warmup_steps: null, warmup_ratio:"
      + " \(decimal(job.settings.warmup)) }"
  }

  /// LLaMA-Factory's template of a name in Jinja, for rows without tools.
  private static func jinja(_ template: String) -> String? {
    switch template {
    case "qwen":
      #"{% for m in messages %}{% if loop.first and m.role != 'system' %}{{ '<|im_start|>system\n"#
        + #"You are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}"#
        + #"{% endif %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' %}"#
        + #"{% generation %}{{ m.content + '<|im_end|>\n' }}{% endgeneration %}{% else %}"#
        + #"{{ m.content + '<|im_end|>\n' }}{% endif %}{% endfor %}"#
        + #"{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"#
    case "deepseekr1":
      #"{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}"#
        + #"{{ '<｜User｜>' + m.content + '<｜Assistant｜>' }}{% elif m.role == 'assistant' %}"#
        + #"{% generation %}{% if '<think>' not in m.content and '</think>' not in m.content %}"#
        + #"{{ '<think>\n\n</think>\n\n' }}{% endif %}{{ m.content + eos_token }}"#
        + #"{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}"#
    case "llama3":
      #"{{ bos_token }}{% for m in messages %}"#
        + #"{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' }}"#
        + #"{% if m.role == 'assistant' %}{% generation %}{{ m.content + '<|eot_id|>' }}"#
        + #"{% endgeneration %}{% else %}{{ m.content + '<|eot_id|>' }}{% endif %}{% endfor %}"#
        + #"{% if add_generation_prompt %}"#
        + #"{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"#
    default: nil
    }
  }
}
