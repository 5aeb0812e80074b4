// Elements, and how numbers and times are written.

import { language, t } from "./texts.js";

/** Children, also those in lists, without those that are left out. */
const present = (children) => children.flat().filter((child) => child !== null && child !== undefined && child !== false);

/**
 * An element: h("a.button", {href: "#home"}, "text", h("b", {}, "more")). Properties are those of the DOM; `aria-*`,
 * `data-*` and `role` become attributes. Children that are null or false are left out.
 */
export function h(what, props, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(props ?? {})) {
    if (/^(aria-|data-|role$|for$|colspan$|list$)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...present(children));
  return element;
}

/** Shows these elements in the place of those that were there. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

/** A bar from 0 to `total`; without a total it only says that something goes on. */
export function bar(label, done, total) {
  const element = h("progress", { "aria-label": label });
  if (total > 0) {
    element.max = total;
    element.value = done;
  }
  return element;
}

/** A line of state: `kind` is ok, warning, problem or off. */
export const mark = (kind, ...children) => h("p.mark." + kind, {}, h("span", {}, ...children));

const formatter = (options) => new Intl.DateTimeFormat(language, options);
const CLOCK = formatter({ hour: "2-digit", minute: "2-digit" });
const DAY = formatter({ weekday: "long", day: "numeric", month: "long" });
const RELATIVE = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const NUMBER = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

const date = (time) => new Date(time);
/** 20:15. */
export const clock = (time) => CLOCK.format(date(time));
/** Monday, 23 November. */
export const day = (time) => DAY.format(date(time));
/** 1,234.5. */
export const number = (value) => NUMBER.format(value);

/** How long ago or until, in words. */
export function ago(time) {
  const seconds = (date(time) - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 60) return RELATIVE.format(Math.round(seconds), "second");
  if (size < 5400) return RELATIVE.format(Math.round(seconds / 60), "minute");
  if (size < 129600) return RELATIVE.format(Math.round(seconds / 3600), "hour");
  return RELATIVE.format(Math.round(seconds / 86400), "day");
}

/** Bytes with a unit. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000;
    unit += 1;
  }
  return `${NUMBER.format(count)} ${units[unit]}`;
}

/** A button; while what it does goes on it is busy, and what went wrong is told behind it. */
export function button(label, act, kind = "") {
  const said = h("span.said", { role: "status" });
  const element = h("button" + kind, { type: "button", onclick: run }, label);
  async function run() {
    element.disabled = true;
    said.textContent = "";
    try {
      said.textContent = (await act(element)) ?? "";
    } catch (error) {
      said.textContent = error.message;
    } finally {
      element.disabled = false;
    }
  }
  return h("span.act", {}, element, said);
}

/** A button that copies a text. Browsers give the clipboard to https only; at home there is none. */
export function copier(text) {
  return button(t("Copy"), async () => {
    if (window.isSecureContext && navigator.clipboard) {
      await navigator.clipboard.writeText(text);
    } else {
      const area = h("textarea.away", { value: text, readOnly: true, "aria-hidden": "true" });
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      if (!copied) throw new Error(t("Mark the address and copy it yourself."));
    }
    return t("Copied");
  }, ".small");
}
