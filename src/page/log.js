// Log: its last lines, the newest first: on a phone these are the ones one sees.

import { copier, fill, h } from "./dom.js";
import { count, language, t } from "./texts.js";
import { get } from "./api.js";

/** How often it is read, while somebody looks. */
const LOG_GLANCE = 3000;
/** From the worst on. */
const LEVELS = ["error", "warn", "info", "debug", "trace"];
const LEVEL_WORDS = { error: "Error", warn: "Warning", info: "Info", debug: "Debug", trace: "Trace" };
const MARKS = { error: ".mark.problem", warn: ".mark.warning" };

const SECONDS = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const LINE_DAY = new Intl.DateTimeFormat(language, { day: "2-digit", month: "2-digit" });

function when(time) {
  const date = new Date(time);
  const day = date.toDateString() === new Date().toDateString() ? "" : LINE_DAY.format(date) + " ";
  return day + SECONDS.format(date);
}

function line({ time, level, target, text }) {
  return h("li.line" + (MARKS[level] ?? ""), { "data-level": level },
    h("div", {},
      h("p.soft", {}, h("time", { dateTime: time, title: time }, when(time)), " · ", h("b", {}, t(LEVEL_WORDS[level] ?? level)), " · ", target.replace(/^xg2g::/, "")),
      h("p", {}, text)));
}

/** Shows it. */
export default async function log(place) {
  let lines = [];
  let seen = "";
  let isPaused = false;
  const level = h("select", { id: "log-level", onchange: show },
    LEVELS.map((one, at) => h("option", { value: String(at), selected: at === LEVELS.length - 1 }, t(["Errors only", "Warnings and worse", "Info and worse", "Debug and worse", "All levels"][at]))));
  const text = h("input", { id: "log-text", type: "search", autocomplete: "off", oninput: show });
  const pause = h("button.small", { type: "button", "aria-pressed": "false", onclick: () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    fill(pause, t(isPaused ? "Go on" : "Pause"));
    if (!isPaused) read();
  } }, t("Pause"));
  const list = h("ul.list.lines", { "aria-label": t("Lines, the newest first") });
  const told = h("p.soft");

  const chosen = () => {
    const wanted = text.value.trim().toLowerCase();
    const least = Number(level.value);
    return lines.filter((one) => LEVELS.indexOf(one.level) <= least && `${one.target} ${one.text}`.toLowerCase().includes(wanted));
  };
  // The copier asks for its text when it is pressed.
  const copy = copier({ toString: () => chosen().map((one) => `${one.time} ${one.level.toUpperCase()} [${one.target}] ${one.text}`).join("\n") });
  copy.firstChild.textContent = t("Copy all");

  function show() {
    const some = chosen();
    told.textContent = lines.length === 0 ? t("Nothing has been logged yet.") : count(lines.length, "{1} of {0} line", "{1} of {0} lines", some.length);
    fill(list, some.reverse().map(line));
  }
  async function read() {
    const now = (await get("/api/v1/log")).lines;
    const key = JSON.stringify([now.length, now[0], now.at(-1)]);
    // Whoever has marked some text wants to keep it.
    if (key === seen || isPaused || (list.contains(getSelection().anchorNode) && !getSelection().isCollapsed)) return;
    seen = key;
    lines = now;
    show();
  }

  fill(place, h("div.stack", {},
    h("div.row", {},
      h("div.grow", {}, h("label.soft", { for: level.id }, t("Level")), level),
      h("div.grow", {}, h("label.soft", { for: text.id }, t("Containing")), text)),
    h("div.row", {}, pause, copy, told),
    h("section.card", {}, list)));
  await read();
  const again = () => document.hidden || isPaused || read().catch(() => {});
  const glance = setInterval(again, LOG_GLANCE);
  let asked = null;
  return {
    notice() {
      asked ??= setTimeout(() => {
        asked = null;
        again();
      }, 300);
    },
    leave() {
      clearInterval(glance);
      clearTimeout(asked);
    },
  };
}
