"""Setup: pairing by a code, settings that are changed, the check, the log."""

import json
import re

from browser import Failure, check, until
from page_views import check_form, show

SAVE = "#settings button.save"
CODE = r"the simulated television shows: .*?(\d{3} \d{3})\b"


def shown_code(gateway, after):
    """The code on the demo's television, when it has shown more than `after`."""
    return until("a code on the television", lambda: gateway.process.said(CODE)[after:])[-1]


def settled(gateway):
    return {one["key"]: one.get("value") for one in gateway.api("/api/v1/config")["keys"]}


def key(name):
    return f'div.key[data-key="{name}"]'


def field(name):
    return f'{key(name)} [name="{name}"]'


def show_keys(browser, gateway):
    """Settings with all its sections open, where there is room."""
    browser.size(1280, 800)
    show(browser, gateway, "settings")
    browser.run("document.querySelectorAll('#settings details').forEach((one) => { one.open = true; })")


def forgive(browser, pattern):
    """Complaints of the console that had a reason; there are no others."""
    others = [text for text in browser.forgive() if not re.search(pattern, text)]
    if others:
        raise Failure(f"the console complains: {others[:3]}")


def is_asked(browser):
    """Whether the dialog is open that asks for the code."""
    return browser.run("return document.querySelector('dialog#pairing')?.open ?? false")


def check_pairing(browser, gateway):
    """Whoever changes something pairs first; here nobody may without the token."""
    check(not gateway.api("/api/v1/status")["may_change"], "nobody may change anything without the token")
    before = gateway.api("/api/v1/status")["refresh"]["passes"]
    show(browser, gateway, "home")
    browser.click("#home-refresh button")
    until("the dialog", lambda: is_asked(browser))
    check(browser.run("return document.querySelector('dialog#pairing').contains(document.activeElement)"), "a change asks for pairing, the focus is there")
    check_form(browser, "the dialog")
    codes = len(gateway.process.said(CODE))
    browser.click("#pairing button.show-code")
    code = shown_code(gateway, codes)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06}"
    browser.type("#pairing input[name=code]", wrong)
    browser.click("#pairing button.pair")
    told = browser.shows("#pairing .told", r"4")
    check(gateway.api("/api/v1/status")["refresh"]["passes"] == before, f"a wrong code is told: {told!r}")
    browser.type("#pairing input[name=code]", code)
    browser.click("#pairing button.pair")
    until("the dialog closes", lambda: not is_asked(browser))
    until("the pass", lambda: gateway.api("/api/v1/status")["refresh"]["passes"] > before, 60)
    check(True, "the right one is taken, and what was asked for is done")
    forgive(browser, r"/api/v1/pair - .*\b403\b")


def check_kept(browser, gateway):
    """The token outlives the page."""
    before = gateway.api("/api/v1/status")["refresh"]["passes"]
    show(browser, gateway, "home")
    browser.shows("#home-refresh", "Last success", 60)
    browser.click("#home-refresh button")
    until("the pass", lambda: gateway.api("/api/v1/status")["refresh"]["passes"] > before, 60)
    check(not is_asked(browser), "opened anew, the page still may")


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


def check_token(browser, gateway, token):
    """Who has no television in view types the token."""
    before = gateway.api("/api/v1/status")["refresh"]["passes"]
    show(browser, gateway, "home")
    browser.click("#home-refresh button")
    until("the dialog", lambda: is_asked(browser))
    browser.type("#pairing input[name=token]", token[:-1])
    browser.click("#pairing button.pair")
    told = browser.shows("#pairing .told", r"\S")
    browser.type("#pairing input[name=token]", token)
    browser.click("#pairing button.pair")
    until("the pass", lambda: gateway.api("/api/v1/status")["refresh"]["passes"] > before, 60)
    check(not is_asked(browser), f"the token is taken, another is not: {told!r}")
    forgive(browser, r"/api/v1/status - .*\b40[13]\b")


def check_change(browser, gateway):
    """A number and a list are changed, count at once, and still do when the program was started again."""
    count = gateway.channels()
    bouquets = gateway.api("/api/v1/bouquets")["bouquets"]
    name, stem, wanted = next((one["name"], one["stem"], fewer) for one in bouquets if 0 < (fewer := gateway.channels(one["stem"])) < count)
    show_keys(browser, gateway)
    browser.type(field("guide.days"), "3")
    browser.click(SAVE)
    until("guide.days", lambda: gateway.value("guide.days") == 3)
    source = browser.shows(f"{key('guide.days')} .source", "settings")
    said = browser.shows("#saved", r"guide\.days")
    check(True, f"guide.days is 3 at once: {said!r}, {source!r}")
    browser.click(f"{key('channels.bouquets')} input[value='{stem}']")
    browser.click(SAVE)
    until("fewer channels", lambda: gateway.channels() == wanted, 60)
    check(True, f"with {name!r} alone the playlist has {wanted} channels, not {count}")
    gateway.stop()
    gateway.start()
    check(gateway.value("guide.days") == 3 and gateway.channels() == wanted, "both outlive a restart")
    browser.open("about:blank")
    browser.forgive()


def check_refused(browser, gateway):
    """A bad value: an error at its field, and nothing changed, not even what was good."""
    before = settled(gateway)
    show_keys(browser, gateway)
    browser.type(field("guide.days"), "99")
    browser.type(field("stream.buffer"), "2048")
    browser.click(SAVE)
    told = browser.shows(f"{key('guide.days')} .error", "1.*14")
    browser.shows("#saved", r"\S")
    invalid = browser.run("return document.querySelector(arguments[0]).getAttribute('aria-invalid')", field("guide.days"))
    check(invalid == "true", f"a bad value is told at its field: {told!r}; {browser.text('#saved')!r}")
    check(not browser.text(f"{key('stream.buffer')} .error"), "and not at a good one")
    check(settled(gateway) == before, "nothing has changed")
    browser.click("#settings .savebar button:not(.save)")
    left = browser.run("return document.querySelector(arguments[0]).value", field("guide.days"))
    check(left == str(before["guide.days"]), f"what is discarded is as before: {left}")
    forgive(browser, r"/api/v1/config\S* - .*\b422\b")


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
