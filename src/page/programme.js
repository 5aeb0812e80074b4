// Channels with what is on, for Channels and Guide. Lists may be long: rows are made and asked for in sections.

import { clock, fill, h, mark } from "./dom.js";
import { count, language, t } from "./texts.js";
import { get, pause } from "./api.js";

const ROWS = 50;
/** Between two questions, in milliseconds: clients may ask ten a second. */
const PAUSE = 150;
export const TICK = 10000;
/** Who was told of something that is over already asks again, but not sooner. Clocks differ. */
const AGAIN = 60000;
const ONE_DAY = 86400000;
const DATE = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });

/** What both views show: a bouquet, a medium, and whose guide was looked at last. */
export const chosen = { bouquet: "", media: "", words: "", bare: false, slug: "" };
let known = [];

const query = () => ["bouquet", "media"].filter((key) => chosen[key]).map((key) => `${key}=${encodeURIComponent(chosen[key])}&`).join("");

/** The channels of the bouquet and medium that are chosen, in their order. */
async function lineup() {
  const all = [];
  for (;;) {
    const { total, channels } = await get(`/api/v1/channels?${query()}offset=${all.length}`);
    all.push(...channels);
    if (channels.length === 0 || all.length >= total) return (known = all);
  }
}

/** The same as last asked for, if this channel is among them; else all channels. */
export async function around(slug) {
  const has = (channels) => channels.some((channel) => channel.slug === slug);
  if (has(known) || has(await lineup())) return known;
  Object.assign(chosen, { bouquet: "", media: "" });
  return lineup();
}

/** Why there is nothing to see. */
export function emptiness(error) {
  if (error.answer?.code !== "E301") return h("p.problem", { role: "alert" }, error.message);
  return h("div.card.stack", {}, mark("off", t("The receiver has not told its channels yet.")),
    h("p", {}, h("a.button", { href: "#check" }, t("Check my setup"))));
}

/** Whether the guide is switched off. */
export const isOff = async () => (await get("/api/v1/config")).keys?.find(({ key }) => key === "guide.enabled")?.value === false;

/** A bar for an event that is on. */
export const elapsed = () => h("progress", { max: 1, "aria-label": t("How much of it is over") });
/** How much of it is over, from 0 to 1. */
export const over = (event) => (Date.now() - Date.parse(event.start)) / (Date.parse(event.stop) - Date.parse(event.start));

/** For searching: without case and accents. */
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** A channel, and what is on. Its elements are made when they are needed. */
class Row {
  constructor(channel) {
    this.channel = channel;
    this.words = `${channel.number} ${folded(channel.name)}`;
    /** When it was asked what is on. */
    this.asked = 0;
  }

  element(make) {
    if (!this.item) {
      const { slug, number, name } = this.channel;
      const parts = { from: h("span"), title: h("p.now"), how: elapsed(), to: h("span"), then: h("p.next.soft"), reach: h("span") };
      parts.number = h("span.number", {}, number);
      parts.name = h("a.name", { href: `#guide/${slug}` }, name);
      parts.what = h("div.what", {}, parts.title, h("p.time", {}, parts.from, parts.how, parts.to), parts.then);
      this.parts = parts;
      this.item = h("li.channel", { "data-slug": slug }, make(this.channel, parts));
      this.show();
    }
    return this.item;
  }

  show() {
    if (!this.item) return;
    const { now, next, parts } = this;
    const until = this.channel.guide_until;
    parts.title.textContent = now?.title ?? "";
    parts.from.textContent = now ? clock(now.start) : "";
    parts.to.textContent = now ? clock(now.stop) : "";
    parts.how.hidden = !now;
    if (now) parts.how.value = over(now);
    parts.then.textContent = next ? `${clock(next.start)} ${next.title}` : "";
    parts.what.hidden = now === null && !next;
    parts.reach.textContent = until ? t("Guide until {0}", DATE.format(new Date(until))) : t("No guide");
    parts.reach.className = until && Date.parse(until) > Date.now() + ONE_DAY ? "" : "bare";
  }

  /** Whether there is something to ask. */
  isOld() {
    const at = Date.now();
    // What is not known has no time, and is never over.
    const change = Date.parse(this.now?.stop ?? this.next?.start);
    return this.asked === 0 || (change <= at && (this.asked < change || this.asked + AGAIN <= at));
  }
}

/** Shows the list. `make` puts the parts of a channel's row together; `bare`: those without a guide can be chosen. */
export default async function programme(place, make, bare = false) {
  let rows = [];
  let shown = [];
  /** The lists that the rows are in, and what is in each. */
  let parts = new Map();
  const near = new Set();
  /** When; 0: there is nothing to be shown. */
  let loaded = 0;
  let generation = null;
  let loads = 0;
  let turn = 0;
  let timer = null;
  let isBusy = false;
  let isOver = false;

  const select = (key, label) => h("select", { "aria-label": label, onchange: (event) => {
    chosen[key] = event.target.value;
    load();
  } });
  const search = h("input", { type: "search", value: chosen.words, placeholder: t("Name or number"), "aria-label": t("Search channels"), oninput: () => {
    chosen.words = search.value;
    arrange();
  } });
  const bouquet = select("bouquet", t("Bouquet"));
  const media = select("media", t("TV or radio"));
  const only = h("input", { type: "checkbox", checked: chosen.bare, onchange: () => {
    chosen.bare = only.checked;
    arrange();
  } });
  const sum = h("p.soft", { role: "status" });
  const hint = h("div");
  const list = h("div.rows");
  const tools = h("div.tools", { role: "search", hidden: true }, search, bouquet, media, bare && h("label", {}, only, t("Without a guide")), sum);
  fill(place, tools, hint, list);

  const options = (element, value, all) => {
    fill(element, all.map(([value, label]) => h("option", { value }, label)));
    element.value = value;
  };
  options(media, chosen.media, [["", t("TV and radio")], ["tv", t("TV")], ["radio", t("Radio")]]);

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(load, 500);
  };

  const section = (part) => {
    const element = h("ul.list", { role: "list" });
    element.style.setProperty("--rows", part.length);
    parts.set(element, part);
  };
  const complete = (element) => element.firstChild || element.append(...parts.get(element).map((row) => row.element(make)));
  const observer = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      // What was replaced meanwhile is of no interest.
      if (!parts.has(target)) continue;
      near[isIntersecting ? "add" : "delete"](target);
      if (isIntersecting) complete(target);
    }
    ask();
  }, { rootMargin: "1000px 0px" });

  /** Shows those that are searched for: at once the first of them, the others bit by bit. */
  async function arrange() {
    const words = folded(chosen.words).split(" ").filter(Boolean);
    const found = rows.filter((row) => words.every((word) => row.words.includes(word)) && !(bare && chosen.bare && row.channel.guide_until));
    // The number itself comes first.
    const exact = found.findIndex((row) => String(row.channel.number) === words[0]);
    if (exact > 0) found.unshift(...found.splice(exact, 1));
    sum.textContent = found.length === 0 ? t("No channel is found.") : count(found.length, "{0} channel", "{0} channels");
    // What stands there already keeps its place and the focus.
    if (found.length === shown.length && found.every((row, at) => row === shown[at])) return ask();
    shown = found;
    const mine = ++turn;
    observer.disconnect();
    near.clear();
    parts = new Map();
    for (let at = 0; at < found.length; at += ROWS) section(found.slice(at, at + ROWS));
    const sections = [...parts.keys()];
    if (sections[0]) complete(sections[0]);
    fill(list, sections);
    sections.forEach((one) => observer.observe(one));
    for (const one of sections) {
      await pause(20);
      if (mine !== turn || isOver) return;
      complete(one);
    }
  }

  /** Asks what is on, as long as somebody may see a row that does not know. */
  async function ask() {
    if (isBusy) return;
    isBusy = true;
    try {
      while (!document.hidden && !isOver) {
        const old = [...parts].flatMap(([element, part]) => (near.has(element) ? part : [])).find((row) => row.isOld());
        if (!old) break;
        const at = rows.indexOf(old);
        const asked = rows.slice(at, at + ROWS);
        const { channels } = await get(`/api/v1/now?${query()}offset=${at}&limit=${ROWS}&texts=false`);
        const news = new Map(channels.map((one) => [one.channel, one]));
        for (const row of asked) {
          const { now = null, next } = news.get(row.channel.slug) ?? {};
          Object.assign(row, { now, next, asked: Date.now() });
          row.show();
        }
        await pause(PAUSE);
      }
    } catch {
      // The next tick asks again.
    } finally {
      isBusy = false;
    }
  }

  async function load() {
    clearTimeout(timer);
    const mine = ++loads;
    try {
      const [channels, { bouquets }] = await Promise.all([lineup(), get("/api/v1/bouquets")]);
      if (mine !== loads || isOver) return;
      const key = (channel) => JSON.stringify({ ...channel, guide_until: 0 });
      const before = new Map(rows.map((row) => [key(row.channel), row]));
      rows = channels.map((channel) => Object.assign(before.get(key(channel)) ?? new Row(channel), { channel, asked: 0 }));
      rows.forEach((row) => row.show());
      options(bouquet, chosen.bouquet, [["", t("All bouquets")], ...bouquets.map(({ stem, name }) => [stem, name])]);
      const isBare = rows.length > 0 && !rows.some((row) => row.channel.guide_until);
      fill(hint, isBare && mark("off", (await isOff()) ? t("The guide is switched off in the settings.") : t("There is no guide yet.")));
      loaded = Date.now();
      tools.hidden = false;
      arrange();
    } catch (error) {
      if (mine !== loads || isOver) return;
      if (chosen.bouquet && error.status === 404) {
        chosen.bouquet = "";
        return load();
      }
      loaded = 0;
      tools.hidden = true;
      rows = [];
      arrange();
      fill(hint, emptiness(error));
    }
  }

  const tick = () => {
    if (document.hidden) return;
    near.forEach((element) => parts.get(element).forEach((row) => row.show()));
    ask();
  };
  const ticks = setInterval(tick, TICK);
  document.addEventListener("visibilitychange", tick);

  await load();
  // Back from a channel's guide.
  const last = shown.find((row) => row.channel.slug === chosen.slug);
  if (last) {
    for (const [element, part] of parts) if (part.includes(last)) complete(element);
    last.item.scrollIntoView({ block: "center" });
  }
  chosen.slug = "";

  return {
    notice(news) {
      if (news.type === "guide.changed") {
        const changed = new Set(news.channels);
        rows.forEach((row) => (news.all || changed.has(row.channel.slug)) && (row.asked = 0));
        ask();
      } else if (news.type === "refresh.finished") {
        if (!loaded || news.generation !== generation) soon();
        generation = news.generation;
      } else if (news.type === "hello" || news.type === "poll") {
        // Who was away may have missed something.
        if (Date.now() - loaded > (news.type === "poll" ? AGAIN : 5000)) soon();
      }
    },
    leave() {
      isOver = true;
      observer.disconnect();
      clearInterval(ticks);
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", tick);
    },
  };
}
