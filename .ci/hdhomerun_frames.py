"""Frames of HDHomeRun's protocol on port 65001, made and read without the program's code."""

import random
import socket
import struct
import time
import zlib

PORT = 65001
DISCOVER, DISCOVERED, GET_SET = 2, 3, 4
DEVICE_TYPE, DEVICE_ID, NAME, VALUE, TUNER_COUNT, LINEUP_URL, BASE_URL = 0x01, 0x02, 0x03, 0x04, 0x10, 0x27, 0x2A
ANY = b"\xff" * 4
# A nibble at an even place of a valid number is looked up here; all eight then add up to nothing.
CHECK = (0xA, 0x5, 0xF, 0x6, 0x7, 0xC, 0x1, 0xB, 0x9, 0x2, 0x8, 0xD, 0x4, 0x3, 0xE, 0x0)


def is_valid(number):
    """Whether a device number of eight hexadecimal digits has the right check digit."""
    total = 0
    for place, digit in enumerate(number):
        nibble = int(digit, 16)
        total ^= nibble if place % 2 else CHECK[nibble]
    return len(number) == 8 and total == 0


def sealed(body):
    """A frame's bytes with their checksum, which is little-endian as nothing else."""
    return body + struct.pack("<I", zlib.crc32(body))


def frame(kind, *tagged):
    """A frame of (tag, value) pairs, each shorter than 128 bytes."""
    body = b"".join(struct.pack("BB", tag, len(value)) + value for tag, value in tagged)
    return sealed(struct.pack("!HH", kind, len(body)) + body)


def tags(data):
    """What an answer to a discovery says, by tag. Raises ValueError unless it is whole."""
    kind, length = struct.unpack_from("!HH", data)
    if kind != DISCOVERED or length != len(data) - 8 or sealed(data[:-4]) != data:
        raise ValueError(f"no good answer: {data.hex()}")
    found, at = {}, 4
    while at < 4 + length:
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            size = size & 0x7F | data[at] << 7
            at += 1
        found[tag] = data[at:at + size]
        at += size
    return found


TUNER, STORAGE = struct.pack("!I", 1), struct.pack("!I", 5)
# Seen on the wire of real clients, byte by byte.
KNOWN_REQUESTS = {
    "libhdhomerun": bytes.fromhex("0002000c0104000000010204ffffffff4e507f35"),
    "Jellyfin": bytes.fromhex("0002000c0104ffffffff0204ffffffff73cc7d8f"),
}
FOREIGN_REQUESTS = {
    "for storage": frame(DISCOVER, (DEVICE_TYPE, STORAGE), (DEVICE_ID, ANY)),
    "for another device": frame(DISCOVER, (DEVICE_TYPE, TUNER), (DEVICE_ID, bytes.fromhex("12345678"))),
}
GOOD = KNOWN_REQUESTS["libhdhomerun"]
GARBAGE = random.Random(65001)
BAD = {
    "nothing": b"",
    "one byte": b"\0",
    "a wrong checksum": GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
    "cut off": GOOD[:11],
    "a length beyond its end": sealed(struct.pack("!HH", DISCOVER, 0xFFFF) + GOOD[4:-4]),
    "a tag beyond its end": sealed(struct.pack("!HHBB", DISCOVER, 2, DEVICE_ID, 0x7F)),
    "a long tag without its second byte": sealed(struct.pack("!HHBB", DISCOVER, 2, DEVICE_ID, 0xFF)),
    "an unknown type": sealed(struct.pack("!HH", 0x7777, 12) + GOOD[4:-4]),
    "an answer": frame(DISCOVERED, (DEVICE_TYPE, TUNER), (DEVICE_ID, ANY)),
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "the largest datagram": GARBAGE.randbytes(65000),
    **{f"garbage {number}": GARBAGE.randbytes(GARBAGE.randrange(1, 1500)) for number in range(10)},
}


def ask(address, request, patience=1.0):
    """All answers by UDP within some seconds."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.sendto(request, (address, PORT))
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            asking.settimeout(left)
            try:
                answers.append(asking.recv(65536))
            except TimeoutError:
                pass
    return answers


def ask_by_tcp(address, request, patience=0.3):
    """What comes back before the other end closes or the patience ends."""
    answer = b""
    with socket.create_connection((address, PORT), timeout=5) as asking:
        asking.settimeout(patience)
        try:
            asking.sendall(request)
            while block := asking.recv(65536):
                answer += block
        except (TimeoutError, ConnectionError):
            pass
    return answer
