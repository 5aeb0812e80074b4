"""A home network of two machines, a receiver and a client, joined by a cable, and a running xg2g on the receiver."""

import ipaddress
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.request
from dataclasses import dataclass

from kodi_app import Failure, end
from namespaces import Network

RECEIVER, CLIENT = "192.168.178.20", "192.168.178.30"
PORT = 8080
BASE = f"http://{RECEIVER}:{PORT}"
# linux/if_ether.h, linux/if_packet.h
EVERY_PROTOCOL, IPV4, IPV6, OUTGOING = 0x0003, 0x0800, 0x86DD, 4
UDP, ICMPV6 = 17, 58
SSDP_PORT = 1900


@dataclass(frozen=True)
class Packet:
    """One that the receiver sent to more than one machine."""

    interface: str
    target: str
    port: int
    payload: bytes

    def text(self):
        return self.payload.decode("latin-1")

    def __str__(self):
        return f"{self.interface} {self.target}:{self.port} {self.payload[:40]!r}"


class Lan:
    """This process is on the client; the receiver is a network of its own. Nothing leads out of them."""

    def __init__(self):
        self.receiver = Network()
        ip("link", "set", "lo", "up")
        ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.receiver.path)
        self.on_receiver("link", "set", "lo", "up")
        self.on_receiver("link", "set", "eth0", "up")
        ip("link", "set", "eth0", "up")
        self.add(RECEIVER, CLIENT)
        # For what goes to everybody.
        ip("route", "add", "default", "dev", "eth0")
        self.on_receiver("route", "add", "default", "dev", "eth0")

    def on_receiver(self, *arguments):
        subprocess.run(self.receiver.command("ip", *arguments), check=True, timeout=20)

    def add(self, receiver, client):
        """An address more on both ends of the cable."""
        self.on_receiver("address", "add", f"{receiver}/24", "broadcast", "+", "dev", "eth0")
        ip("address", "add", f"{client}/24", "broadcast", "+", "dev", "eth0")

    def remove(self, receiver, client):
        """An address less on both ends."""
        self.on_receiver("address", "delete", f"{receiver}/24", "dev", "eth0")
        ip("address", "delete", f"{client}/24", "dev", "eth0")


def fetch(url):
    """The body behind an address, asked by the client."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, timeout=20)


class Sniffer:
    """What the receiver sends to many at once, all the time."""

    def __init__(self, lan):
        self.packets = []
        self.socket = lan.receiver.do(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PROTOCOL)))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                data, (interface, protocol, kind, *_) = self.socket.recvfrom(65536)
            except OSError:
                return
            packet = outgoing(data, interface, protocol) if kind == OUTGOING else None
            if packet:
                self.packets.append(packet)

    def __len__(self):
        return len(self.packets)

    def notified(self, since, kind, address):
        """Messages of SSDP (`ssdp:alive`, `ssdp:byebye`) after the first `since` packets; those alive lead to an address."""
        return [packet for packet in self.packets[since:]
                if packet.port == SSDP_PORT and packet.text().startswith("NOTIFY ") and kind in packet.text()
                and (kind != "ssdp:alive" or f"//{address}:{PORT}/" in packet.text())]

    def close(self):
        self.socket.close()


def outgoing(data, interface, protocol):
    """A packet for many, unless it is one that the kernel sends by itself (ARP, neighbours and groups of IPv6)."""
    if protocol == IPV4:
        head, kind, target = (data[0] & 15) * 4, data[9], ipaddress.ip_address(data[16:20])
        many = target.is_multicast or data[19] == 255
    elif protocol == IPV6:
        head, kind, target = 40, data[6], ipaddress.ip_address(data[24:40])
        # A hop-by-hop header is of a report of groups.
        many = target.is_multicast and kind not in (0, ICMPV6)
    else:
        return None
    if not many:
        return None
    port = struct.unpack_from("!H", data, head + 2)[0] if kind == UDP else 0
    return Packet(interface, str(target), port, data[head + 8:])


class Program:
    """xg2g with its simulated receiver."""

    def __init__(self, lan, clock, program, log, **settings):
        self.lan, self.clock = lan, clock
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XG2G_")}
        environment |= {"XG2G_LISTEN": f":{PORT}"} | settings
        with open(log, "ab") as out:
            self.process = subprocess.Popen(lan.receiver.command(program, "--demo"), env=environment, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out)
        try:
            clock.wait("the program's outputs", 30, self.is_ready, 0.05)
        except BaseException:
            self.close()
            raise

    def is_ready(self):
        if self.process.poll() is not None:
            raise Failure(f"the program ended with {self.process.returncode}")
        try:
            return bool(self.ask("/readyz"))
        except OSError:
            return False

    def ask(self, path):
        """The body of an answer on the receiver itself, which nothing limits."""
        def get():
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=10) as answer:
                return answer.read()

        return self.lan.receiver.do(get)

    def status(self):
        return json.loads(self.ask("/api/v1/status"))

    def streams(self):
        return json.loads(self.ask("/api/v1/streams"))["streams"]

    def stop(self):
        """Asks it to stop; seconds it took and its status."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=10)
        return time.monotonic() - begin, status

    def close(self):
        end(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
