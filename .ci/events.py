#!/usr/bin/env python3
"""Live events as clients that others wrote see them: Debian's python3-websockets, urllib, and a real Chromium.

Needs a running demo, chromium and python3-websockets; installs nothing.
"""

import argparse
import asyncio
import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import websockets

PATH = "/api/v1/events"

# Follows in both ways from a page of the gateway's own, asks for a pass, and tells what came.
IN_PAGE = """
new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("nothing for 60 s")), 60000);
    const told = {socket: [], events: []};
    const socket = new WebSocket("ws://" + location.host + "%(path)s");
    const events = new EventSource("%(path)s");
    let asked = false;
    const take = (way, id, text) => {
        const notice = JSON.parse(text);
        if (id !== null && Number(id) !== notice.id) reject(new Error("the id is " + id));
        told[way].push(notice.type);
        if (!asked && told.socket.length && told.events.length) {
            asked = true;
            fetch("/api/v1/refresh", {method: "POST"}).then(answer => {
                if (answer.status !== 202) reject(new Error("a pass: " + answer.status));
            });
        }
        if (asked && told.socket.includes("refresh.finished") && told.events.includes("refresh.finished")) {
            events.close();
            socket.close(1000, "enough");
        }
    };
    socket.onmessage = message => take("socket", null, message.data);
    events.onmessage = message => take("events", message.lastEventId, message.data);
    socket.onclose = close => resolve(JSON.stringify({...told, code: close.code, clean: close.wasClean}));
})
"""
# Tries the same from a page of another site.
ELSEWHERE = """
new Promise(resolve => {
    const socket = new WebSocket("ws://%(host)s%(path)s");
    socket.onopen = () => resolve("open");
    socket.onclose = close => resolve("refused " + close.code);
})
"""


class Failure(Exception):
    """What went wrong."""


def check(holds, what):
    if not holds:
        raise Failure(what)
    print(f"ok   {what}")


def ask(url, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
        return answer.status, answer.read()


async def idle(base):
    """Waits until no pass runs and no stream lingers that somebody watched before: it would not begin again."""
    while json.loads(ask(f"{base}/api/v1/status")[1])["refresh"]["running"] or json.loads(ask(f"{base}/api/v1/streams")[1])["streams"]:
        await asyncio.sleep(0.2)


async def until(socket, kind):
    """All notices up to the first of a kind."""
    told = []
    while not told or told[-1]["type"] != kind:
        told.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
    return told


async def check_client(base, address):
    """An independent client of WebSockets."""
    async with websockets.connect(address, compression=None) as socket:
        hello = (await until(socket, "hello"))[0]
        check(hello["version"] and hello["generation"] > 0, f"websockets is greeted: generation {hello['generation']}")
        await asyncio.wait_for(await socket.ping(b"are you there"), 5)
        check(True, "a ping is answered")
        await socket.send("what it says is ignored")
        status, _ = ask(f"{base}/api/v1/refresh", "POST")
        check(status == 202, "a pass is asked for")
        kinds = [notice["type"] for notice in await until(socket, "refresh.finished")]
        check(kinds[0] == "refresh.started", f"its begin and end are told: {' '.join(kinds)}")
        playlist = ask(f"{base}/playlist.m3u")[1].decode()
        stream = next(line for line in playlist.splitlines() if "/stream/" in line)
        with urllib.request.urlopen(stream, timeout=10) as player:
            player.read(18800)
            began = (await until(socket, "stream.started"))[-1]
        check(began["channel"] in stream, f"a stream that begins is told: {began['name']}")
        ended = (await until(socket, "stream.ended"))[-1]
        check(ended["channel"] == began["channel"] and ended["received"] > 18800, f"and that it ended, after {ended['seconds']} s")
        await socket.close(1000, "enough")
        check(socket.close_code == 1000, "the close is clean")
    # With what it offers by itself: compression, which nobody need accept.
    async with websockets.connect(address) as socket:
        check((await until(socket, "hello"))[0]["id"] > 0, "compression that is offered is not taken")
    try:
        async with websockets.connect(address, origin="http://evil.example"):
            raise Failure("a foreign origin may follow")
    except websockets.exceptions.InvalidStatusCode as refused:
        check(refused.status_code == 403, "a foreign origin is refused")
    async with websockets.connect(address, compression=None) as socket:
        await socket.send("x" * 5000)
        await asyncio.wait_for(socket.wait_closed(), 10)
        check(socket.close_code == 1009, "a long message is refused with 1009")


def check_event_stream(base):
    request = urllib.request.Request(base + PATH, headers={"Accept": "text/event-stream"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        check(answer.headers["Content-Type"] == "text/event-stream", "an event stream is one")
        lines = [answer.readline().decode() for _ in range(4)]
    hello = json.loads(lines[2].removeprefix("data: "))
    check(lines[0].startswith("retry: ") and lines[1] == f"id: {hello['id']}\n" and lines[3] == "\n", "its first event is hello")
    try:
        ask(base + PATH)
        raise Failure("asked for nothing it answers")
    except urllib.error.HTTPError as refused:
        code = json.loads(refused.read())["code"]
        check((refused.code, code) == (426, "E016"), "who asks for neither is told so")


class Page:
    """A page of a headless Chromium, driven over its DevTools."""

    def __init__(self, socket):
        self.socket = socket
        self.last = 0

    async def call(self, method, **parameters):
        self.last += 1
        await self.socket.send(json.dumps({"id": self.last, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), 90))
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error']}")
                return answer["result"]

    async def open(self, url):
        await self.call("Page.navigate", url=url)
        for _ in range(100):
            if await self.run("document.readyState + ' ' + location.href") == f"complete {url}":
                return
            await asyncio.sleep(0.1)
        raise Failure(f"{url} does not open")

    async def run(self, script):
        result = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise Failure(f"in the page: {result['exceptionDetails']}")
        return result["result"].get("value")


async def check_browser(base, chromium, out):
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as home, open(out / "chromium.log", "wb") as log:
        browser = subprocess.Popen(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-port=0", f"--user-data-dir={home}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            said = Path(home) / "DevToolsActivePort"
            end = time.monotonic() + 60
            while not (said.exists() and said.read_text().count("\n")):
                if browser.poll() is not None or time.monotonic() > end:
                    raise Failure("chromium does not start, see chromium.log")
                await asyncio.sleep(0.1)
            port = said.read_text().split()[0]
            pages = json.loads(ask(f"http://127.0.0.1:{port}/json")[1])
            address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
            async with websockets.connect(address, max_size=None, compression=None) as socket:
                await check_page(base, Page(socket))
        finally:
            browser.terminate()
            try:
                browser.wait(10)
            except subprocess.TimeoutExpired:
                browser.kill()
                browser.wait()


async def check_page(base, page):
    host = base.split("//")[1]
    await idle(base)
    await page.open(f"{base}/api/v1/status")
    told = json.loads(await page.run(IN_PAGE % {"path": PATH}))
    for way in ("socket", "events"):
        kinds = told[way]
        check(kinds[0] == "hello" and "refresh.started" in kinds and kinds[-1] == "refresh.finished",
              f"chromium, {way}: {' '.join(kinds)}")
    check(told["clean"] and told["code"] == 1000, "chromium, socket: the close is clean")
    # The same machine under another name is another site.
    await page.open(f"http://localhost:{host.rsplit(':', 1)[1]}/api/v1/status")
    said = await page.run(ELSEWHERE % {"host": host, "path": PATH})
    check(said == "refused 1006", f"chromium, from another site: {said}")


async def all_checks(options):
    base = options.base
    await idle(base)
    check_event_stream(base)
    await check_client(base, "ws" + base.removeprefix("http") + PATH)
    await check_browser(base, options.chromium, options.out)
    metrics = ask(f"{base}/metrics")[1].decode()
    check("\nxg2g_events_clients 0\n" in metrics, "nobody is left behind")
    check("\nxg2g_events_dropped_clients_total 0\n" in metrics, "nobody was too slow")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="address of the running demo")
    parser.add_argument("--out", type=Path, required=True, help="where logs go")
    parser.add_argument("--chromium", default="chromium")
    options = parser.parse_args()
    try:
        asyncio.run(asyncio.wait_for(all_checks(options), 240))
    except (Failure, OSError, asyncio.TimeoutError, websockets.exceptions.WebSocketException) as error:
        raise SystemExit(f"FAILED: {error!r}") from error


if __name__ == "__main__":
    main()
