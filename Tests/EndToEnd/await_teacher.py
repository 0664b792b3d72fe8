#!/usr/bin/env python3
"""Wait until a server answers, and print what it answers.

    await_teacher.py URL MODEL PROCESS

The model is loaded for the first question. `transformers serve` loads it once for each of several
that come first, and answers none of them: so one is asked here, alone. Exit status 1 if the process
has ended, or after two minutes.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request

SECONDS = 120


def answer(url, model):
    """The text of a streamed answer."""
    body = {"model": model, "messages": [{"role": "user", "content": "Why is the sky blue?"}],
            "stream": True, "max_tokens": 96, "temperature": 0.6}
    request = urllib.request.Request(
        f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    text = ""
    with urllib.request.urlopen(request, timeout=SECONDS) as stream:
        for line in stream:
            if line.startswith(b"data: {"):
                for choice in json.loads(line.removeprefix(b"data: "))["choices"]:
                    text += choice["delta"].get("content", "")
    return text


if len(sys.argv) != 4:
    sys.exit(__doc__)
url, model, process = sys.argv[1:]
end = time.monotonic() + SECONDS
while True:
    try:
        os.kill(int(process), 0)
        print(f"{url} says: {answer(url, model)!r}")
        break
    except urllib.error.HTTPError as error:
        sys.exit(f"{url}: {error}")
    except urllib.error.URLError as error:
        if time.monotonic() > end:
            sys.exit(f"{url}: {error.reason}")
        time.sleep(0.2)
    except ProcessLookupError:
        sys.exit(f"{url}: the server has ended")
