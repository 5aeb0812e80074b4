"""Every view: what it shows, that it fits, that it can be read, seen and reached."""

import re
import urllib.request
from urllib.parse import unquote

from browser import Failure, check, until

SIZES = ((320, 640), (375, 740), (1280, 800))
TITLES = {
    "home": ("Home", "Start"), "watch": ("Watch on", "Ansehen"), "channels": ("Channels", "Sender"), "guide": ("Guide", "Programm"),
    "settings": ("Settings", "Einstellungen"), "check": ("Check my setup", "Prüfen"), "log": ("Log", "Protokoll"),
}
# What is there once a view has shown itself.
SIGNS = {
    "home": "#home-coverage .big", "watch": "#watch-vlc code.address", "channels": "li.channel .name", "guide": "li.channel .name",
    "settings": "details[open] div.key .help", "check": "button.run", "log": "li.line",
}
CONTROLS = {"button", "link", "textbox", "searchbox", "checkbox", "combobox", "spinbutton", "radio", "switch", "slider", "listbox",
            "progressbar", "dialog", "navigation", "DisclosureTriangle"}
# Shared by the scripts below: whether somebody can see an element.
SEEN = """
const seen = (one) => one.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && one.getBoundingClientRect().width > 0 && one.getBoundingClientRect().right > 0;
const named = (one) => one.tagName.toLowerCase() + (one.id && "#" + one.id) + (one.classList.length ? "." + [...one.classList].join(".") : "")
    + " " + JSON.stringify((one.innerText ?? one.textContent).slice(0, 40));
"""
# What reaches beyond the right edge, unless a part of the page scrolls it.
WIDER = SEEN + """
const clips = (one) => one && (getComputedStyle(one).overflowX !== "visible" || clips(one.parentElement));
const wide = [...document.body.querySelectorAll("*")]
    .filter((one) => seen(one) && one.getBoundingClientRect().right > innerWidth + 0.5 && !clips(one.parentElement)).map(named);
const page = document.scrollingElement.scrollWidth;
return page > innerWidth ? [`the page is ${page} wide`, ...wide] : wide;
"""
# What only a mistake makes a page say.
NONSENSE = re.compile(r"\b(undefined|null|NaN|Invalid Date|\[object \w+\]|\{\d\})(?!\w)")
UNNAMED_IMAGES = "return [...document.images].filter((one) => one.getAttribute('alt') === null).map((one) => one.src)"
# Texts whose colour stands out too little, and how many there are. What is switched off need not stand out.
FAINT = SEEN + """
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const brush = canvas.getContext("2d", {willReadFrequently: true});
const known = new Map();
const colour = (text) => {
    if (!known.has(text)) {
        brush.clearRect(0, 0, 1, 1);
        brush.fillStyle = text;
        brush.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
        known.set(text, [r, g, b, a / 255]);
    }
    return known.get(text);
};
const over = ([r, g, b, a], below) => [r, g, b].map((part, at) => part * a + below[at] * (1 - a));
const behind = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
        const layer = colour(getComputedStyle(at).backgroundColor);
        layers.push(layer);
        if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), colour("Canvas").slice(0, 3));
};
const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const shade = (one) => one ? Number(getComputedStyle(one).opacity) * shade(one.parentElement) : 1;
const faint = [];
let texts = 0;
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const one = node.parentElement;
    if (!node.data.trim() || !seen(one) || one.closest(":disabled, option")) continue;
    texts += 1;
    const back = behind(one), [r, g, b, a] = colour(getComputedStyle(one).color);
    const front = over([r, g, b, a * shade(one)], back);
    const [dark, bright] = [light(front), light(back)].sort((x, y) => x - y);
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${named(one)}`);
}
return {texts, faint};
"""
# What can be reached by the keyboard.
REACHABLE = SEEN + """
return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter((one) => one.tabIndex >= 0 && !one.disabled && (seen(one) || one.classList.contains("skip"))).map((one, at) => {
        one.dataset.reach = at;
        return named(one);
    });
"""
# The element in focus: its number, whether that can be seen, and what hides it.
FOCUSED = SEEN + """
const one = document.activeElement;
if (!one || one === document.body) return null;
const style = getComputedStyle(one), place = one.getBoundingClientRect();
const top = document.elementFromPoint(place.x + place.width / 2, place.y + Math.min(place.height / 2, 20));
const hidden = !top ? "the edge of the window" : one.contains(top) || top.contains(one) || top.labels?.length || one.closest("label")?.contains(top) ? null : named(top);
return {at: Number(one.dataset.reach ?? -1), name: named(one), hidden,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
"""


def show(browser, gateway, view, rest=""):
    """Opens a view anew and waits until it has shown itself."""
    browser.open(f"{gateway.base}/#{view}{rest}")
    try:
        until(f"the view {view}", lambda: browser.text(f"#{view} {SIGNS[view]}" if not rest else f"#{view}"))
        if view in ("channels", "guide") and not rest:
            # Rows come bit by bit.
            total = gateway.api("/api/v1/channels?limit=1")["total"]
            until("all rows", lambda: browser.run("return document.querySelectorAll('li.channel').length") == total)
    except Failure as late:
        raise Failure(f"{late}: {browser.text('body')!r:.600}, {browser.forgive()}") from late


def check_form(browser, where):
    """Nothing wide, one heading, names for all that is used or looked at."""
    wide = browser.run(WIDER)
    if wide:
        raise Failure(f"{where}: wider than the window: {wide[:5]}")
    nonsense = NONSENSE.search(browser.text("body"))
    if nonsense:
        raise Failure(f"{where}: it says {nonsense.string[max(0, nonsense.start() - 60):nonsense.end() + 20]!r}")
    headings = browser.texts("h1")
    if len(headings) != 1:
        raise Failure(f"{where}: headings {headings}")
    names = [(role, name) for role, name in browser.names() if role in CONTROLS]
    unnamed = [role for role, name in names if not name.strip()]
    if unnamed or not names:
        raise Failure(f"{where}: {len(unnamed)} of {len(names)} controls have no name: {unnamed[:5]}")
    images = browser.run(UNNAMED_IMAGES)
    if images:
        raise Failure(f"{where}: images without alt: {images[:3]}")
    return len(names)


def check_contrast(browser, where):
    found = browser.run(FAINT)
    if found["faint"] or not found["texts"]:
        raise Failure(f"{where}: {len(found['faint'])} of {found['texts']} texts are faint: {found['faint'][:5]}")
    return found["texts"]


def check_views(browser, gateway, views):
    for column, tag in enumerate(("en-GB", "de-DE")):
        browser.language(tag)
        for view in views:
            controls, texts = set(), set()
            for width, height in SIZES:
                browser.size(width, height)
                browser.scheme("light")
                show(browser, gateway, view)
                # What is folded is judged, too.
                browser.run("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
                where = f"{view}, {tag}, {width}×{height}"
                if browser.text("h1") != TITLES[view][column] or browser.run("return document.documentElement.lang") != tag:
                    raise Failure(f"{where}: {browser.text('h1')!r}, {browser.run('return document.documentElement.lang')}")
                controls.add(check_form(browser, where))
                texts.add(check_contrast(browser, where + ", light"))
                browser.scheme("dark")
                texts.add(check_contrast(browser, where + ", dark"))
            check(True, f"{view}, {tag}: {browser.text('h1')!r}; {min(controls)} controls have names, {min(texts)} texts can be read, "
                        f"nothing is wide from {SIZES[0][0]} px on")
    browser.language("en-GB")
    browser.scheme("light")


def check_keyboard(browser, gateway, views):
    """Tab goes to all there is, and one sees where it is."""
    browser.size(375, 740)
    for view in views:
        show(browser, gateway, view)
        wanted = browser.run(REACHABLE)
        seen = {}
        # Lists are long; what is in them is alike. The first Tab goes into the view, and at the end it goes round.
        for _ in range(min(len(wanted), 120) + 10):
            browser.press("Tab")
            focused = browser.run(FOCUSED)
            if focused is None:
                continue
            if not focused["ring"]:
                raise Failure(f"{view}: the focus on {focused['name']} is not seen")
            if focused["hidden"]:
                raise Failure(f"{view}: {focused['name']} in focus is hidden by {focused['hidden']}")
            seen[focused["at"]] = focused["name"]
        missed = [name for at, name in enumerate(wanted) if at not in seen] if len(wanted) < 120 else []
        check(not missed and len(seen) > 5, f"{view}: Tab reaches {len(seen)} of {len(wanted)} controls, each is seen; missed: {missed[:3]}")


def events_of(gateway):
    """What is on now, by slug."""
    return {one["channel"]: one for one in gateway.api("/api/v1/now")["channels"]}


def check_home(browser, gateway):
    status = gateway.api("/api/v1/status")
    show(browser, gateway, "home")
    count = status["channels"]["tv"] + status["channels"]["radio"]
    shown = browser.text("#home-coverage")
    check(shown and f"{count} channels" in shown and f"{status['guide']['channels']} of them" in shown, f"Home counts: {shown!r}")
    shown = browser.text("#home-receiver")
    check(status["receiver"]["model"] in shown, f"Home names the receiver: {shown!r}")
    shown = browser.text("#home-tuners")
    check(str(gateway.api("/api/v1/tuners")["total"]) in shown, f"Home counts tuners: {shown!r}")
    check("Nobody is watching." in browser.text("#home-streams"), "Home knows that nobody is watching")
    check(browser.run("return document.querySelectorAll('#home-health .mark').length > 0"), f"Home tells: {browser.text('#home-health')!r}")
    name = gateway.api("/api/v1/channels")["channels"][0]["name"]
    address = re.search(r"http://\S+/stream/\S+", gateway.fetch("/playlist.m3u").decode())[0]
    with urllib.request.urlopen(address, timeout=20) as player:
        player.read(18800)
        shown = browser.shows("#home-streams", re.escape(name))
        check("1 player" in shown, f"a stream that begins is shown by itself: {shown!r}")
        show(browser, gateway, "home")
        shown = browser.shows("#home-tuners", "Stream:")
        check(f"Stream: {name}" in shown, f"and who has the tuner, by name: {shown!r}")
    browser.shows("#home-streams", "Nobody is watching", 30)


def check_addresses(browser, gateway):
    known = gateway.api("/api/v1/addresses")
    show(browser, gateway, "watch")
    wanted = {
        "kodi": ["playlist"], "jellyfin": ["playlist", "guide"], "plex": ["hdhomerun", "plex_guide"], "emby": ["playlist", "guide"],
        "tvheadend": ["playlist", "guide"], "vlc": ["playlist"],
    }
    for player, keys in wanted.items():
        shown = browser.texts(f"#watch-{player} code.address")
        if shown != [known[key] for key in keys]:
            raise Failure(f"{player}: {shown}")
    check(gateway.base in known["playlist"], f"the addresses of {len(wanted)} players are those of the API: {known['playlist']} …")


def check_channels(browser, gateway):
    channels = gateway.api("/api/v1/channels?limit=10")["channels"][:10]
    now = events_of(gateway)
    show(browser, gateway, "channels")
    for channel in channels:
        row = f'li.channel[data-slug="{channel["slug"]}"]'
        if browser.text(f"{row} .name") != channel["name"] or str(channel["number"]) not in browser.text(f"{row} .number"):
            raise Failure(f"{channel['name']}: {browser.text(row)!r}")
    first = next(channel for channel in channels if now.get(channel["slug"], {}).get("now"))
    row = f'li.channel[data-slug="{first["slug"]}"]'
    title = now[first["slug"]]["now"]["title"]
    browser.shows(f"{row} .now", re.escape(title))
    share = browser.run("const bar = document.querySelector(arguments[0]); return bar && bar.value / bar.max", f"{row} progress")
    check(share is not None and 0 <= share <= 1, f"Channels: {first['number']} {first['name']}: {title}, {round((share or 0) * 100)} % of it")
    link = unquote(browser.run("return document.querySelector(arguments[0])?.href ?? ''", f"{row} a.play"))
    check(gateway.base + first["stream"] in link, f"it is played by {link!r}")


def check_guide(browser, gateway):
    channels = gateway.api("/api/v1/channels?limit=10")["channels"][:10]
    now = events_of(gateway)
    show(browser, gateway, "guide")
    first = next(channel for channel in channels if now.get(channel["slug"], {}).get("next"))
    both = now[first["slug"]]
    shown = browser.shows(f'#guide li.channel[data-slug="{first["slug"]}"]', re.escape(both["next"]["title"]))
    check(both["now"]["title"] in shown, f"Guide: {first['name']} has {both['now']['title']}, then {both['next']['title']}")
    show(browser, gateway, "guide", f"/{first['slug']}")
    until("the channel's events", lambda: browser.texts("#guide details.event"))
    events = gateway.api(f"/api/v1/epg?channel={first['slug']}&from={both['now']['start']}")["events"]
    shown = browser.texts("#guide details.event summary")
    found = [event for event in events[:5] if any(event["title"] in text for text in shown)]
    days = browser.texts("#guide h2")
    check(len(found) == len(events[:5]) and len(days) >= 2, f"its days have {len(shown)} events under {days[:3]}")
    browser.click("#guide details.event summary")
    check(browser.run("return document.querySelector('#guide details.event').open"), f"an event opens: {browser.text('#guide details.event')!r:.150}")
