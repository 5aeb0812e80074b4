// The page: its views, and who is told what happens.

import { button, fill, h } from "./dom.js";
import { language, t } from "./texts.js";
import { keepToken } from "./api.js";
import { follow } from "./live.js";
import { pair } from "./pairing.js";
import home from "./home.js";
import watch from "./watch.js";
import channels from "./channels.js";
import guide from "./guide.js";
import settings from "./settings.js";
import check from "./check.js";
import log from "./log.js";

/** Views by name: what shows them, title, and the tab they belong to. What shows a view may give back `{notice, leave}`. */
const VIEWS = {
  home: { view: home, title: "Home", tab: "home" },
  watch: { view: watch, title: "Watch on", tab: "watch" },
  channels: { view: channels, title: "Channels", tab: "channels" },
  guide: { view: guide, title: "Guide", tab: "guide" },
  settings: { view: settings, title: "Settings", tab: "settings" },
  check: { view: check, title: "Check my setup", tab: "settings" },
  log: { view: log, title: "Log", tab: "settings" },
};
const SETUP = ["settings", "check", "log"];
/** The drawings of the tabs, in a square of 24. */
const ICONS = {
  home: "M4 11l8-7 8 7v9h-5v-6h-6v6H4z",
  watch: "M3 5h18v12H3zM8 21h8M12 17v4",
  channels: "M4 6h2M9 6h11M4 12h2M9 12h11M4 18h2M9 18h11",
  guide: "M4 5h16v15H4zM4 10h16M9 3v4M15 3v4",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
};

const main = document.getElementById("main");
const state = document.getElementById("state");
const navigation = h("nav", { "aria-label": t("Views") });
let shown = { name: "", view: null };

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(svg.namespaceURI, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function tabs(current) {
  const tab = (name) => {
    const title = name === "settings" ? t("Setup") : t(VIEWS[name].title);
    const link = h("a", { href: "#" + name }, icon(ICONS[name]), h("span", {}, title));
    if (VIEWS[current].tab === name) link.setAttribute("aria-current", name === current ? "page" : "true");
    return link;
  };
  fill(navigation, Object.keys(ICONS).map(tab));
}

/** The parts of the setup, above each of them. */
function parts(current) {
  const part = (name) => h("a", { href: "#" + name, ...(name === current && { "aria-current": "page" }) }, t(VIEWS[name].title));
  return h("nav.parts", { "aria-label": t("Setup") }, SETUP.map(part));
}

/** What went wrong, and a way in where a token is missing. */
function trouble(error) {
  const told = h("p.problem", { role: "alert" }, error.message);
  if (!["E010", "E011", "E012"].includes(error.answer?.code)) return told;
  const enter = async () => {
    keepToken(null);
    await pair();
    await show();
  };
  return h("div.stack", {}, told, h("p", {}, t("To see this, this browser must be paired or have the token.")), button(t("Pair this browser"), enter, ".first"));
}

async function show() {
  const [name, ...rest] = decodeURIComponent(location.hash.slice(1) || "home").split("/");
  // Such as that of the link over the navigation.
  if (!VIEWS[name]) return;
  shown.view?.leave?.();
  const entered = { name, view: null };
  shown = entered;
  tabs(name);
  const title = t(VIEWS[name].title);
  document.title = `${title} · xg2g`;
  const place = h("div.view", { id: name });
  fill(main, SETUP.includes(name) && parts(name), h("h1", {}, title), place);
  window.scrollTo(0, 0);
  try {
    entered.view = await VIEWS[name].view(place, rest);
  } catch (error) {
    if (shown === entered) fill(place, trouble(error));
  }
  // Whoever left while it was loading.
  if (shown !== entered) entered.view?.leave?.();
}

const WAYS = { live: "Live", polling: "Every 5 seconds", away: "Connection lost, trying again", locked: "Not paired" };

function way(name) {
  if (state.dataset.way === name) return;
  state.dataset.way = name;
  state.textContent = t(WAYS[name]);
}

document.documentElement.lang = language;
document.body.prepend(h("a.skip", { href: "#main", onclick: () => main.focus() }, t("To the content")));
document.querySelector("header").append(navigation);
addEventListener("hashchange", async () => {
  await show();
  main.focus({ preventScroll: true });
});
await show();
follow((notice) => shown.view?.notice?.(notice), way);
