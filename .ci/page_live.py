"""What moves: a pass with its progress, a program that comes back, ways that are barred, and a long list."""

import re
from contextlib import contextmanager

from browser import Failure, check, until
from page_views import show

BARRED = {
    "WebSocket": "WebSocket = class extends EventTarget { constructor() { super(); setTimeout(() => this.onclose?.(new CloseEvent('close'))); } };",
    # The page reads an event stream by fetch, since EventSource shows no token.
    "event stream": "{ const real = fetch; globalThis.fetch = (what, how) => String(what).includes('/api/v1/events') "
                    "? Promise.reject(new TypeError('barred')) : real(what, how); }",
}
# Keeps what a part of the page shows, from now on.
WATCH = """
const place = document.querySelector(arguments[0]);
globalThis.watched = [];
const look = () => {
    const bar = place.querySelector("progress");
    const text = (bar ? `${bar.hasAttribute("value") ? Math.round(100 * bar.value / bar.max) : "?"} % ` : "") + place.innerText.replaceAll(/\\s+/g, " ");
    if (text !== globalThis.watched.at(-1)) globalThis.watched.push(text);
};
new MutationObserver(look).observe(place, {subtree: true, childList: true, characterData: true, attributes: true});
look();
"""
LONG = 500
# Seconds until a long list shows its first rows.
LONG_PATIENCE = 5
HEAP = 30_000_000
NODES = 40_000


def way(browser):
    return browser.run("return document.getElementById('state').dataset.way ?? ''")


def has_way(browser, wanted, patience=20):
    until(f"the page is {wanted}", lambda: way(browser) == wanted, patience)


def check_refresh(browser, gateway):
    """A pass over a slow receiver."""
    browser.size(1280, 800)
    show(browser, gateway, "home")
    has_way(browser, "live")
    before = gateway.api("/api/v1/status")["refresh"]["passes"]
    browser.run(WATCH, "#home-refresh")
    browser.click("#home-refresh button")
    until("a bar of progress", lambda: browser.run("return globalThis.watched.some((one) => one.includes('%'))"))
    until("the pass ends", lambda: gateway.api("/api/v1/status")["refresh"]["passes"] > before, 60)
    browser.shows("#home-refresh", r"took [\d.,]+ s")
    seen = browser.run("return globalThis.watched")
    steps = [text for text in seen if re.match(r"\d+ %", text)]
    check(len(steps) >= 3, f"a refresh shows its progress in {len(steps)} steps: {steps[0]!r} … {steps[-1]!r}")
    check(re.search(r"Last success.*took", seen[-1]), f"and its result: {seen[-1]!r}")


def check_reconnect(browser, gateway):
    show(browser, gateway, "home")
    has_way(browser, "live")
    before = browser.text("#home-receiver")
    gateway.stop()
    has_way(browser, "away")
    said = browser.text("#state")
    check(said, f"the program stops, the page tells: {said!r}")
    browser.run("globalThis.same = true")
    until("it tries again", lambda: (browser.listen(), sum("REFUSED" in text for text in browser.complaints))[1] > 1)
    gateway.start()
    has_way(browser, "live", 60)
    # The demo's receiver has another port each time.
    url = gateway.api("/api/v1/status")["receiver"]["url"]
    browser.shows("#home-receiver", re.escape(url))
    browser.shows("#home-refresh", "Last success", 60)
    check(browser.run("return globalThis.same") and url not in before,
          f"it is there again, and the same page shows what is new: {browser.text('#home-receiver')!r}")
    complaints = browser.forgive()
    others = [text for text in complaints if not re.search(r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|"
                                                           r"WebSocket connection to|status of 50[23]", text)]
    check(not others, f"{len(complaints)} complaints of the console in between, all of the connection: {others[:2]}")


@contextmanager
def barred(browser, *ways):
    scripts = [browser.before_each_page(BARRED[name]) for name in ways]
    try:
        yield
    finally:
        for script in scripts:
            browser.no_longer(script)


def told_at_once(browser, gateway):
    """Whether a pass is told of without being asked for: that a stream of events came through."""
    browser.run(WATCH, "#home-refresh")
    gateway.post("/api/v1/refresh")
    until("a bar of progress", lambda: browser.run("return globalThis.watched.some((one) => one.includes('%'))"), 30)
    browser.shows("#home-refresh", "took")


def check_ways(browser, gateway):
    """`gateway` has a slow receiver."""
    browser.listen()
    browser.requests.clear()
    with barred(browser, "WebSocket"):
        show(browser, gateway, "home")
        has_way(browser, "live")
        told_at_once(browser, gateway)
        browser.listen()
        used = [url for url in browser.requests if "/api/v1/events" in url]
        check(used and all(url.startswith("http:") for url in used), f"without WebSockets it is live by an event stream: {used[0]}")
    with barred(browser, "WebSocket", "event stream"):
        show(browser, gateway, "home")
        has_way(browser, "polling")
        before = gateway.api("/api/v1/status")["refresh"]["succeeded"]
        asked = browser.run("return performance.getEntriesByName(location.origin + '/api/v1/status').length")
        gateway.post("/api/v1/refresh")
        until("the page asks again", lambda: browser.run(
            "return performance.getEntriesByName(location.origin + '/api/v1/status').length") >= asked + 2)
        until("a new pass", lambda: gateway.api("/api/v1/status")["refresh"]["succeeded"] > before, 60)
        check(way(browser) == "polling", f"without both it asks again and again, and says so: {browser.text('#state')!r}")
        browser.shows("#home-refresh", "took", 30)


def check_long(browser, gateway):
    """A receiver with many channels."""
    browser.size(375, 740)
    browser.open(f"{gateway.base}/#channels")
    until("the first rows", lambda: len(browser.texts("li.channel .name")) >= 5, LONG_PATIENCE)
    channels = gateway.api("/api/v1/channels?limit=5000")["channels"]
    check(len(channels) >= LONG, f"there are {len(channels)} channels; the first rows are there within {LONG_PATIENCE} s")
    last = channels[-1]

    def scrolled():
        browser.run("window.scrollTo(0, document.scrollingElement.scrollHeight)")
        return browser.run("return document.querySelector(arguments[0]) !== null", f'li.channel[data-slug="{last["slug"]}"]')

    until(f"the last row, {last['name']}", scrolled, 30)
    row = f'li.channel[data-slug="{last["slug"]}"]'
    now = next((one for one in gateway.api("/api/v1/now?limit=5000")["channels"] if one["channel"] == last["slug"]), {}).get("now")
    if now:
        browser.shows(f"{row} .now", re.escape(now["title"]))
    in_window = browser.run("const one = document.querySelector(arguments[0]).getBoundingClientRect(); return one.bottom > 0 && one.top < innerHeight", row)
    check(in_window, f"the list scrolls to its end: {browser.text(row)!r}")
    rows = len(browser.texts("li.channel .name"))
    browser.devtools("Performance.enable")
    browser.devtools("HeapProfiler.collectGarbage")
    counted = {one["name"]: one["value"] for one in browser.devtools("Performance.getMetrics")["metrics"]}
    check(counted["JSHeapUsedSize"] < HEAP and counted["Nodes"] < NODES,
          f"with {rows} rows the page has {int(counted['Nodes'])} nodes and {int(counted['JSHeapUsedSize']) // 1000} kB of scripts' memory")
    wanted = channels[len(channels) // 2]
    browser.run("window.scrollTo(0, 0)")
    browser.type("#channels input[type=search]", wanted["name"])
    until("the channel that was searched for", lambda: wanted["name"] in (found := browser.texts("li.channel .name"))
          and len(found) < 60)
    found = browser.texts("li.channel .name")
    check(found and all(wanted["name"].lower() in name.lower() for name in found),
          f"a search for {wanted['name']!r} finds {len(found)}: {found[:3]}")
