"""Reads a stub teacher with the official `openai` client, and holds what comes against its types.

    stub_types.py URL

Prints what is wrong, a line each, and exits with 1 if anything is.
"""

import sys

import openai
from openai.types.chat import ChatCompletion, ChatCompletionChunk

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "why? é"}]
problems = []


def strictly(type, value, what):
    """No value is coerced, and of what a server adds only the reasoning is there."""
    try:
        parsed = type.model_validate_json(value, strict=True)
    except ValueError as error:
        problems.append(f"{what}: {error}")
        return
    for choice in parsed.choices:
        inner = choice.message if type is ChatCompletion else choice.delta
        unknown = set(inner.model_extra or {}) - {"reasoning_content", "reasoning"}
        unknown |= set(choice.model_extra or {}) | set(parsed.model_extra or {})
        if unknown:
            problems.append(f"{what}: unknown {sorted(unknown)}")


def main(url):
    # Connections that a server closed behind its answer are met now and then, and made anew.
    client = openai.OpenAI(base_url=url, api_key="sk-nothing", max_retries=2)
    answers = client.chat.completions
    asked = {"model": "m", "messages": MESSAGES}

    whole = answers.with_raw_response.create(**asked)
    strictly(ChatCompletion, whole.text, "object")
    message = whole.parse().choices[0].message
    reasoning = {"reasoning_content", "reasoning"} & set(message.model_extra or {})
    if not message.content or not reasoning:
        problems.append("object: no content or no reasoning")

    streamed = answers.create(**asked, stream=True, stream_options={"include_usage": True})
    chunks = list(streamed)
    content = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    if "a stub that only pretends" not in content:
        problems.append("stream: no content")
    if [c.choices[0].finish_reason for c in chunks if c.choices][-1] != "stop":
        problems.append("stream: no finish reason")
    if chunks[-1].choices or not chunks[-1].usage or chunks[-1].usage.total_tokens <= 0:
        problems.append("stream: no usage")
    with answers.with_streaming_response.create(
        **asked, stream=True, stream_options={"include_usage": True}
    ) as raw:
        for number, line in enumerate(raw.iter_lines()):
            if line.startswith("data: {"):
                strictly(ChatCompletionChunk, line.removeprefix("data: "), f"line {number}")

    with answers.stream(**asked) as helper:
        if not helper.get_final_completion().choices[0].message.content:
            problems.append("helper: no content")


main(sys.argv[1])
print("".join(f"{problem}\n" for problem in problems), end="")
sys.exit(1 if problems else 0)
