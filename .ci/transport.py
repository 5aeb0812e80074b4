"""Transport streams as a strict decoder sees them, and readers of a stream that check what they get."""

import http.client
import socket
import struct
import threading
import time
import urllib.parse

PACKET = 188
NULL = 0x1FFF
# A read that brings nothing for so long has failed; while a stream is mended there is stuffing.
SILENCE = 10


class Continuity:
    """Checks packets: in step, each packet id counted without a gap (ISO/IEC 13818-1, 2.4.3.3)."""

    def __init__(self):
        self.rest = b""
        self.packets = 0
        # Packets that are not stuffing.
        self.content = 0
        # Packets that announce a break.
        self.announced = 0
        self.gaps = []
        # The first packets that are not stuffing, for who wants to know how it began.
        self.begin = []
        self.last = {}

    def feed(self, data):
        data = self.rest + data
        whole = len(data) - len(data) % PACKET
        for at in range(0, whole, PACKET):
            self.look(data[at:at + PACKET])
        self.rest = data[whole:]

    def look(self, packet):
        self.packets += 1
        if packet[0] != 0x47:
            self.gaps.append(f"packet {self.packets} is out of step")
            return
        pid = packet_id(packet)
        if pid == NULL:
            return
        self.content += 1
        if len(self.begin) < 3:
            self.begin.append(packet)
        counter, has_payload = packet[3] & 0x0F, packet[3] & 0x10
        announced = packet[3] & 0x20 and packet[4] > 0 and packet[5] & 0x80
        self.announced += bool(announced)
        known = self.last.get(pid)
        self.last[pid] = (counter, packet)
        if known is None or announced:
            return
        last, before = known
        # One packet may come twice, as it is but for its clock.
        good = counter == (last + 1) % 16 or packet[12:] == before[12:] and counter == last if has_payload else counter == last
        if not good:
            self.gaps.append(f"packet {self.packets}, id {pid:#x}: {last} is followed by {counter}")

    def begins_well(self):
        """Whether it began with both tables and a packet that a decoder can begin with."""
        if len(self.begin) < 3:
            return False
        association, tables, picture = self.begin
        is_start = picture[1] & 0x40 and picture[3] & 0x20 and picture[4] > 0 and picture[5] & 0x40
        return packet_id(association) == 0 and tables[1] & 0x40 and packet_id(tables) == map_id(association) and bool(is_start)


def packet_id(packet):
    return (packet[1] & 0x1F) << 8 | packet[2]


def map_id(association):
    """Where the table of the only program is."""
    section = association[5 + association[4]:]
    return (section[10] & 0x1F) << 8 | section[11]


class Reader(threading.Thread):
    """Reads a stream until `leave`, checking it; what it ended with is in `failure`."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url = urllib.parse.urlsplit(url)
        self.seen = Continuity()
        self.failure = None
        self.is_leaving = False
        self.start()

    def run(self):
        connection = http.client.HTTPConnection(self.url.netloc, timeout=SILENCE)
        try:
            connection.request("GET", self.url.path, headers={"User-Agent": "continuity", "Connection": "close"})
            answer = connection.getresponse()
            if answer.status != 200:
                self.failure = f"{answer.status} {answer.headers.get('X-HDHomeRun-Error')}"
                return
            while not self.is_leaving:
                data = answer.read1(65536)
                if not data:
                    self.failure = "the stream ended"
                    return
                self.seen.feed(data)
        except (OSError, http.client.HTTPException) as error:
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    def leave(self):
        """Goes, if it did not already; what it failed with."""
        self.is_leaving = True
        self.join(SILENCE + 5)
        return self.failure

    def gets(self, packets, bound):
        """Whether that many packets that are not stuffing come, counted from its beginning, within so many seconds."""
        end = time.monotonic() + bound
        while self.seen.content < packets:
            if self.failure or time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True


def reset_on_close(connection):
    """Makes closing a socket an abrupt end instead of an orderly one."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
