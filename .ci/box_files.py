"""Channels straight from the receiver's own files, whatever its web interface does."""

import struct
import time

from box_life import install
from box_root import ask, channels, expect, until

ENIGMA2 = "/etc/enigma2"
BOUQUET = "userbouquet.favourites.tv"


def service(number):
    """A service reference."""
    return f"1:0:19:{number:X}:3FB:1:C00000:0:0:0:"


def write(box, name, text):
    """Replaces a file as enigma2 does."""
    beside = box.path(f"{ENIGMA2}/{name}.writing")
    beside.write_text(text)
    beside.rename(box.path(f"{ENIGMA2}/{name}"))


def bouquet(box, count):
    """A bouquet of so many services."""
    lines = ["#NAME Favourites"] + [f"#SERVICE {service(number)}" for number in range(1, count + 1)]
    write(box, BOUQUET, "\r\n".join(lines) + "\r\n")


def events(count):
    """An epg.dat, version 8, with one event a service that begins now."""
    now = int(time.time())
    days, clock = divmod(now, 86_400)
    bcd = lambda number: number // 10 << 4 | number % 10
    hours, minutes, seconds = clock // 3600, clock // 60 % 60, clock % 60
    start = struct.pack(">H", days + 40_587) + bytes(map(bcd, (hours, minutes, seconds, 2, 0, 0)))
    services = descriptors = b""
    for number in range(1, count + 1):
        title = f"Sendung {number}".encode()
        body = b"deu" + bytes([len(title) + 1, 0x15]) + title + b"\0"
        services += struct.pack("<iiii", number, 1, 0x3FB, 1)
        services += struct.pack("<HB", 2, 14) + struct.pack(">H", number) + start + struct.pack("<I", number)
        descriptors += struct.pack("<IiBB", number, 1, 0x4D, len(body)) + body
    head = struct.pack("<I", 0x98765432) + b"ENIGMA_EPG_V8"
    return head + struct.pack("<i", count) + services + struct.pack("<i", count) + descriptors


def own_files(box, package, proved):
    """The web interface is away, all the time."""
    box.path(ENIGMA2).mkdir(parents=True, exist_ok=True)
    names = "".join(f"{n:04x}:00c00000:03fb:0001:25:0:0\nSender {n}\np:Verbund,c:0505\n" for n in range(1, 101))
    write(box, "lamedb", f"eDVB services /4/\ntransponders\nend\nservices\n{names}end\nHave a lot of bugs!\n")
    write(box, "bouquets.tv", "#NAME Bouquets (TV)\r\n#SERVICE 1:7:1:0:0:0:0:0:0:0:FROM BOUQUET "
                              f"\"{BOUQUET}\" ORDER BY bouquet\r\n")
    bouquet(box, 20)
    box.path(f"{ENIGMA2}/epg.dat").write_bytes(events(100))
    began = time.monotonic()
    install(box, package)
    until("20 channels", lambda: channels() == 20)
    proved(f"without a web interface, 20 channels from lamedb and bouquets {time.monotonic() - began:.1f} s after the "
           "installation began")
    guide = until("a guide", lambda: (ask("/xmltv.xml") or (0, ""))[1].count("<programme") == 20 and ask("/xmltv.xml")[1])
    expect("<title lang=\"de\">Sendung 7</title>" in guide, "the guide has other titles")
    expect("Sender 7<" in guide, "the names of lamedb are missing")
    proved("with the guide of epg.dat")
    program = box.program()
    bouquet(box, 30)
    began = time.monotonic()
    until("30 channels", lambda: channels() == 30)
    took = time.monotonic() - began
    expect(took < 15, f"the edited bouquet is served after {took:.1f} s")
    proved(f"a bouquet that is edited is served after {took:.1f} s")
    until("the guide of the new channels", lambda: ask("/xmltv.xml")[1].count("<programme") == 30)
    expect(box.program() == program, "it was started again")
    proved("and its new channels have their guide, from the same process")


SCENARIOS = [own_files]
