#!/usr/bin/env python3
"""The web page in a real browser: every view, on a phone and a desk, and all that it does.

Needs Debian's chromium, chromium-driver and zbar-tools; installs nothing.
"""

import argparse
import re
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import page_live
import page_setup
import page_views
from browser import Browser, Failure, check, until
from page_world import Gateway

LARGEST = 40_000
LARGEST_PICTURE = 120_000
TOKEN = "a-token-of-the-tests-0123456789"
# A name that is no address and not localhost: a page from there has no clipboard of its own.
NAME = "box.local"
VIEWS = tuple(page_views.TITLES)


def answer(port, path, *headers):
    """Status, headers, and all bytes of an answer, its head included."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        lines = [f"GET {path} HTTP/1.1", "Host: box:8080", "Connection: close", *headers]
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        data = b"".join(iter(lambda: line.recv(65536), b""))
    head = data.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    fields = dict(field.split(": ", 1) for field in head[1:])
    return int(head[0].split()[1]), {name.lower(): value for name, value in fields.items()}, data


def check_size(gateway):
    """All files that the document names, and those that they name; gives their paths."""
    paths, total = ["/"], 0
    for path in paths:
        named = re.findall(r'["(]\.?(?:/page)?/([\w-]+\.(?:js|css|svg))[")]', gateway.fetch(path).decode())
        paths += sorted({f"/page/{name}" for name in named} - set(paths))
        status, fields, data = answer(gateway.port, path, "Accept-Encoding: gzip")
        total += len(data)
        if status != 200 or fields.get("content-encoding") != "gzip" or not re.fullmatch(r'"[^"]+"', fields.get("etag", "")):
            raise Failure(f"{path}: {status} {fields}")
        again, _, rest = answer(gateway.port, path, "Accept-Encoding: gzip", f"If-None-Match: {fields['etag']}")
        if again != 304 or len(rest) > 600:
            raise Failure(f"{path}: {again} for what is known, {len(rest)} bytes")
    check(total <= LARGEST and len(paths) > 3, f"the whole page is {total} bytes in {len(paths)} files, each is 304 with its ETag")
    policy = answer(gateway.port, "/")[1].get("content-security-policy", "")
    check("default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy, f"its policy: {policy}")
    return set(paths)


def check_basics(browser, gateway):
    """Without scripts."""
    known = gateway.api("/api/v1/addresses")
    count = gateway.api("/api/v1/channels?limit=1")
    count = count.get("total", gateway.api("/api/v1/status")["channels"]["tv"] + gateway.api("/api/v1/status")["channels"]["radio"])
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(gateway.base + "/")
        text = browser.text("body")
        links = browser.run("return [...document.links].map(one => one.href)")
    finally:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
    check(known["playlist"] in text and known["guide"] in text and known["playlist"] in links, "without JavaScript the addresses are there")
    check(str(count) in text and "JavaScript" in text, f"and the number of channels: {text.splitlines()[:6]}")


def check_codes(browser, gateway, out):
    """QR codes are read by a reader that others wrote."""
    browser.size(1280, 800)
    page_views.show(browser, gateway, "watch")
    ways = browser.run("return [...document.querySelectorAll('code.address')].map((one, at) => { one.parentElement.dataset.way = at; return one.textContent; })")
    read = set()
    for at, address in enumerate(ways):
        browser.click(f".way[data-way='{at}'] [aria-expanded]")
        place = until("the code", lambda at=at: browser.run(
            "const one = document.querySelector(arguments[0])?.getBoundingClientRect(); "
            "return one && {x: one.x + scrollX, y: one.y + scrollY, width: one.width, height: one.height}", f".way[data-way='{at}'] .code svg"))
        file = out / "page-code.png"
        browser.picture(file, place)
        said = subprocess.run(["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file], capture_output=True, text=True, timeout=20)
        if said.stdout.strip() != address:
            raise Failure(f"the QR code of {address} says {said.stdout!r} {said.stderr!r}")
        if browser.run("return document.querySelector(arguments[0]).getAttribute('aria-expanded')", f".way[data-way='{at}'] [aria-expanded]") != "true":
            raise Failure(f"{address}: the button does not say that its code is shown")
        read.add(address)
        browser.click(f".way[data-way='{at}'] [aria-expanded]")
    check(len(read) >= 3, f"{len(ways)} QR codes are read as their addresses, {len(read)} different ones")


# Pastes where the page does not look, as somebody would elsewhere.
PASTE = """
const place = document.createElement("textarea");
place.id = "pasted";
document.body.append(place);
place.focus();
"""


def check_copy(browser, gateway):
    for host, way in ((f"{NAME}:{gateway.port}", "without a clipboard of its own"), (f"127.0.0.1:{gateway.port}", "by the clipboard")):
        browser.devtools("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        browser.open(f"http://{host}/#watch")
        until("the view", lambda: browser.text("#watch-jellyfin code.address"))
        is_secure = browser.run("return isSecureContext")
        if is_secure != host.startswith("127."):
            raise Failure(f"{host} is {'' if is_secure else 'not '}secure")
        address = browser.texts("#watch-jellyfin code.address")[1]
        browser.run("document.querySelectorAll('#watch-jellyfin .way')[1].dataset.copied = ''")
        browser.click("#watch-jellyfin [data-copied] button:not([aria-expanded])")
        browser.shows("#watch-jellyfin [data-copied] .said", "Copied")
        browser.run(PASTE)
        browser.ask("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": "\ue009"}, {"type": "keyDown", "value": "v"},
            {"type": "keyUp", "value": "v"}, {"type": "keyUp", "value": "\ue009"}]}]})
        pasted = until("what is pasted", lambda: browser.run("return document.getElementById('pasted').value"))
        check(pasted == address and host in address, f"copied {way}, pasted: {pasted}")


def check_silence(browser, gateway, files):
    """Nothing was complained of, nobody else was asked, since this was looked at last."""
    # It goes on asking for as long as it is open.
    browser.open("about:blank")
    browser.listen()
    check(not browser.complaints, f"the console has no errors: {browser.complaints[:3]}")
    asked = [urlsplit(url) for url in browser.requests if not url.startswith(("data:", "blob:", "about:"))]
    others = {url.geturl() for url in asked if url.hostname not in ("127.0.0.1", NAME) or url.port != gateway.port}
    check(not others and len(asked) > 20, f"{len(asked)} requests, none to anybody else: {sorted(others)[:3]}")
    unknown = {url.path for url in asked if url.path.startswith("/page/")} - files
    check(not unknown, f"no file is asked for that was not counted: {sorted(unknown)}")
    browser.requests.clear()


def write_pictures(browser, gateway, directory):
    """Home while somebody watches, and the channels on a phone at night."""
    directory.mkdir(parents=True, exist_ok=True)
    address = re.search(r"http://\S+/stream/\S+", gateway.fetch("/playlist.m3u").decode())[0]
    with urllib.request.urlopen(urllib.request.Request(address, headers={"User-Agent": "VLC/3.0.21 LibVLC/3.0.21"}), timeout=20) as player:
        player.read(500_000)
        for name, view, size, scheme in (("home", "home", (1280, 800), "light"), ("channels-phone", "channels", (375, 740), "dark")):
            browser.size(*size)
            browser.scheme(scheme)
            page_views.show(browser, gateway, view)
            if view == "home":
                browser.shows("#home-streams", "1 player")
            until("all logos", lambda: browser.run(
                "return [...document.images].every((one) => one.complete || one.getBoundingClientRect().top > innerHeight)"))
            page_live.has_way(browser, "live")
            file = directory / f"{name}.png"
            browser.picture(file)
            check(file.stat().st_size < LARGEST_PICTURE, f"{file.name}: {file.stat().st_size} bytes")


def demo_checks(browser, gateway, out):
    check_basics(browser, gateway)
    page_views.check_home(browser, gateway)
    page_views.check_addresses(browser, gateway)
    check_codes(browser, gateway, out)
    check_copy(browser, gateway)
    page_views.check_channels(browser, gateway)
    page_views.check_guide(browser, gateway)
    page_setup.check_settings(browser, gateway)
    page_setup.check_log(browser, gateway)
    page_setup.check_check(browser, gateway)
    page_views.check_views(browser, gateway, VIEWS)
    page_views.check_keyboard(browser, gateway, VIEWS)
    browser.size(1280, 800)
    page_live.check_reconnect(browser, gateway)


def all_checks(options):
    program, out = options.program, options.out
    began = time.monotonic()

    def passed(what):
        print(f"     {what}: {time.monotonic() - began:.0f} s so far", flush=True)

    with Browser(out / "page-chromedriver.log", f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        try:
            browser.language("en-GB")
            browser.scheme("light")
            browser.size(1280, 800)
            if options.pictures:
                # No HDHomeRun tuner: others on this machine may have its ports.
                with Gateway(program, out, "pictures", settings={"XG2G_HDHR_ENABLED": "false"}) as gateway:
                    write_pictures(browser, gateway, options.pictures)
                return
            with Gateway(program, out, "demo") as gateway:
                files = check_size(gateway)
                demo_checks(browser, gateway, out)
                check_silence(browser, gateway, files)
                passed("the demo")
            with Gateway(program, out, "slow", ["--services", 40, "--bouquets", 3, "--delay", 120]) as gateway:
                page_live.check_refresh(browser, gateway)
                page_live.check_ways(browser, gateway)
                check_silence(browser, gateway, files)
                passed("a slow receiver")
            with Gateway(program, out, "code", settings={"XG2G_API_TOKEN": TOKEN}) as gateway:
                page_setup.check_pairing(browser, gateway)
                page_setup.check_kept(browser, gateway)
                check_silence(browser, gateway, files)
                passed("pairing")
            with Gateway(program, out, "token", ["--services", 60, "--bouquets", 3], {"XG2G_API_TOKEN": TOKEN}) as gateway:
                page_setup.check_token(browser, gateway, TOKEN)
                page_setup.check_refused(browser, gateway)
                page_setup.check_change(browser, gateway)
                check_silence(browser, gateway, files)
                passed("settings")
            with Gateway(program, out, "long", ["--services", 500, "--bouquets", 5]) as gateway:
                page_live.check_long(browser, gateway)
                check_silence(browser, gateway, files)
                passed("many channels")
        except BaseException:
            browser.picture(out / "page-failed.png")
            raise


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="where logs and pictures go")
    parser.add_argument("--pictures", type=Path, help="only write the pictures for the papers there")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        all_checks(options)
    except (Failure, OSError) as error:
        raise SystemExit(f"FAILED: {error}") from error


if __name__ == "__main__":
    main()
