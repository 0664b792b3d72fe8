internal import Notation

/// The Jinja text by which a conversation becomes the text that a model continues.
package struct ChatTemplate: Hashable, Sendable {
  package let jinja: String

  /// Reads what a merge file says under `chat_template`: a name, a Jinja text, or `auto`.
  ///
  /// `auto` is the template of all `inputs` where they have the same one; there is no vote.
  package init(_ setting: String, inputs: [TokenizerFiles]) throws(MergeError) {
    if setting == "auto" {
      let templates = inputs.map { Self.inUse(by: $0) }
      guard let first = templates.first ?? nil, Set(templates).count == 1 else {
        throw MergeError(
          "chat_template: 'auto' needs one template that all models share, and they do not have"
            + " it; give a name (\(Self.names.joined(separator: ", "))) or the Jinja text, or leave"
            + " the key away to keep the template of the model that gives the tokenizer")
      }
      jinja = first
    } else if let text = Self.named.first(where: { $0.name == setting })?.text {
      jinja = text
    } else if setting.contains("{{") || setting.contains("{%") {
      jinja = setting
    } else {
      throw MergeError(
        "chat_template: \(quoted(setting)) is no Jinja text, and no template is called so"
          + choices(for: setting, among: Self.names + ["auto"], "there are"))
    }
  }

  /// The template that loaders find among a model's files: the file of its own before the key.
  package static func inUse(by tokenizer: TokenizerFiles) -> String? {
    if let bytes = tokenizer.files["chat_template.jinja"] {
      return String(decoding: bytes, as: UTF8.self)
    }
    for name in ["tokenizer_config.json", "chat_template.json"] {
      guard let bytes = tokenizer.files[name], let json = try? JSON(parsing: bytes),
        let template = json["chat_template"], template != .null
      else { continue }
      return template.text ?? template.compact
    }
    return nil
  }

  /// The files that change when this becomes the template of a tokenizer.
  ///
  /// Written to every place that has one, so that no loader finds another; where there is none, to
  /// `tokenizer_config.json`.
  package func files(for tokenizer: TokenizerFiles) throws(MergeError) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    let hasFile = tokenizer.files["chat_template.jinja"] != nil
    if hasFile { files["chat_template.jinja"] = Array(jinja.utf8) }
    for name in ["tokenizer_config.json", "chat_template.json"] {
      guard let bytes = tokenizer.files[name], let json = try tokenizer.json(name) else { continue }
      if json["chat_template"] == nil && (hasFile || name == "chat_template.json") { continue }
      files[name] = try JSONPatch.patched(
        bytes, [(["chat_template"], .string(jinja))], of: "\(tokenizer.label): \(name)")
    }
    if files.isEmpty { files["chat_template.jinja"] = Array(jinja.utf8) }
    return files
  }

  package static let names = named.map(\.name)

  /// Written from the formats that the models' makers have published.
  private static let named: [(name: String, text: String)] = [
    (
      "alpaca",
      """
      {%- for message in messages -%}
      {%- if message['role'] == 'system' -%}
      {{ message['content'] + '\\n\\n' }}
      {%- elif message['role'] == 'user' -%}
      {{ '### Instruction:\\n' + message['content'] + '\\n\\n' }}
      {%- elif message['role'] == 'assistant' -%}
      {{ '### Response:\\n' + message['content'] + eos_token + '\\n\\n' }}
      {%- endif -%}
      {%- endfor -%}
      {%- if add_generation_prompt -%}
      {{ '### Response:\\n' }}
      {%- endif -%}
      """
    ),
    (
      "chatml",
      """
      {%- for message in messages -%}
      {{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
      {%- endfor -%}
      {%- if add_generation_prompt -%}
      {{ '<|im_start|>assistant\\n' }}
      {%- endif -%}
      """
    ),
    (
      "exaone",
      """
      {%- for message in messages -%}
      {%- if loop.first and message['role'] != 'system' -%}
      {{ '[|system|][|endofturn|]\\n' }}
      {%- endif -%}
      {{ '[|' + message['role'] + '|]' + message['content'] }}
      {%- if message['role'] != 'user' -%}
      {{ '[|endofturn|]' }}
      {%- endif -%}
      {{ '\\n' }}
      {%- endfor -%}
      {%- if add_generation_prompt -%}
      {{ '[|assistant|]' }}
      {%- endif -%}
      """
    ),
    (
      "llama3",
      """
      {{- bos_token -}}
      {%- for message in messages -%}
      {{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
      {{- message['content'] | trim + '<|eot_id|>' -}}
      {%- endfor -%}
      {%- if add_generation_prompt -%}
      {{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
      {%- endif -%}
      """
    ),
    (
      "mistral",
      """
      {{- bos_token -}}
      {%- set ns = namespace(system='') -%}
      {%- for message in messages -%}
      {%- if message['role'] == 'system' -%}
      {%- set ns.system = message['content'] + '\\n\\n' -%}
      {%- elif message['role'] == 'user' -%}
      {{ '[INST] ' + ns.system + message['content'] + ' [/INST]' }}
      {%- set ns.system = '' -%}
      {%- elif message['role'] == 'assistant' -%}
      {{ ' ' + message['content'] | trim + eos_token }}
      {%- endif -%}
      {%- endfor -%}
      """
    ),
  ]
}
