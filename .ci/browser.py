"""A real, headless Chromium, driven by Debian's chromedriver (WebDriver, and the DevTools behind it)."""

import base64
import http.client
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path

from kodi_app import end

PATIENCE = 20
GLANCE = 0.03
# What a click or a look meets while a view changes under it: tried again.
PASSING = ("stale element reference", "no such element", "element click intercepted", "element not interactable")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Space": " "}


class Failure(Exception):
    """What went wrong."""


class Refused(Failure):
    """The browser's driver refused a command."""

    def __init__(self, error, message):
        super().__init__(f"{error}: {message.splitlines()[0] if message else ''}")
        self.error = error


def check(holds, what):
    if not holds:
        raise Failure(what)
    print(f"ok   {what}", flush=True)


def until(what, true, patience=PATIENCE):
    """Asks until the answer is true; gives it."""
    stop = time.monotonic() + patience
    while not (value := true()):
        if time.monotonic() > stop:
            raise Failure(f"not within {patience} s: {what}")
        time.sleep(GLANCE)
    return value


class Browser:
    """One browser with one page. All that it asks for and complains of is kept."""

    def __init__(self, log, *options):
        self.requests, self.complaints, self.obstacle = [], [], None
        self.home = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        with open(log, "wb") as out:
            self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.session = None
        try:
            found = until("chromedriver starts", lambda: re.search(r"successfully on port (\d+)", Path(log).read_text(errors="replace")))
            self.port = int(found[1])
            self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-background-networking", "--no-proxy-server", "--hide-scrollbars",
                         f"--user-data-dir={self.home.name}", *options]
            wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments},
                      "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
            self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            # Whatever the browser did for itself while it started.
            self.ask("/url", {"url": "about:blank"})
            self.listen()
            self.requests.clear()
        except BaseException:
            self.close()
            raise

    def close(self):
        try:
            if self.session:
                self.call("DELETE", f"/session/{self.session}")
        except (OSError, Failure, http.client.HTTPException):
            pass  # It ends with its driver.
        end(self.driver)
        self.home.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.line.request(method, path, data, {"Content-Type": "application/json"})
        answer = json.loads(self.line.getresponse().read())["value"]
        if isinstance(answer, dict) and "error" in answer and "stacktrace" in answer:
            raise Refused(answer["error"], answer["message"])
        return answer

    def ask(self, path, body=None):
        return self.call("GET" if body is None else "POST", f"/session/{self.session}{path}", body)

    def devtools(self, command, **parameters):
        return self.ask("/goog/cdp/execute", {"cmd": command, "params": parameters})

    # What the page sees of its surroundings.

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        """light or dark."""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name},
                                                              {"name": "prefers-reduced-motion", "value": "reduce"}])

    def language(self, tag):
        agent = self.devtools("Browser.getVersion")["userAgent"]
        self.devtools("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=tag)

    def before_each_page(self, script):
        """Runs a script before those of every page that is opened; gives what `no_longer` takes."""
        return self.devtools("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]

    def no_longer(self, identifier):
        self.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=identifier)

    # The page.

    def open(self, url):
        """Opens an address anew, even if only what is behind its # differs."""
        self.listen()
        self.ask("/url", {"url": "about:blank"})
        self.ask("/url", {"url": url})

    def run(self, script, *arguments):
        return self.ask("/execute/sync", {"script": script, "args": list(arguments)})

    def passing(self, act):
        """What `act` gives; None if what it acts on was just replaced."""
        try:
            return act()
        except Refused as refused:
            if refused.error not in PASSING:
                raise
            self.obstacle = refused
            return None

    def at_last(self, what, act):
        """Tries until nothing is in the way."""
        try:
            return until(what, lambda: self.passing(act))
        except Failure as late:
            raise Failure(f"{late}: {self.obstacle}") from late

    def find(self, selector):
        """In the middle of the window: what stays at its edges may not be in the way."""
        self.run("document.querySelector(arguments[0])?.scrollIntoView({block: 'center'})", selector)
        return self.ask("/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.at_last(f"a click on {selector}", lambda: self.ask(f"/element/{self.find(selector)}/click", {}) is None)

    def type(self, selector, text):
        """In the place of what a field holds."""
        def act():
            element = self.find(selector)
            self.ask(f"/element/{element}/clear", {})
            self.ask(f"/element/{element}/value", {"text": text})
            return True
        self.at_last(f"typing in {selector}", act)

    def press(self, key):
        key = KEYS[key]
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def text(self, selector):
        """The visible text of the first that is found; None if none is."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map(one => one.innerText)", selector)

    def shows(self, selector, pattern="", patience=PATIENCE):
        """Waits for an element whose text has `pattern`; gives the text."""
        def look():
            text = self.text(selector)
            return (text or " ") if text is not None and re.search(pattern, text) else None
        try:
            return until(selector, look, patience)
        except Failure as late:
            raise Failure(f"{late}: {pattern!r} in {self.text(selector)!r}; the page says {(self.text('body') or '')[:400]!r}") from late

    def names(self):
        """Role and name of all that a screen reader is told of."""
        nodes = self.devtools("Accessibility.getFullAXTree")["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]

    def picture(self, file, clip=None):
        wanted = {} if clip is None else {"clip": {**clip, "scale": clip.get("scale", 2)}, "captureBeyondViewport": True}
        taken = self.devtools("Page.captureScreenshot", format="png", **wanted)
        Path(file).write_bytes(base64.b64decode(taken["data"]))

    # What it asked for, and what it complained of.

    def listen(self):
        """Takes over what it has to tell."""
        for entry in self.ask("/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                self.requests.append(message["params"]["url"])
        self.complaints += [entry["message"] for entry in self.ask("/se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]

    def forgive(self):
        """Forgets its complaints, which had a reason; gives them."""
        self.listen()
        forgiven, self.complaints = self.complaints, []
        return forgiven
