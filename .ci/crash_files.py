"""What a run leaves in its directories, read without it: is every file whole?"""

import gzip
import json
import re
import struct
import zlib

# Names while a file is written; a kill may leave them, a start clears them.
BESIDE = {".guide.deflate.new", "events.new", ".channels.gz.new", ".keys.new", ".numbers.new", ".device.new", ".xg2g.toml.new", ".backup.new"}
TRAILER = struct.Struct("<8sIIQQ4I")
BLOCK = struct.Struct("<8I")
EVENTS_MARK = b"xg2g events 2\r\n\0"


class Torn(Exception):
    """A published file is not whole."""


def must(good, what):
    if not good:
        raise Torn(what)


def guide(data):
    """The programmes; their number."""
    must(len(data) >= TRAILER.size, f"a guide of {len(data)} bytes")
    mark, check, _, _, plain, tv, _, radio, _ = TRAILER.unpack(data[-TRAILER.size:])
    must(mark == b"xg2g gd2", f"a guide that ends with {data[-TRAILER.size:]!r}")
    unpacker = zlib.decompressobj(-15)
    text = unpacker.decompress(data[:-TRAILER.size])
    must(unpacker.eof and not unpacker.unused_data, "the guide's deflate stream does not end where it should")
    must(len(text) == plain and zlib.crc32(text) == check, "the guide's length or checksum")
    must(text.rstrip().endswith(b"</tv>"), f"the guide ends with {text[-40:]!r}")
    must(text.count(b"<programme ") == tv + radio, "the number of programmes")
    return tv + radio


def state(data):
    """The saved channels; how many there are."""
    lines = gzip.decompress(data).decode().splitlines()
    must(lines and re.match(r"xg2g channels \d+\t\d+\t\d+\t", lines[0]), f"the state begins with {lines[:1]}")
    return sum(line[0] in "0123456789" for line in lines[1:])


def keys(data):
    must(re.fullmatch(rb"token ([0-9a-f]{32})?\nstream ([0-9a-f]{32})?\n", data), f"keys: {data!r}")


def backup(data):
    must(data.startswith(b"xg2g-backup 1\n"), "a backup without its mark")
    must(data[-13:] == b"end %08x\n" % zlib.crc32(data[:-13]), "the checksum of a backup")


def events(data):
    """The file that is appended to: whole blocks, then perhaps a torn end, which the next start cuts off. Bytes torn."""
    if len(data) < len(EVENTS_MARK):
        return len(data)
    must(data.startswith(EVENTS_MARK), f"events begin with {data[:16]!r}")
    at = len(EVENTS_MARK)
    while at + BLOCK.size <= len(data):
        words = BLOCK.unpack_from(data, at)
        length = words[5] & 0x7fff_ffff
        end = at + BLOCK.size + length
        if zlib.crc32(data[at:at + 28]) != words[7] or end > len(data):
            break
        must(zlib.crc32(data[at + BLOCK.size:end]) == words[6], f"a block of events at {at}")
        at = end
    return len(data) - at


def audit(data):
    """Lines of JSON, but for those a kill has torn; how many are."""
    torn = 0
    for line in data.splitlines():
        try:
            json.loads(line)
        except ValueError:
            torn += 1
    return torn


def numbers(data):
    """The numbers of channels; how many there are."""
    head, *lines = data.split(b"\n")
    must(head == b"xg2g numbers 1" and lines[-1:] == [b""], f"numbers that begin with {head!r}")
    must(all(re.fullmatch(rb"[1-9][0-9]*\t[-0-9A-Fa-f]+", line) for line in lines[:-1]), "a line of numbers is torn")
    return len(lines) - 1


READERS = {
    "guide.deflate": guide, "channels.gz": state, "keys": keys, "events.dat": events, "lock": lambda data: None,
    "numbers": numbers, "device": lambda data: must(re.fullmatch(rb"[0-9A-F]{8}\n", data), f"a device {data!r}"),
    "audit.log": audit, "audit.log.1": audit, "backup": backup, "backup.1": backup, "backup.2": backup,
    "xg2g.toml": lambda data: must(data.endswith(b"# end\n"), f"settings end with {data[-20:]!r}"),
}


def look(*directories):
    """Checks every file; what was read by name, and what was left beside."""
    found, beside = {}, {}
    for directory in directories:
        for path in sorted(directory.iterdir()) if directory.exists() else []:
            if path.name in BESIDE:
                meta = path.stat()
                beside[path] = (meta.st_ino, meta.st_mtime_ns)
                continue
            must(path.name in READERS, f"nobody knows {path}")
            try:
                found[path.name] = READERS[path.name](path.read_bytes())
            except (Torn, ValueError, EOFError, OSError, zlib.error, struct.error) as error:
                raise Torn(f"{path}: {error}") from error
    return found, beside
