// Guide: what is on everywhere, or a channel's days with all that is told of its events.

import programme, { TICK, around, elapsed, chosen, isOff, over, emptiness } from "./programme.js";
import { clock, day, fill, h, mark } from "./dom.js";
import { get } from "./api.js";
import { language, t } from "./texts.js";
import { logo, play } from "./channels.js";

const SHORT = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric" });
/** No guide reaches further, in seconds. */
const REACH = 15 * 86400;

/** The upper content nibbles of EN 300 468, table 29, from 1. */
const GENRES = ["Film, drama", "News", "Show, game", "Sport", "Children, youth", "Music, dance", "Arts, culture", "Society, economics", "Education, science", "Leisure"];
const ROLES = { director: "Director", actor: "Cast", writer: "Writer", producer: "Producer", composer: "Music", presenter: "Presenter", guest: "Guests" };

const tongues = new Intl.DisplayNames(language, { type: "language" });
function tongue(code) {
  try {
    return tongues.of(code);
  } catch {
    return code;
  }
}

/** What is known of an event besides its texts, as pairs. */
function facts({ genre, details = {} }) {
  const named = (role) => (details.credits ?? []).filter((credit) => credit.role === role).map((credit) => credit.name).join(", ");
  return [
    [t("Genre"), GENRES[(genre >> 4) - 1] && t(GENRES[(genre >> 4) - 1])],
    [t("Year"), details.year],
    [t("From"), details.countries?.join(", ")],
    [t("Age"), details.age !== undefined && t("from {0} years", details.age)],
    ...Object.entries(ROLES).map(([role, label]) => [t(label), named(role)]),
    [t("Language"), details.language && tongue(details.language)],
    [t("Picture"), [details.quality?.toUpperCase(), details.aspect].filter(Boolean).join(" ")],
    [t("Sound"), details.sound && t(details.sound)],
    [t("Subtitles"), details.has_subtitles && t("yes")],
  ].filter(([, value]) => value);
}

const texts = ({ title, summary, description }) => [title && h("b", {}, title), summary && h("p", {}, summary), description && h("p.text", {}, description)];

function described(event) {
  const minutes = Math.round((Date.parse(event.stop) - Date.parse(event.start)) / 60000);
  return h("details.event", { "data-at": event.start },
    h("summary", {}, h("time", { dateTime: event.start }, clock(event.start)), h("span.title", {}, event.title, event.summary && h("span.soft", {}, event.summary))),
    h("div.more.stack", {}, h("p.soft", {}, t("{0} to {1}, {2} minutes", clock(event.start), clock(event.stop), minutes)),
      event.description && h("p.text", {}, event.description),
      h("dl", {}, facts(event).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      (event.details?.translations ?? []).map((other) => h("div.stack", {}, h("h3.soft", {}, tongue(other.language)), texts(other)))));
}

/** A channel's days. */
async function days(place, slug) {
  const box = h("div");
  const how = elapsed();
  let events = [];
  let failed = false;
  let isOver = false;
  let timer = null;

  const head = (channels, at) => {
    const here = channels.findIndex((one) => one.slug === slug);
    const to = (one, kind, label) => one && h("a.button.small." + kind, { href: `#guide/${one.slug}`, rel: kind }, label(one.name));
    const { number, name } = channels[here];
    document.title = `${name} · xg2g`;
    return [
      h("nav.row.ways", { "aria-label": t("Channels") }, h("a.button.small", { href: "#guide" }, t("All channels")),
        to(channels[here - 1], "prev", (one) => `← ${one}`), to(channels[here + 1], "next", (one) => `${one} →`)),
      h("div.row.whose", {}, logo(channels[here], at), h("p.big", {}, h("span.number", {}, number), " ", name), play(channels[here], at)),
    ];
  };

  /** Shows what is not over, with the same events open as before. */
  function render() {
    const marked = (what) => new Set([...box.querySelectorAll(what)].map((one) => one.dataset.at));
    const open = marked("details[open]");
    const focused = document.activeElement?.closest("details")?.dataset.at;
    const at = Date.now();
    events = events.filter((event) => Date.parse(event.stop) > at);
    const groups = new Map();
    for (const event of events) {
      const element = described(event);
      element.open = open.has(element.dataset.at);
      const runs = Date.parse(event.start) <= at;
      if (runs) {
        element.classList.add("running");
        element.firstChild.setAttribute("aria-current", "time");
        element.firstChild.append(h("span.badge", {}, t("now")), how);
      }
      // What began yesterday is on today.
      const name = day(runs ? at : event.start);
      if (!groups.has(name)) groups.set(name, { time: runs ? at : event.start, parts: [] });
      groups.get(name).parts.push(element);
    }
    const shown = [...groups].map(([name, { time, parts }]) => ({ time, title: h("h2", { tabIndex: -1 }, name), parts }));
    const jump = ({ time, title }) => h("button.small", { type: "button", onclick: () => {
      title.scrollIntoView();
      title.focus({ preventScroll: true });
    } }, SHORT.format(new Date(time)));
    fill(box, h("nav.row.jumps", { "aria-label": t("Days") }, shown.map(jump)), shown.map(({ title, parts }) => h("section.day", {}, title, h("div.card", {}, parts))));
    if (focused) box.querySelector(`[data-at="${focused}"] summary`)?.focus({ preventScroll: true });
    pass();
  }

  /** Lets time pass. */
  function pass() {
    if (document.hidden || events.length === 0) return;
    const runs = Date.parse(events[0].start) <= Date.now();
    if (Date.parse(events[0].stop) <= Date.now() || (runs && !how.isConnected)) render();
    else if (runs) how.value = over(events[0]);
  }

  async function load() {
    try {
      const now = Math.floor(Date.now() / 1000);
      const [channels, at] = await Promise.all([around(slug), get("/api/v1/addresses")]);
      const isKnown = channels.some((channel) => channel.slug === slug);
      const told = isKnown ? (await get(`/api/v1/epg?channel=${encodeURIComponent(slug)}&from=${now}&to=${now + REACH}`)).events : [];
      if (isOver) return;
      failed = false;
      events = told;
      if (!box.isConnected) fill(place, isKnown && head(channels, at), box);
      if (events.length > 0) return render();
      const why = !isKnown ? t("There is no such channel.") : (await isOff()) ? t("The guide is switched off in the settings.") : t("There is no guide for this channel yet.");
      fill(box, h("div.card.stack", {}, mark("off", why), !isKnown && h("a.button", { href: "#guide" }, t("All channels"))));
    } catch (error) {
      if (isOver) return;
      failed = true;
      fill(place, emptiness(error));
    }
  }
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(load, 500);
  };

  chosen.slug = slug;
  await load();
  const loaded = Date.now();
  const ticks = setInterval(pass, TICK);
  return {
    notice(news) {
      if (news.type === "guide.changed" ? news.all || news.channels.includes(slug) : news.type !== "refresh.progress" && (failed || (news.type === "hello" && Date.now() - loaded > 5000))) soon();
    },
    leave() {
      isOver = true;
      clearInterval(ticks);
      clearTimeout(timer);
    },
  };
}

/** Shows it. */
export default function guide(place, [slug]) {
  return slug ? days(place, slug) : programme(place, (_, { number, name, what }) => [number, name, what]);
}
