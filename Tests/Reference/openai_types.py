"""Holds requests, batch files and stored answers against the types of the official openai package.

    openai_types.py bodies FILE [--extra KEY]...    posted bodies, a line each
    openai_types.py batch FILE [--extra KEY]...     a batch's requests
    openai_types.py results FILE                    a batch's results
    openai_types.py answers FILE [--extra KEY]...   the answers in a store, teacher.sqlite

Prints what is wrong, a line each, and exits with 1 if anything is. With --mutate it breaks what it
read in many ways instead, and prints those that went unnoticed. --extra names keys that a server
knows beside the official ones.

What `vllm run-batch` (vllm/entrypoints/openai/run_batch.py) asks of its lines is in the two models
below: `custom_id`, `method` and `url` are texts; the body is a chat request where the url is
"/v1/chat/completions", and must not be streamed; other keys may stand beside them. Blank lines are
passed over, and one line that does not fit ends the whole run. Each result has `id`, `custom_id`,
`response` with `status_code`, `request_id` and `body`, and `error`, of which the last two may be
null. The batch APIs ask besides for ids of at most 64 characters, each of them once, and for one
model in a file.
"""

import copy
import json
import sqlite3
import sys
import typing

import pydantic
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

EXTRA = [value for key, value in zip(sys.argv, sys.argv[1:]) if key == "--extra"]

# Where a server puts what its model thought.
REASONING = {"reasoning_content", "reasoning"}


class BatchRequestInput(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", strict=True)
    custom_id: str
    method: str
    url: str
    body: dict


class BatchResponseData(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", strict=True)
    status_code: int = 200
    request_id: str
    body: dict | None = None


class BatchRequestOutput(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", strict=True)
    id: str
    custom_id: str
    response: BatchResponseData | None
    error: typing.Any | None


def errors(adapter, value):
    try:
        adapter.validate_python(value, strict=True)
    except pydantic.ValidationError as error:
        return [
            ".".join(map(str, e["loc"])) + ": " + e["msg"] for e in error.errors()
        ]
    return []


MESSAGES = {
    typing.get_args(typing.get_type_hints(kind)["role"])[0]: kind
    for kind in typing.get_args(ChatCompletionMessageParam)
}


def message_problems(message):
    kind = MESSAGES.get(message.get("role")) if isinstance(message, dict) else None
    if kind is None:
        return [f"no message: {message}"]
    unknown = set(message) - set(typing.get_type_hints(kind))
    return [f"message.{key} is unknown" for key in sorted(unknown)] + errors(
        pydantic.TypeAdapter(kind), message)


def body_problems(body, is_streamed):
    """The messages are looked at by themselves: the package's type would check them lazily."""
    kind = CompletionCreateParamsStreaming if is_streamed else CompletionCreateParamsNonStreaming
    known = set(typing.get_type_hints(kind)) | set(EXTRA)
    problems = [f"{key} is unknown" for key in sorted(set(body) - known)]
    if is_streamed != (body.get("stream") is True):
        problems.append("stream is not as it should be")
    if not is_streamed and "stream_options" in body:
        problems.append("stream_options of what is no stream")
    if "stream_options" in body and body["stream_options"] != {"include_usage": True}:
        problems.append("stream_options")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return problems + ["no messages"]
    for message in messages:
        problems += message_problems(message)
    official = {key: value for key, value in body.items() if key not in EXTRA}
    return problems + errors(pydantic.TypeAdapter(kind), official)


def bodies(lines):
    return numbered(lines, lambda body: body_problems(body, is_streamed=True))


def batch(lines):
    def one(line):
        found = errors(pydantic.TypeAdapter(BatchRequestInput), line)
        if found:
            return found
        if set(line) != {"custom_id", "method", "url", "body"}:
            found.append(f"keys {sorted(line)}")
        if not 1 <= len(line["custom_id"]) <= 64:
            found.append("custom_id is too long")
        if (line["method"], line["url"]) != ("POST", "/v1/chat/completions"):
            found.append(f"{line['method']} {line['url']}")
        return found + body_problems(line["body"], is_streamed=False)

    problems = numbered(lines, one)
    ids = [str(line.get("custom_id")) for line in lines]
    if len(set(ids)) != len(ids):
        problems.append("an id stands twice")
    asked = [line["body"] for line in lines if isinstance(line.get("body"), dict)]
    if len({str(body.get("model")) for body in asked}) > 1:
        problems.append("several models")
    return problems


def results(lines):
    def one(line):
        found = errors(pydantic.TypeAdapter(BatchRequestOutput), line)
        response = line.get("response") or {}
        body = response.get("body")
        if body and response.get("status_code", 200) == 200:
            found += answer_problems(body)
        return found

    return numbered(lines, one)


def answers(stored):
    return numbered(stored, answer_problems) or ([] if stored else ["no answers"])


def answer_problems(answer):
    try:
        read = ChatCompletion.model_validate(answer, strict=True)
    except pydantic.ValidationError as error:
        return [".".join(map(str, e["loc"])) + ": " + e["msg"] for e in error.errors()]
    known = REASONING | set(EXTRA)
    return [f"{place} is unknown" for place, key in extras(read, "") if key not in known]


def extras(model, place):
    """Keys that no type knows, wherever they stand."""
    for key in model.model_extra or {}:
        yield f"{place}{key}", key
    for key in type(model).model_fields:
        value = getattr(model, key)
        for number, inner in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(inner, pydantic.BaseModel):
                yield from extras(inner, f"{place}{key}.")


def numbered(values, check):
    return [
        f"line {number}: {problem}"
        for number, value in enumerate(values, 1) for problem in check(value)
    ]


# --- Mutations, each of the first line


def body_mutations(get):
    def change(**values):
        return lambda lines: get(lines).update(values)

    for key in ("model", "messages"):
        yield f"no {key}", lambda lines, key=key: get(lines).pop(key)
    yield "a model that is a number", change(model=7)
    yield "messages that are a text", change(messages="Why?")
    yield "no message", change(messages=[])
    yield "a message without a role", lambda lines: get(lines)["messages"][0].pop("role")
    yield "an unknown role", lambda lines: get(lines)["messages"][0].update(role="pupil")
    yield "a message without a text", lambda lines: get(lines)["messages"][-1].pop("content")
    yield "a text that is a number", lambda lines: get(lines)["messages"][-1].update(content=7)
    yield "an unknown key of a message", lambda lines: get(lines)["messages"][0].update(text="a")
    yield "an unknown key", change(max_token=7)
    yield "a temperature that is a text", change(temperature="0.6")
    yield "a top_p that is a list", change(top_p=[0.95])
    yield "tokens that are a text", change(max_tokens="100")
    yield "tokens that are a fraction", change(max_tokens=0.5)
    yield "stream_options without usage", change(stream_options={"include_usage": False})


def bodies_mutations(lines):
    yield from body_mutations(lambda lines: lines[0])
    yield "no stream", lambda lines: lines[0].pop("stream")
    yield "a stream that is a text", lambda lines: lines[0].update(stream="true")


def batch_mutations(lines):
    yield from body_mutations(lambda lines: lines[0]["body"])
    for key in ("custom_id", "method", "url", "body"):
        yield f"no {key}", lambda lines, key=key: lines[0].pop(key)
        yield f"{key} that is a number", lambda lines, key=key: lines[0].update({key: 7})
    yield "a stream", lambda lines: lines[0]["body"].update(stream=True)
    yield "an id that is too long", lambda lines: lines[0].update(custom_id="0" * 65)
    yield "another method", lambda lines: lines[0].update(method="GET")
    yield "another url", lambda lines: lines[0].update(url="/v1/completions")
    yield "a key too many", lambda lines: lines[0].update(id="1")
    yield "a line twice", lambda lines: lines.append(copy.deepcopy(lines[0]))
    yield "two models", lambda lines: lines[0]["body"].update(model="another")


def results_mutations(lines):
    for key in ("id", "custom_id", "response", "error"):
        yield f"no {key}", lambda lines, key=key: lines[0].pop(key)
    yield "an id that is a number", lambda lines: lines[0].update(custom_id=7)
    yield "no request_id", lambda lines: lines[0]["response"].pop("request_id")
    yield "a status that is a text", lambda lines: lines[0]["response"].update(status_code="200")
    yield from answers_mutations(lines, lambda lines: lines[0]["response"]["body"])


def answers_mutations(lines, get=lambda lines: lines[0]):
    for key in ("id", "object", "created", "model", "choices"):
        yield f"no {key} of an answer", lambda lines, key=key: get(lines).pop(key)
    yield "another object", lambda lines: get(lines).update(object="chat.completion.chunk")
    yield "an unknown key", lambda lines: get(lines).update(choice=[])
    choice = lambda lines: get(lines)["choices"][0]
    yield "no finish reason", lambda lines: choice(lines).pop("finish_reason")
    yield "an unknown finish reason", lambda lines: choice(lines).update(finish_reason="done")
    yield "no message", lambda lines: choice(lines).pop("message")
    yield "a delta", lambda lines: choice(lines).update(delta={})
    yield "another role", lambda lines: choice(lines)["message"].update(role="user")
    yield "a text that is a list", lambda lines: choice(lines)["message"].update(content=["a"])
    yield "an unknown key of a message", lambda lines: choice(lines)["message"].update(thoughts="")
    yield "tokens that are a text", lambda lines: get(lines).update(
        usage={"prompt_tokens": "1", "completion_tokens": 1, "total_tokens": 2})


# ---


def stored(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    return [
        json.loads(response) for (response,) in database.execute(
            "SELECT response FROM attempt WHERE state = 'answered' ORDER BY id")
    ]


def main():
    kind, path = sys.argv[1:3]
    if kind == "answers":
        lines = stored(path)
    else:
        lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    check = {"bodies": bodies, "batch": batch, "results": results, "answers": answers}[kind]
    if "--mutate" not in sys.argv:
        problems = check(lines)
    else:
        problems = []
        mutations = list(globals()[f"{kind}_mutations"](lines))
        for name, change in mutations:
            broken = copy.deepcopy(lines)
            change(broken)
            if not check(broken):
                problems.append(f"unnoticed: {name}")
        print(f"{len(mutations)} mutations", file=sys.stderr)
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)


main()
