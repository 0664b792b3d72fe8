import Curation
import Notation
import Testing

@testable import Teaching

struct TeacherPlanTests {
  @Test func `what is not said has its default`() throws {
    let plan = try Shelf().plan("{url: http://localhost:8000/v1/, model: r1}")
    #expect(plan.question.model == "r1")
    #expect(plan.question.system == nil)
    #expect(
      plan.question.parameters.compact
        == #"{"max_tokens":32768,"temperature":0.6,"top_p":0.95}"#)
    #expect(plan.question.maxTokens == 32768)
    #expect(plan.question.answers == 1)
    #expect(plan.question.asksForUsage)
    #expect(plan.form.promptText == "{prompt}")
    #expect(plan.form.responseText == "<think>\n{reasoning|trim}\n</think>\n\n{solution|trim}")
    #expect(plan.limits.attempts == 3)
    #expect(plan.limits.retries == 8)
    #expect(plan.limits.requests == nil)
    #expect(plan.limits.tokens == nil)
    #expect(plan.limits.money == nil)
    #expect(plan.servers.urls == ["http://localhost:8000/v1"])
    #expect(plan.servers.keyVariable == nil)
    #expect(plan.servers.concurrency == 512)
    #expect(plan.servers.timeout == 600)
    #expect(plan.servers.silence == 900)
    #expect(plan.prices == nil)
    #expect(plan.maxUnanswered.description == "5%")
    #expect(plan.policy.finish == ["stop"])
    #expect(plan.policy.reasoning == .required)
    #expect(plan.policy.pick == .first)
    #expect(
      plan.policy.text
        == #"{"filters":{},"finish":["stop"],"reasoning":"required","#
        + #""response":"<think>\n{reasoning|trim}\n</think>\n\n{solution|trim}"}"#)
  }

  @Test func `all that can be said is read`() throws {
    let plan = try Shelf().plan(
      """
      {urls: ['http://a/v1', 'https://b:8443/v1'], model: deepseek-ai/DeepSeek-R1,
        key: TEACHER_API_KEY_2, system: Think., prompt: 'Q: {prompt}', response: '{solution}',
        temperature: 0, top_p: 1, max_tokens: 4_096, answers: 4, attempts: 5, retries: 6,
        extra: {top_k: 20, temperature: null, stream_options: null, stop: [a, b]},
        prices: {prompt: 0, completion: 2.19, currency: EUR},
        budget: {requests: 20000, tokens: 400_000_000, money: 300.5}, concurrency: 7,
        timeout: 90s, silence: 1.5h, max_unanswered: 12,
        accept: {finish: [stop, length], reasoning: optional, filters: [terse], pick: shortest}}
      """)
    #expect(plan.servers.urls == ["http://a/v1", "https://b:8443/v1"])
    #expect(plan.servers.keyVariable == "TEACHER_API_KEY_2")
    #expect(plan.question.system == "Think.")
    #expect(
      plan.question.parameters.compact
        == #"{"max_tokens":4096,"stop":["a","b"],"top_k":20,"top_p":1.0}"#)
    #expect(!plan.question.asksForUsage)
    #expect(plan.question.answers == 4)
    #expect(plan.limits.attempts == 5)
    #expect(plan.limits.retries == 6)
    #expect(plan.limits.requests == 20_000)
    #expect(plan.limits.tokens == 400_000_000)
    #expect(plan.limits.money == 300.5)
    #expect(plan.prices?.currency == "EUR")
    #expect(plan.prices?.cost(prompt: 1_000_000, completion: 500_000) == 1.095)
    #expect(plan.servers.concurrency == 7)
    #expect(plan.servers.timeout == 90)
    #expect(plan.servers.silence == 5400)
    #expect(plan.maxUnanswered.description == "12")
    #expect(
      plan.policy.text
        == #"{"filters":{"terse":"{\"solution\": {\"length\": {\"at_most\": 12}}}"},"#
        + #""finish":["stop","length"],"reasoning":"optional","response":"{solution}"}"#)
    #expect(
      plan.ingredients.map(\.name) == [
        "teacher", "parameters", "system", "prompt", "response", "answers", "attempts", "accept",
        "pick",
      ])
  }

  @Test(arguments: mistakes)
  func `a mistake is shown with its place and what was meant`(mistake: Mistake) throws {
    let shelf = try Shelf()
    let error = #expect(throws: RecipeError.self) { try shelf.plan(mistake.text) }
    #expect(error?.description.replacing(shelf.path + "/", with: "") == mistake.message)
  }

  @Test(arguments: [
    "key: sk-secret", "key: sk_secret", "key: [SECRET-1]", "key: {secret: 1}",
    "key: 'Bearer secret'",
    "url: 'https://me:secret@host/v1'", "urls: 'https://host/v1?key=secret'",
    "urls: ['https://host/v1#secret']",
  ])
  func `what may be a secret is refused and not repeated`(entry: String) throws {
    let start = entry.hasPrefix("key") ? "url: http://h/v1, " : ""
    let error = #expect(throws: RecipeError.self) {
      try Shelf().plan("{\(start)\(entry), model: r1}")
    }
    #expect(error?.description.lowercased().contains("secret") == false)
  }
}

struct Mistake: CustomTestStringConvertible {
  var text: String
  var message: String
  var testDescription: String { text }

  /// `text` is the section itself, or what follows url and model in it, beginning in column 28.
  init(_ text: String, _ message: String) {
    let isWhole = !text.contains(":") || "[{".contains(text.first!) || text.hasPrefix("model: r1")
    self.text = isWhole ? text : "{url: http://h/v1, model: r, \(text)}"
    self.message = message
  }
}

private let isNoURL =
  "a base URL is such as http://localhost:8000/v1, without user, password or query"
private let isNoKey =
  "'key' is the name of an environment variable that holds the key, in capitals, such as"
  + " TEACHER_API_KEY; the key itself stands nowhere"
private let answerFields =
  "'prompt', 'answer', 'reasoning', 'solution', 'finish_reason'"

private let mistakes = [
  Mistake("[]", "r.yaml:2:3: 'teacher' should be a mapping, and is a list"),
  Mistake("{}", "r.yaml:2:3: 'teacher' needs 'model'"),
  Mistake(
    "model: r1",
    "r.yaml:2:3: 'teacher' needs 'url', or 'urls' where there are several servers"),
  Mistake("{url: http://h/v1}", "r.yaml:2:3: 'teacher' needs 'model'"),
  Mistake(
    "{url: http://h/v1, urls: [http://h/v1], model: r1}",
    "r.yaml:2:3: 'teacher' needs 'url', or 'urls' where there are several servers"),
  Mistake("{urls: [], model: r1}", "r.yaml:2:10: 'urls' needs at least one"),
  Mistake("{urls: {a: b}, model: r1}", "r.yaml:2:10: 'urls' should be a list, and is a mapping"),
  Mistake("{urls: [a, b], model: r1}", "r.yaml:2:11: \(isNoURL)"),
  Mistake("{url: [a], model: r1}", "r.yaml:2:9: a base URL should be a text, and is a list"),
  Mistake("{url: 'ftp://h/v1', model: r1}", "r.yaml:2:9: \(isNoURL)"),
  Mistake("{url: 'http://u:p@h/v1', model: r1}", "r.yaml:2:9: \(isNoURL)"),
  Mistake("{url: 'http://h/v1?a=b', model: r1}", "r.yaml:2:9: \(isNoURL)"),
  Mistake("{url: 'http://h/v1#a', model: r1}", "r.yaml:2:9: \(isNoURL)"),
  Mistake("{url: 'http:///v1', model: r1}", "r.yaml:2:9: \(isNoURL)"),
  Mistake("{url: 'localhost:8000', model: r1}", "r.yaml:2:9: \(isNoURL)"),
  Mistake(
    "{url: 'http://h/v1/chat/completions/', model: r1}",
    "r.yaml:2:9: a base URL ends before '/chat/completions', which is added"),
  Mistake(
    "{urls: ['http://h/v1', 'http://h/v1/'], model: r1}",
    "r.yaml:2:26: this base URL stands here twice"),
  Mistake(
    "{url: http://h/v1, model: [r1]}",
    "r.yaml:2:29: 'model' should be a text, and is a list"),
  Mistake(
    "{url: http://h/v1, model: ''}",
    "r.yaml:2:29: 'model' is empty; it is the server's name for it"),
  Mistake(
    "modle: x",
    "r.yaml:2:32: 'teacher' has no 'modle'; did you mean 'model'? It has 'url', 'urls',"
      + " 'model', 'key', 'system', 'prompt', 'response', 'temperature', 'top_p',"
      + " 'max_tokens', 'answers', 'attempts', 'retries', 'extra', 'prices', 'budget',"
      + " 'concurrency', 'timeout', 'silence', 'max_unanswered' and 'accept'"),
  Mistake("key: sk-abcdef", "r.yaml:2:37: \(isNoKey)"),
  Mistake("key: ''", "r.yaml:2:37: \(isNoKey)"),
  Mistake("key: null", "r.yaml:2:37: \(isNoKey)"),
  Mistake("key: [A]", "r.yaml:2:37: \(isNoKey)"),
  Mistake("key: 1A", "r.yaml:2:37: \(isNoKey)"),
  Mistake("key: 'BEARER X'", "r.yaml:2:37: \(isNoKey)"),
  Mistake("system: [a]", "r.yaml:2:40: 'system' should be a text, and is a list"),
  Mistake(
    "prompt: '{promt}'",
    "r.yaml:2:40: a seed has no field called 'promt'; did you mean 'prompt'? It has"
      + " 'id', 'prompt' and 'answer'"),
  Mistake(
    "prompt: '{reasoning}'",
    "r.yaml:2:40: a seed has no field called 'reasoning'; it has 'id', 'prompt' and"
      + " 'answer'"),
  Mistake("prompt: '{prompt'", "r.yaml:2:40: a '{' in this template is never closed"),
  Mistake(
    "response: '{think}'",
    "r.yaml:2:42: a teacher's answer has no field called 'think'; it has \(answerFields)"
      + " and 'completion_tokens'"),
  Mistake(
    "response: '{response}'",
    "r.yaml:2:42: a teacher's answer has no field called 'response'; it has"
      + " \(answerFields) and 'completion_tokens'"),
  Mistake(
    "response: '{completion_tokens}'",
    "r.yaml:2:42: 'completion_tokens' is a number, not a text"),
  Mistake("temperature: hot", "r.yaml:2:45: 'temperature' should be a number, and is 'hot'"),
  Mistake("temperature: -1", "r.yaml:2:45: 'temperature' is at least 0"),
  Mistake("top_p: 0", "r.yaml:2:39: 'top_p' should be above 0, and is '0'"),
  Mistake("top_p: 1.5", "r.yaml:2:39: 'top_p' is at most 1"),
  Mistake("max_tokens: 0", "r.yaml:2:44: 'max_tokens' should be from 1 to 1073741824, and is '0'"),
  Mistake("max_tokens: many", "r.yaml:2:44: 'max_tokens' should be a whole number, and is 'many'"),
  Mistake(
    "max_tokens: 32_76",
    "r.yaml:2:44: 'max_tokens' should be a whole number, and is '32_76'"),
  Mistake("answers: 0", "r.yaml:2:41: 'answers' should be from 1 to 100, and is '0'"),
  Mistake("answers: 101", "r.yaml:2:41: 'answers' should be from 1 to 100, and is '101'"),
  Mistake("attempts: 0", "r.yaml:2:42: 'attempts' should be from 1 to 1073741824, and is '0'"),
  Mistake("retries: 0", "r.yaml:2:41: 'retries' should be from 1 to 1073741824, and is '0'"),
  Mistake("retries: -1", "r.yaml:2:41: 'retries' should be a whole number, and is '-1'"),
  Mistake("extra: [a]", "r.yaml:2:39: 'extra' should be a mapping, and is a list"),
  Mistake("extra: {n: 4}", "r.yaml:2:40: 'n' is not for 'extra'"),
  Mistake("extra: {stream: false}", "r.yaml:2:40: 'stream' is not for 'extra'"),
  Mistake("extra: {messages: []}", "r.yaml:2:40: 'messages' is not for 'extra'"),
  Mistake("extra: {model: x}", "r.yaml:2:40: 'model' is not for 'extra'"),
  Mistake("extra: {stream_options: {a: b}}", "r.yaml:2:40: 'stream_options' is not for 'extra'"),
  Mistake("prices: 3", "r.yaml:2:40: 'prices' should be a mapping, and is '3'"),
  Mistake("prices: {prompt: 1}", "r.yaml:2:40: 'prices' needs 'completion'"),
  Mistake("prices: {completion: 1}", "r.yaml:2:40: 'prices' needs 'prompt'"),
  Mistake("prices: {prompt: -1, completion: 2}", "r.yaml:2:49: 'prompt' is at least 0"),
  Mistake(
    "prices: {prompt: 1, completion: 2, curency: EUR}",
    "r.yaml:2:67: 'prices' has no 'curency'; did you mean 'currency'? It has 'prompt',"
      + " 'completion' and 'currency'"),
  Mistake("budget: 300", "r.yaml:2:40: 'budget' should be a mapping, and is '300'"),
  Mistake("budget: {money: 3}", "r.yaml:2:48: a budget of money needs 'prices', to count it by"),
  Mistake(
    "budget: {tokens: some}",
    "r.yaml:2:49: 'tokens' should be a whole number, and is 'some'"),
  Mistake(
    "budget: {dollars: 3}",
    "r.yaml:2:41: 'budget' has no 'dollars'; it has 'requests', 'tokens' and 'money'"),
  Mistake(
    "prices: {prompt: 1, completion: 2}, budget: {money: 0}",
    "r.yaml:2:84: 'money' should be above 0, and is '0'"),
  Mistake(
    "concurrency: 0",
    "r.yaml:2:45: 'concurrency' should be from 1 to 1073741824, and is '0'"),
  Mistake(
    "timeout: 10",
    "r.yaml:2:41: 'timeout' should be a time such as '90s', '30m' or '2h', and is '10'"),
  Mistake(
    "silence: long",
    "r.yaml:2:41: 'silence' should be a time such as '90s', '30m' or '2h', and is 'long'"),
  Mistake(
    "max_unanswered: most",
    "r.yaml:2:48: 'max_unanswered' should be a number or a share such as 5%"),
  Mistake(
    "max_unanswered: 101%",
    "r.yaml:2:48: 'max_unanswered' should be a number or a share such as 5%"),
  Mistake("accept: all", "r.yaml:2:40: 'accept' should be a mapping, and is 'all'"),
  Mistake(
    "accept: {finsh: stop}",
    "r.yaml:2:41: 'accept' has no 'finsh'; did you mean 'finish'? It has 'finish',"
      + " 'reasoning', 'filters' and 'pick'"),
  Mistake("accept: {finish: []}", "r.yaml:2:49: 'finish' needs at least one finish reason"),
  Mistake("accept: {finish: {a: b}}", "r.yaml:2:49: 'finish' should be a list, and is a mapping"),
  Mistake(
    "accept: {reasoning: maybe}",
    "r.yaml:2:52: 'reasoning' cannot be 'maybe'; it can be 'required' and 'optional'"),
  Mistake(
    "accept: {pick: best}",
    "r.yaml:2:47: 'pick' cannot be 'best'; it can be 'first', 'shortest' and 'longest'"),
  Mistake("accept: {filters: terse}", "r.yaml:2:50: 'filters' should be a list, and is 'terse'"),
  Mistake(
    "accept: {filters: [ters]}",
    "r.yaml:2:51: no filter is called 'ters'; did you mean 'terse'? There are 'foreign'"
      + " and 'terse'"),
  Mistake(
    "accept: {filters: [foreign]}",
    "filters/foreign.yaml:2:9: a teacher's answer has no field called 'level'; it has"
      + " \(answerFields), 'completion_tokens' and 'response' (used at r.yaml:2)"),
  Mistake("accept: {filters: [terse, terse]}", "r.yaml:2:58: the filter 'terse' stands twice here"),
]
