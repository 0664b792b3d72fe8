"""Looks at pages as people do, in headless Chromium, and tells what is wrong with them.

    look.py [--shots FOLDER] URL...

Every page is opened on a desktop, on a phone, in the dark and on paper. Told are messages of the
console, requests to anywhere but the page's own server, what axe-core finds, sideways scrolling, and
what the Tab key does not reach, or reaches without showing it. With --shots there is a picture of
each. Exit status: 0 nothing is wrong, 1 something is, 77 Chromium or a module is missing, which is
all that is told without a URL.
"""

import argparse
import base64
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

MISSING = 77

# Width, height, and the media that the page is asked to be for.
MODES = {
    "desktop": (1440, 900, {}),
    "phone": (390, 844, {}),
    "dark": (1440, 900, {"prefers-color-scheme": "dark"}),
    "print": (794, 1123, {"media": "print"}),
}

# The page's name for an element, short enough for a message.
NAME = """
var nameOf = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '')
  + (e.className && e.className.baseVal === undefined ? '.' + e.className.split(' ').join('.') : '')
  + ' ' + JSON.stringify((e.textContent || e.value || '').trim().slice(0, 40));
"""

# All that Tab should reach, in order. What a closed <details> hides is not there.
REACHABLE = (
    NAME
    + """
[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter(e => e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true})).map(nameOf)
"""
)

FOCUSED = (
    NAME
    + """
(() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {
    name: nameOf(e),
    isMarked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    isSeen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
      && box.width > 0 && box.height > 0
  };
})()
"""
)

SIDEWAYS = """
(() => {
  const width = document.documentElement.clientWidth;
  return document.documentElement.scrollWidth > width + 1 ? document.documentElement.scrollWidth : 0;
})()
"""

AXE = """
axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(v =>
  v.id + ' (' + v.impact + '): ' + v.help + ' at '
    + v.nodes.slice(0, 4).map(n => n.target.join(' ') + ' ' + (n.any[0] || n.all[0] || n.none[0]
      || {message: ''}).message).join(' | ') + (v.nodes.length > 4 ? ' and '
    + (v.nodes.length - 4) + ' more' : '')))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="*", metavar="URL")
    parser.add_argument("--shots", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    axe = read_axe()
    programs = find_programs()
    if not options.urls:
        return
    driver = start(*programs)
    try:
        faults = []
        for number, url in enumerate(options.urls):
            for mode in MODES:
                shot = options.shots and options.shots / f"{number}-{mode}.png"
                faults += [f"{url} ({mode}): {fault}" for fault in look(driver, url, mode, axe, shot)]
    finally:
        driver.quit()
    for fault in faults:
        print(fault)
    print(f"{len(options.urls)} pages in {len(MODES)} ways: {len(faults)} faults")
    sys.exit(1 if faults else 0)


def missing(what):
    print(f"{what} is missing", file=sys.stderr)
    sys.exit(MISSING)


def read_axe():
    found = importlib.util.find_spec("axe_playwright_python")
    if not found or not found.submodule_search_locations:
        missing("axe-core (PyPI: axe-playwright-python, without what it depends on)")
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text()


def find_programs():
    if not importlib.util.find_spec("selenium"):
        missing("selenium")
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        missing("chromium or chromedriver (Debian: chromium, chromium-driver)")
    return chromium, chromedriver


def start(chromium, chromedriver):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--force-device-scale-factor=1",
    ):
        options.add_argument(argument)
    if os.geteuid() == 0:
        # Chromium's sandbox is not for the administrator.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(chromedriver))


def look(driver, url, mode, axe, shot):
    width, height, media = MODES[mode]
    command = driver.execute_cdp_cmd

    def evaluate(script):
        # Not a script of the page: its policy, which forbids all, stays as it is.
        answer = command(
            "Runtime.evaluate",
            {"expression": script, "awaitPromise": True, "returnByValue": True},
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    command(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mode == "phone"},
    )
    # Without motion what has the focus is where it will be at once.
    features = {"prefers-color-scheme": "light", "prefers-reduced-motion": "reduce", **media}
    command(
        "Emulation.setEmulatedMedia",
        {
            "media": features.pop("media", ""),
            "features": [{"name": name, "value": value} for name, value in features.items()],
        },
    )
    driver.get_log("browser"), driver.get_log("performance")
    driver.get(url)
    faults = [f"console: {entry['message']}" for entry in driver.get_log("browser")]
    faults += strange_requests(driver, url)
    if sideways := evaluate(SIDEWAYS):
        faults.append(f"scrolls sideways: {sideways} pixels for {width}")
    evaluate(axe + "; null")
    faults += [f"axe: {violation}" for violation in evaluate(AXE)]
    if mode in ("desktop", "phone"):
        faults += keyboard(command, evaluate)
    if shot:
        take(command, evaluate, mode, width, shot)
    return faults


def strange_requests(driver, url):
    """Requests to another place than the page's own server; of a file there is none but itself."""
    home = urlsplit(url)
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] != "Network.requestWillBeSent":
            continue
        asked = message["params"]["request"]["url"]
        place = urlsplit(asked)
        is_own = (
            asked.split("#")[0] == url.split("#")[0]
            if home.scheme == "file"
            else (place.scheme, place.netloc) == (home.scheme, home.netloc)
        )
        if not is_own and place.scheme != "data":
            yield f"asks for {asked}"


def keyboard(command, evaluate):
    """What Tab should reach, in the page's order, and each where it can be seen."""
    wanted = evaluate(REACHABLE)[:150]
    faults, reached = [], []
    for _ in wanted:
        for kind in ("rawKeyDown", "keyUp"):
            command(
                "Input.dispatchKeyEvent",
                {"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
            )
        focused = evaluate(FOCUSED)
        if not focused:
            break
        reached.append(focused["name"])
        if not focused["isMarked"]:
            faults.append(f"keyboard: focus does not show on {focused['name']}")
        if not focused["isSeen"]:
            faults.append(f"keyboard: focus is out of sight on {focused['name']}")
    if not reached or not reached[0].startswith("a.skip"):
        faults.append("keyboard: the first stop is not the way to the content")
    if reached != wanted:
        where = next(
            (i for i, pair in enumerate(zip(reached, wanted)) if pair[0] != pair[1]), len(reached)
        )
        faults.append(
            f"keyboard: stop {where + 1} is {reached[where:where + 1]}, not {wanted[where:where + 1]}"
        )
    return faults


def take(command, evaluate, mode, width, shot):
    if mode == "print":
        paper = command("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
        shot.with_suffix(".pdf").write_bytes(base64.b64decode(paper["data"]))
    evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    height = min(evaluate("document.documentElement.scrollHeight"), 16000)
    area = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    picture = command(
        "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": area, "format": "png"}
    )
    shot.write_bytes(base64.b64decode(picture["data"]))


if __name__ == "__main__":
    main()
