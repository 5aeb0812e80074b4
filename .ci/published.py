"""What a running xg2g publishes, read the way a client reads it: the playlist and the guide."""

import re
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

ATTRIBUTE = re.compile(r'([A-Za-z][\w-]*)="([^"]*)"')


@dataclass(frozen=True)
class Channel:
    """One #EXTINF entry of the playlist."""

    name: str
    id: str
    number: str
    logo: str
    radio: bool
    groups: tuple
    url: str

    @property
    def kind(self):
        return "radio" if self.radio else "tv"

    @property
    def slug(self):
        """The channel in addresses of its own."""
        return PurePosixPath(urllib.parse.urlsplit(self.url).path).stem

    def __str__(self):
        return f"{self.kind} {self.number} {self.name!r}"


@dataclass(frozen=True)
class Event:
    """One <programme> of the guide; start and stop are seconds since 1970, UTC."""

    start: int
    stop: int
    title: str
    subtitle: str
    text: str


def fetch(url, timeout=20):
    """The body behind `url`; any status but 2xx raises."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read()


def channels(body):
    """The entries of an M3U in its order. Raises ValueError on an entry that is not whole."""
    found, entry = [], None
    lines = body.decode("utf-8").split("\n")
    if not lines[0].startswith("#EXTM3U"):
        raise ValueError(f"the playlist starts with {lines[0][:40]!r}")
    for line in lines[1:]:
        if line.startswith("#EXTINF:"):
            if entry:
                raise ValueError(f"no URL after {entry[:80]!r}")
            entry = line
        elif line and not line.startswith("#"):
            if not entry:
                raise ValueError(f"a URL without #EXTINF: {line[:80]!r}")
            found.append(channel(entry, line))
            entry = None
    if entry:
        raise ValueError(f"no URL after {entry[:80]!r}")
    return found


def channel(entry, url):
    """One channel from its #EXTINF line and its URL line."""
    attributes = dict(ATTRIBUTE.findall(entry))
    name = entry[entry.rfind('"') + 1:].partition(",")[2]
    groups = tuple(filter(None, attributes.get("group-title", "").split(";")))
    return Channel(
        name=name.strip(" "),
        id=attributes.get("tvg-id", ""),
        number=attributes.get("tvg-chno", ""),
        logo=attributes.get("tvg-logo", ""),
        radio=attributes.get("radio") == "true",
        groups=groups,
        url=url,
    )


def guide(body):
    """The events of an XMLTV file by channel id, each list in order of time."""
    root = ElementTree.fromstring(body)
    events = defaultdict(list)
    for channel in root.iter("channel"):
        events[channel.get("id")] = []
    for programme in root.iter("programme"):
        events[programme.get("channel")].append(Event(
            start=seconds(programme.get("start")),
            stop=seconds(programme.get("stop")),
            title=text(programme, "title"),
            subtitle=text(programme, "sub-title"),
            text=text(programme, "desc"),
        ))
    for list_ in events.values():
        list_.sort(key=lambda event: event.start)
    return dict(events)


def seconds(stamp):
    """XMLTV's `20261122204500 +0000` as seconds since 1970."""
    return int(datetime.strptime(stamp, "%Y%m%d%H%M%S %z").timestamp())


def text(programme, tag):
    """The text of the first child `tag`, or nothing."""
    return squeeze(programme.findtext(tag) or "")


def squeeze(value):
    """White space as a reader sees it, for comparing texts."""
    return " ".join(value.split())
