"""Setup: pairing by a code, settings that are changed, the check, the log."""

import json
import re

from browser import Failure, check, until
from page_views import show

CODE = r"the simulated television shows: .*?\b(\d{6})\b"


def shown_code(gateway, after):
    """The code on the simulated television, when it has shown more than `after`."""
    return until("a code on the television", lambda: gateway.receiver.said(CODE)[after:])[-1]


def settled(gateway):
    return {one["key"]: one.get("value") for one in gateway.api("/api/v1/config")["keys"]}


def key(name):
    return f'div.key[data-key="{name}"]'


def save(browser):
    browser.click("#settings button.save")


def check_pairing(browser, gateway):
    """Whoever changes something pairs first; here nobody may without the token."""
    check(not gateway.api("/api/v1/status")["may_change"], "nobody may change anything without the token")
    before = gateway.api("/api/v1/status")["refresh"]["passes"]
    show(browser, gateway, "home")
    browser.click("#home-refresh button")
    until("the dialog", lambda: browser.run("return document.querySelector('dialog#pairing')?.open ?? false"))
    check(browser.run("return document.querySelector('dialog#pairing').contains(document.activeElement)"), "a change asks for pairing, the focus is there")
    codes = len(gateway.receiver.said(CODE))
    browser.click("#pairing button.show-code")
    code = shown_code(gateway, codes)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    browser.type("#pairing input[name=code]", wrong)
    browser.click("#pairing button.pair")
    told = browser.shows("#pairing .told", r"4")
    check(gateway.api("/api/v1/status")["refresh"]["passes"] == before, f"a wrong code is told: {told!r}")
    browser.type("#pairing input[name=code]", code)
    browser.click("#pairing button.pair")
    until("the dialog closes", lambda: not browser.run("return document.querySelector('dialog#pairing')?.open ?? false"))
    until("the pass", lambda: gateway.api("/api/v1/status")["refresh"]["passes"] > before, 60)
    check(True, "the right one is taken, and what was asked for is done")


def check_kept(browser, gateway):
    """The token outlives the page."""
    before = gateway.api("/api/v1/status")["refresh"]["passes"]
    show(browser, gateway, "home")
    browser.shows("#home-refresh", "Last success", 60)
    browser.click("#home-refresh button")
    until("the pass", lambda: gateway.api("/api/v1/status")["refresh"]["passes"] > before, 60)
    check(not browser.run("return document.querySelector('dialog#pairing')?.open ?? false"), "opened anew, the page still may")


def check_settings(browser, gateway):
    show(browser, gateway, "settings")
    known = gateway.api("/api/v1/config")["keys"]
    shown = browser.run("return [...document.querySelectorAll('div.key')].map(one => one.dataset.key)")
    check(sorted(shown) == sorted(one["key"] for one in known), f"Settings has all {len(shown)} keys")
    helps = browser.run("return [...document.querySelectorAll('div.key')].filter(one => !one.querySelector('.help')?.textContent.trim()).map(one => one.dataset.key)")
    check(not helps, f"each has its help: {helps}")
    locked = [one["key"] for one in known if one.get("locked")]
    free = browser.run("return arguments[0].filter(name => [...document.querySelectorAll(`[name='${name}']`)].some(one => !one.disabled && !one.readOnly))", locked)
    check(locked and not free, f"what the environment says cannot be changed: {len(locked)} keys")


def check_change(browser, gateway):
    """A number and a list are changed, count at once, and still do when the program was started again."""
    sizes = gateway.bouquet_sizes()
    count = sum(sizes.values())
    bouquets = gateway.api("/api/v1/bouquets")["bouquets"]
    one = next(bouquet for bouquet in bouquets if 0 < bouquet["channels"] < count)
    show(browser, gateway, "settings")
    browser.type(f'{key("guide.days")} [name="guide.days"]', "3")
    save(browser)
    until("guide.days", lambda: gateway.value("guide.days") == 3)
    browser.shows("#saved", r"\S")
    source = browser.shows(f"{key('guide.days')} .source", r"settings")
    check(True, f"guide.days is 3 at once: {browser.text('#saved')!r}, {source!r}")
    choose(browser, one)
    save(browser)
    until("fewer channels", lambda: 0 < sum(gateway.bouquet_sizes().values()) < count, 60)
    fewer = sum(gateway.bouquet_sizes().values())
    check(fewer == one["channels"], f"with {one['name']!r} alone the playlist has {fewer} channels, not {count}")
    gateway.stop()
    gateway.start()
    check(gateway.value("guide.days") == 3 and sum(gateway.bouquet_sizes().values()) == fewer, "both outlive a restart")
    browser.forgive()


def choose(browser, bouquet):
    """channels.bouquets is a text with a name a line, or a box for each."""
    field = f'{key("channels.bouquets")} [name="channels.bouquets"]'
    kind = browser.run("return document.querySelector(arguments[0])?.type", field)
    if kind != "checkbox":
        browser.type(field, bouquet["name"])
        return
    wanted = (bouquet["name"], bouquet.get("file", bouquet["name"]))
    at = browser.run("return [...document.querySelectorAll(arguments[0])].findIndex(one => arguments[1].includes(one.value))", field, wanted)
    if at < 0:
        raise Failure(f"no box for the bouquet {wanted}")
    browser.run("document.querySelectorAll(arguments[0])[arguments[1]].dataset.wanted = ''", field, at)
    browser.click(f"{field}[data-wanted]")


def check_refused(browser, gateway):
    """A bad value: an error at its field, and nothing changed, not even what was good."""
    before = settled(gateway)
    show(browser, gateway, "settings")
    # Checked on the server: the browser's own bounds are not what is tried here.
    browser.run("const one = document.querySelector(arguments[0]); one.min = one.max = ''; one.type = 'text'", f'{key("guide.days")} [name="guide.days"]')
    browser.type(f'{key("guide.days")} [name="guide.days"]', "99")
    browser.type(f'{key("stream.buffer")} [name="stream.buffer"]', "2048")
    save(browser)
    told = browser.shows(f"{key('guide.days')} .error", "1.*14")
    invalid = browser.run("return document.querySelector(arguments[0]).getAttribute('aria-invalid')", f'{key("guide.days")} [name="guide.days"]')
    check(invalid == "true", f"a bad value is told at its field: {told!r}")
    check(not browser.text(f"{key('stream.buffer')} .error"), "and not at a good one")
    check(settled(gateway) == before, "nothing has changed")
    complaints = [text for text in browser.forgive() if not re.search(r"/api/v1/config\S* - .*\b422\b", text)]
    check(not complaints, f"the console has nothing but the 422: {complaints[:2]}")


def check_check(browser, gateway):
    show(browser, gateway, "check")
    browser.click("#check button.run")
    until("findings", lambda: browser.texts("#check li.finding"), 60)
    until("its end", lambda: (told := gateway.api("/api/v1/check"))["finished"] and not told["running"], 120)
    told = gateway.api("/api/v1/check")["findings"]
    until("all findings", lambda: len(browser.texts("#check li.finding")) == len(told))
    kinds = browser.run("return [...document.querySelectorAll('#check li.finding')].map(one => one.dataset.status)")
    check(kinds == [one["status"] for one in told] and "problem" not in kinds,
          f"Check my setup: {len(kinds)} findings, of them {kinds.count('warning')} warnings; {browser.text('#summary')!r}")
    texts = browser.texts("#check li.finding")
    check(told[0]["message"] in texts[0], f"the first: {texts[0]!r}")


def check_log(browser, gateway):
    show(browser, gateway, "log")
    told = gateway.api("/api/v1/log")["lines"]
    lines = browser.texts("#log li.line")
    words = "\n".join(lines)
    found = [line["text"] for line in told if line["text"] in words]
    levels = set(browser.run("return [...document.querySelectorAll('#log li.line')].map(one => one.dataset.level)"))
    check(lines and len(found) >= min(len(told), 5) and levels <= {"error", "warn", "info", "debug", "trace"},
          f"Log has {len(lines)} lines of {sorted(levels)}: {json.dumps(lines[-1])}")
