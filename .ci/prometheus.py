#!/usr/bin/env python3
"""Acceptance with a real Prometheus: every query of the dashboards and alerts finds data, and the alerts come and go.

Starts a simulated receiver, a gateway and a Prometheus of its own, which asks and alerts as etc/prometheus says, and makes
some load. Needs Debian's prometheus, installs nothing.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import published
from demo import Checks, Client
from kodi_app import Clock, Failure, end, free_port
from transport import Reader
from upstream import STARTED

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "etc/prometheus/alerts.yml"
RULE_TESTS = ROOT / ".ci/alerts_test.yml"
SCRAPE = ROOT / "etc/prometheus/scrape.yml"
EXAMPLE = "192.168.1.10:8080"
DASHBOARDS = ("xg2g-overview", "xg2g-api", "xg2g-jobs")
# What a dead receiver, or a dead program, may take to be told.
ALERTED_WITHIN = 30
# Load before the questions: rates need samples, and the largest step of the rules is a minute.
LOAD_SECONDS = 65
JOB = "xg2g"


class World:
    """The receiver, the gateway and Prometheus, each a process of its own."""

    def __init__(self, clock, program, out):
        self.clock, self.program, self.out = clock, program, out
        self.processes = []
        self.temporary = tempfile.TemporaryDirectory(prefix="prometheus-")
        self.directory = Path(self.temporary.name)
        self.port = free_port()
        try:
            self.start_receiver()
            self.start_gateway()
            self.start_prometheus()
        except BaseException:
            self.close()
            raise

    def start(self, name, command, settings=None, output=subprocess.DEVNULL):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("XG2G_")}
        with open(self.out / f"prometheus-{name}.log", "ab") as log:
            process = subprocess.Popen(command, env=environment | (settings or {}), stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=log, text=True)
        self.processes.append(process)
        return process

    def start_receiver(self):
        """(Again) at the same port."""
        self.receiver = self.start("receiver", [self.program, "receiver", "--port", str(self.port), "--tuners", "4"],
                                   output=subprocess.PIPE)
        line = self.receiver.stdout.readline()
        found = STARTED.search(line)
        if not found:
            raise Failure(f"the receiver says {line!r}")
        self.stream_port = found[2]

    def start_gateway(self):
        self.config = self.directory / "xg2g.toml"
        self.config.write_text("[log]\nlevel = \"info\"\n")
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.base = f"http://{self.address}"
        self.gateway = self.start("gateway", [self.program, "--config", str(self.config)], {
            "XG2G_OWI_BASE": f"http://127.0.0.1:{self.port}",
            "XG2G_STREAM_PORT": self.stream_port,
            "XG2G_LISTEN": self.address,
            "XG2G_DATA": str(self.directory / "data"),
            "XG2G_STATE": str(self.directory / "state"),
            # So that requests can come from elsewhere.
            "XG2G_TRUSTED_PROXIES": "127.0.0.1",
        })
        self.clock.wait("the gateway's outputs", 30, lambda: self.is_ready(self.gateway, f"{self.base}/readyz"))

    def start_prometheus(self):
        """With the shipped job and rules; only the target is ours."""
        job = SCRAPE.read_text()
        if job.count(EXAMPLE) != 1:
            raise Failure(f"{SCRAPE.name} does not name {EXAMPLE} once")
        config = self.directory / "prometheus.yml"
        config.write_text(f"rule_files: [{json.dumps(str(RULES))}]\n" + job.replace(EXAMPLE, self.address))
        tool("check", "config", config)
        port = free_port()
        self.prometheus = f"http://127.0.0.1:{port}"
        process = self.start("server", [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory / 'series'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"])
        self.clock.wait("Prometheus", 30, lambda: self.is_ready(process, f"{self.prometheus}/-/ready"))

    def is_ready(self, process, url):
        if process.poll() is not None:
            raise Failure(f"{process.args[0]} ended, see prometheus-*.log")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except OSError:
            return False

    def ask(self, path, **parameters):
        """What Prometheus answers; Failure with its words if that is an error."""
        try:
            body = published.fetch(f"{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        except urllib.error.HTTPError as error:
            raise Failure(json.loads(error.read())["error"]) from None
        return json.loads(body)["data"]

    def values(self, query):
        """All values of a query in the last minute that are numbers, by the way a panel asks."""
        now = time.time()
        found = self.ask("query_range", query=query, start=now - 60, end=now, step=5)["result"]
        return [value for series in found for _, value in series["values"] if value != "NaN"]

    def alerts(self):
        """The names of those that fire."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}

    def status(self):
        return json.loads(published.fetch(f"{self.base}/api/v1/status"))

    def close(self):
        for process in reversed(self.processes):
            end(process)
        self.temporary.cleanup()


def tool(*arguments):
    """promtool, which must be content."""
    done = subprocess.run(["promtool", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Failure(f"promtool {' '.join(map(str, arguments[:2]))}: {done.stdout}{done.stderr}")


def check_files(checks):
    """The rules are what Prometheus takes for rules, and each is tested."""
    tool("check", "rules", RULES)
    tool("test", "rules", RULE_TESTS)
    rules = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
    fired = set()
    for part in RULE_TESTS.read_text().split("alertname: ")[1:]:
        name, _, rest = part.partition("\n")
        if "exp_labels" in rest:
            fired.add(name.strip())
    checks.check(rules == fired, f"alerts that no test sees fire: {rules - fired}; tests of none: {fired - rules}")
    print(f"{len(rules)} alerts are tested")


def make_load(world):
    """Some of all that is counted."""
    client = Client(world.base)
    channels = published.channels(published.fetch(f"{world.base}/playlist.m3u"))
    tv = [channel for channel in channels if channel.kind == "tv"]
    finish = world.clock.now() + LOAD_SECONDS
    readers = [Reader(channel.url) for channel in (tv[0], tv[0], tv[1])]
    paths = ["/playlist.m3u", "/xmltv.xml.gz", "/api/v1/status", "/api/v1/now", "/api/v1/channels", "/nothing", "/stream/none.ts",
             urllib.parse.urlsplit(tv[0].logo).path, "/files/playlist.m3u"]
    # Unchanged, wrong, right again.
    right = world.config.read_text()
    for text in (right, "[log]\nlevel = 7\n", right):
        world.config.write_text(text)
        world.gateway.send_signal(signal.SIGHUP)
        time.sleep(2)
    turn = 0
    while world.clock.now() < finish:
        for path in paths:
            client.ask(path)
        for _ in range(30):
            client.ask("/api/v1/bouquets", X_Forwarded_For="192.168.7.7")
        client.ask("/api/v1/status", X_Forwarded_For="8.8.8.8")
        client.ask("/api/v1/refresh", "POST", X_Forwarded_For="192.168.7.8")
        if turn % 5 == 0:
            client.ask("/api/v1/refresh", "POST")
        turn += 1
        time.sleep(1)
    failures = [failure for failure in (reader.leave() for reader in readers) if failure]
    if failures:
        raise Failure(f"streams: {failures}")


def filled_in(query):
    """A query as a panel asks it that shows the last minutes of all gateways."""
    for name, value in (("$__rate_interval", "30s"), ("$__range", "5m"), ("$job", ".+"), ("$instance", ".+")):
        query = query.replace(name, value)
    if "$" in query.replace("${1}", ""):
        raise Failure(f"an unknown variable in {query}")
    return query


def check_dashboard(checks, world, name):
    """Whoever imports it sees something in each panel."""
    board = json.loads((ROOT / f"etc/grafana/{name}.json").read_text())
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            found = world.ask(f"label/{label}/values", **{"match[]": filled_in(selector)})
            expected = {"job": [JOB], "instance": [world.address]}[label]
            checks.check(found == expected, f"{name}: ${variable['name']} offers {found}")
    queries, taken = 0, set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        checks.check(not cells & taken and place["x"] + place["w"] <= 24, f"{name}: {panel['title']} lies on another panel")
        taken |= cells
        for target in panel["targets"]:
            queries += 1
            try:
                found = world.values(filled_in(target["expr"]))
                checks.check(found, f"{name}: {panel['title']}: nothing for {target['expr']}")
            except Failure as failure:
                checks.check(False, f"{name}: {panel['title']}: {failure}")
    print(f"{name}: {len(board['panels'])} panels, {queries} queries")


def operands(query):
    """What a condition compares: the parts between the operators outside of all brackets that are no plain numbers."""
    depth, flat = 0, ""
    for sign in re.sub(r'"(\\.|[^"])*"', lambda text: text[0].translate({ord(c): "_" for c in "(){}[]<>="}), query):
        depth -= sign in ")}]"
        flat += sign if depth == 0 else "_"
        depth += sign in "({["
    operator = r"\s(?:(?:and|or|unless)(?: (?:on|ignoring) ?\(_*\))?|==|!=|>=|<=|>|<)\s"
    begin, parts = 0, []
    for found in re.finditer(operator, flat):
        parts.append(query[begin:found.start()])
        begin = found.end()
    parts.append(query[begin:])
    return [part.strip() for part in parts if not re.fullmatch(r"[-+*/.\d\s]+", part)]


def check_rules(checks, world):
    """Each alert has something to look at: without its comparisons its expression finds data."""
    rules = [rule for group in world.ask("rules")["groups"] for rule in group["rules"]]
    looked = 0
    for rule in rules:
        checks.check(rule["health"] == "ok", f"{rule['name']}: {rule['health']} {rule.get('lastError', '')}")
        parts = operands(rule["query"])
        checks.check(parts and parts != [rule["query"]], f"{rule['name']}: compares nothing: {rule['query']}")
        for part in parts:
            looked += 1
            checks.check(world.values(part), f"{rule['name']}: nothing for {part}")
    print(f"{len(rules)} rules, {looked} queries in them; firing under load: {', '.join(sorted(world.alerts())) or 'none'}")


def check_receiver(checks, world):
    """A receiver that dies is told in time, and also that it is back."""
    name, clock = "Xg2gReceiverAway", world.clock
    checks.check(name not in world.alerts(), f"{name} fires while the receiver is there")
    before = world.status()["refresh"]
    world.receiver.kill()
    world.receiver.wait()
    begin = clock.now()
    clock.wait(name, ALERTED_WITHIN, lambda: name in world.alerts())
    print(f"the receiver was dead, {name} after {clock.now() - begin:.1f} s")
    checks.check(world.status()["receiver"]["reachable"] is False, "the status does not know")
    world.start_receiver()
    begin = clock.now()
    clock.wait(f"the end of {name}", ALERTED_WITHIN, lambda: name not in world.alerts())
    print(f"the receiver is back, no {name} after {clock.now() - begin:.1f} s")
    # A stream may have asked it before it was looked whether it is there.
    clock.wait("a refresh", 20, lambda: world.status()["refresh"]["succeeded"] != before["succeeded"])
    after = world.status()["refresh"]
    checks.check(after.get("error") is None, f"it was asked when it was back: {after}")


def check_program(checks, world):
    """The same of the program."""
    name, clock = "Xg2gDown", world.clock
    checks.check(name not in world.alerts(), f"{name} fires while the program runs")
    end(world.gateway)
    begin = clock.now()
    clock.wait(name, ALERTED_WITHIN, lambda: name in world.alerts())
    print(f"the program was gone, {name} after {clock.now() - begin:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--program", required=True, help="the xg2g to test")
    parser.add_argument("--out", type=Path, default=Path("target/ci"), help="directory for logs")
    parser.add_argument("--limit", type=int, default=200, help="seconds for everything")
    arguments = parser.parse_args()
    # So that `timeout` ends all processes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    for log in out.glob("prometheus-*.log"):
        log.unlink()
    checks, clock = Checks(), Clock(arguments.limit)
    try:
        check_files(checks)
        world = World(clock, arguments.program, out)
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        print(f"prometheus: {failure}", file=sys.stderr)
        return 1
    try:
        make_load(world)
        for name in DASHBOARDS:
            check_dashboard(checks, world, name)
        check_rules(checks, world)
        check_receiver(checks, world)
        check_program(checks, world)
    except (Failure, OSError, ValueError) as failure:
        checks.check(False, str(failure))
    finally:
        world.close()
    print(f"{checks.passed} checks passed, {checks.failed} failed, {clock.now():.0f} s")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
