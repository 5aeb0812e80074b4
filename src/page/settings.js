// Settings: every key of the configuration, checked by the program before it is saved.

import { button, fill, h, mark } from "./dom.js";
import { count, t } from "./texts.js";
import { change, get, hasToken, keepToken, post } from "./api.js";
import { pair } from "./pairing.js";

const CONFIG = "/api/v1/config";
const SECTIONS = {
  receiver: "Receiver",
  channels: "Channels",
  refresh: "Refresh",
  guide: "Guide",
  stream: "Streams",
  picons: "Logos",
  hdhomerun: "HDHomeRun",
  server: "Network",
  auth: "Access",
  ratelimit: "Limits",
  files: "Files",
  log: "Log",
  audit: "Audit",
};
/** What most people come for: first, and open. */
const OPEN = ["channels", "guide", "stream"];
/** Keys whose items are chosen among the bouquets. */
const OF_BOUQUETS = ["channels.bouquets", "hdhomerun.bouquets"];
/** Between two checks, in milliseconds. */
const CHECK_PAUSE = 1000;
const UNITS = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };


/** What is typed and not saved, by key; `null`: what the file or the default says. It outlives the view. */
const edits = new Map();
addEventListener("beforeunload", (event) => {
  if (edits.size) event.preventDefault();
});

/** A sentence of the program in the language of the page: what is quoted or counted in it is the same in all. */
function say(sentence) {
  const values = [];
  const text = sentence.replace(/"[^"]*"|XG2G_\w+|\d+/g, (value) => `{${values.push(value) - 1}}`);
  return values.length < 10 ? t(text, ...values) : sentence;
}

/** What is allowed, without the quotes of TOML: nobody types them here. */
const plain = (text) => text.replaceAll('""', t("nothing")).replace(/\["|"\]|"/g, "");
const must = (key) => t("must be {0}", say(key.allowed));
const told = (problem, key) => plain(problem === "must be " + key.allowed ? must(key) : say(problem));

function spelt(value) {
  if (typeof value === "boolean") return t(value ? "on" : "off");
  return String(Array.isArray(value) ? value.join(", ") : value) || t("empty");
}

const time = (text) => {
  const [, number, unit] = /^(\d+) *(ms|[smhd])$/.exec(text) ?? [];
  return number * UNITS[unit];
};

/** What is wrong with a value as far as it can be seen from here. */
function wrong(key, value) {
  if (key.kind === "number") return value >= key.min && value <= key.max && Number.isInteger(value) ? "" : must(key);
  if (key.kind !== "duration") return "";
  const [least, most] = key.allowed.match(/\d+\w+/g).map(time);
  if (Number.isNaN(time(value))) return t("must be a whole number and a unit: ms, s, m, h or d");
  return time(value) >= least && time(value) <= most ? "" : must(key);
}

const items = (area) => area.value.split("\n").map((item) => item.trim()).filter(Boolean);

/** The control of a key: its element, the field in it, and how its value is read and written. */
function control(key, bouquets) {
  const common = { name: key.key, id: `of-${key.key}`, "aria-describedby": ["help", "hint", "error"].map((of) => `${of}-${key.key}`).join(" ") };
  const words = { ...common, autocomplete: "off", spellcheck: false, autocapitalize: "none" };
  if (key.kind === "flag") {
    const field = h("input", { ...common, type: "checkbox" });
    return { field, element: field, read: () => field.checked, write: (value) => (field.checked = value) };
  }
  if (key.kind === "list") {
    const field = h("textarea", { ...words, rows: 3 });
    if (OF_BOUQUETS.includes(key.key)) return choice(key, field, bouquets);
    return { field, element: field, read: () => items(field), write: (value) => (field.value = value.join("\n")) };
  }
  const field =
    key.kind === "choice" ? h("select", common, key.choices.map((one) => h("option", {}, one)))
    : key.kind === "number" ? h("input", { ...common, type: "number", inputMode: "numeric", min: key.min, max: key.max })
    : h("input", { ...words, type: key.kind === "secret" ? "password" : "text", ...(key.kind === "secret" && { autocomplete: "new-password" }) });
  const read = () => (key.kind === "number" && field.value ? Number(field.value) : field.value.trim());
  return { field, element: field, read, write: (value) => (field.value = key.kind === "secret" && value === "***" ? "" : value) };
}

/** Bouquets to tick, and a field for those that are not offered now. */
function choice(key, field, bouquets) {
  let said = [];
  const spelled = (bouquet) => said.find((one) => one === bouquet.stem || one === bouquet.name);
  const boxes = bouquets.map((bouquet) => ({ bouquet, box: h("input", { type: "checkbox", value: bouquet.stem }) }));
  field.rows = 2;
  const element = h("div.stack", { role: "group", "aria-labelledby": `name-${key.key}` },
    h("div.ticks", {}, boxes.map(({ bouquet, box }) => h("label", {}, box, h("span", {}, bouquet.name)))),
    h("label.soft", { for: field.id }, t("Others, one a line")), h("div", {}, field));
  const read = () => {
    const ticked = boxes.filter(({ box }) => box.checked).map(({ bouquet }) => spelled(bouquet) ?? bouquet.stem);
    const rank = (one) => said.indexOf(one) + 1 || said.length + 1;
    return [...new Set([...ticked, ...items(field)])].sort((one, other) => rank(one) - rank(other));
  };
  const write = (value) => {
    said = value;
    const known = boxes.filter(({ bouquet, box }) => (box.checked = Boolean(spelled(bouquet)))).map(({ bouquet }) => spelled(bouquet));
    field.value = value.filter((one) => !known.includes(one)).join("\n");
  };
  return { field, element, read, write };
}

/** A key with its control. `edited` is told when its value was changed, `left` when its field is left. */
function row(first, bouquets, edited, left) {
  let key = first;
  const name = key.key;
  const { field, element, read, write } = control(key, bouquets);
  // The help has German words under the name of the key; the program has the English ones.
  const about = t(name) === name ? key.about : t(name);
  const error = h("p.error.problem", { id: `error-${name}` });
  const source = h("p.source.soft");
  const locked = h("p.soft");
  const waiting = h("div");
  const undo = h("button.small", { type: "button", onclick: () => put(undefined) }, t("Undo"));
  const reset = h("button.small", { type: "button", onclick: () => put(key.saved ? null : "") });
  const hint = key.kind === "choice" || key.kind === "flag" || /^text|^a list of texts/.test(key.allowed) ? "" : plain(say(key.allowed));
  const place = h("div.key.stack", { "data-key": name },
    h("div.row", {}, key.kind === "flag" && element, h("label.name", { for: field.id, id: `name-${name}` }, name), key.needs_restart && h("span.badge", {}, t("needs a restart"))),
    h("p.help", { id: `help-${name}` }, about),
    key.kind !== "flag" && element,
    h("p.hint.soft", { id: `hint-${name}`, hidden: !hint }, hint + (key.kind === "list" ? ". " + t("One a line.") : "")),
    error, locked, waiting, h("div.row", {}, source, undo, reset));
  place.addEventListener("input", () => {
    put(read());
    // What is being typed is judged when it is done.
    if (!wrong(key, read())) complain("");
  });
  place.addEventListener("change", () => {
    complain(edits.has(name) ? wrong(key, read()) : "");
    left();
  });

  const current = () => key.waiting ?? key.value;
  const same = (value) => (key.kind === "secret" ? value === "" : JSON.stringify(value) === JSON.stringify(current()));
  /** Takes a new value; `undefined`: the one that counts. */
  function put(value) {
    const isTyped = place.contains(document.activeElement) && ![undo, reset].includes(document.activeElement);
    // An empty password is none typed, but for the one that is to be emptied.
    if (value === undefined || (same(value) && (isTyped || key.kind !== "secret"))) edits.delete(name);
    else edits.set(name, value);
    if (!isTyped) {
      complain("");
      field.focus();
    }
    refresh(!isTyped);
    edited();
  }
  function refresh(isWritten) {
    const edit = edits.get(name);
    const isEdited = edits.has(name);
    if (isWritten) write(edit === null ? key.default : isEdited ? edit : current());
    place.dataset.edited = isEdited;
    undo.hidden = !isEdited;
    reset.hidden = isEdited || Boolean(key.locked) || !(key.saved || (key.kind === "secret" && key.value));
    fill(reset, t(key.saved ? "Reset" : "Empty"));
    const from = key.source === "default" ? t("By default") : t("From {0}", key.source === "command line" ? t("the command line") : key.source.split("/").pop());
    const standard = key.source === "default" || key.kind === "secret" ? "" : " · " + t("default: {0}", spelt(key.default));
    source.textContent = edit === null ? t("Saving takes it back to your file or the default.") : edit === "" && key.kind === "secret" ? t("Saving empties it.") : from + standard;
    if (key.kind === "secret") field.placeholder = t(key.value ? "set, never shown" : "not set");
  }
  function complain(text) {
    error.textContent = text;
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  /** Shows what the program says of the key now; what is typed stays. */
  function show(now) {
    key = now;
    for (const one of element.querySelectorAll?.("input, textarea") ?? []) one.disabled = Boolean(key.locked);
    field.disabled = Boolean(key.locked);
    locked.textContent = key.locked ? say(key.locked) : "";
    fill(waiting, key.waiting !== undefined && key.waiting !== null && mark("warning", t("{0} counts after a restart.", spelt(key.waiting))));
    refresh(!edits.has(name) || place.dataset.edited === undefined);
  }
  show(key);
  const text = `${name} ${about} ${key.about} ${key.env}`.toLowerCase();
  return { place, field, show, complain, undo: () => put(undefined), told: (problem) => complain(told(problem, key)), has: (word) => text.includes(word) };
}

/** Shows it; `#settings/guide` finds what has to do with the guide. */
export default async function settings(place, [wanted]) {
  const rows = new Map();
  const sections = [];
  const browser = h("section.card");
  const form = h("div.stack");
  fill(place, h("div.stack", {}, browser, form));
  let mayChange = false;

  /** Whether this browser may change things. */
  async function who() {
    try {
      mayChange = (await get("/api/v1/status")).may_change;
    } catch (error) {
      // Another token was made meanwhile.
      if (error.answer?.code === "E011" && hasToken()) {
        keepToken(null);
        return who();
      }
      if (error.answer?.code !== "E010") throw error;
      mayChange = false;
    }
    const forget = () => {
      keepToken(null);
      return who();
    };
    fill(browser, h("h2", {}, t("This browser")),
      hasToken() ? [mark("ok", t("It is paired: it may change things.")), button(t("Forget this pairing"), forget, ".small")]
      : mayChange ? mark("ok", t("It runs on the same machine as xg2g and may change things."))
      : [mark("off", t("It may look. To change things it is paired once, by a code on the TV.")),
        button(t("Pair now"), async () => {
          await pair();
          await who();
          if (!rows.size) await begin();
        }, ".small")]);
  }

  const saved = h("div", { id: "saved", role: "status" });
  const save = h("button.save.first", { type: "button", onclick: store }, t("Save"));
  const discard = h("button", { type: "button", onclick: () => {
    tell();
    for (const name of [...edits.keys()]) rows.get(name)?.undo();
  } });
  const bar = h("div.savebar", {}, saved, h("div.row", {}, save, discard));
  function tell(...parts) {
    fill(saved, parts);
    drawn();
  }
  function drawn() {
    const isIdle = !edits.size && !saved.firstChild;
    bar.classList.toggle("idle", isIdle);
    save.hidden = !edits.size;
    fill(save, count(edits.size, "Save {0} change", "Save {0} changes"));
    discard.hidden = isIdle;
    fill(discard, t(edits.size ? "Discard" : "Close"));
  }

  /** Shows what is wrong with which keys; of others nothing is known. */
  function refused(error, sent, isTrial) {
    const errors = (error.answer?.errors ?? []).filter((one) => rows.has(one.key) && (!isTrial || sent.has(one.key)));
    for (const name of sent.keys()) rows.get(name)?.complain("");
    for (const one of errors) rows.get(one.key).told(one.problem);
    return errors;
  }

  let asked = null;
  let checked = 0;
  let turn = 0;
  /** Has the program look at what is typed, but for what is still being typed. */
  function checkSoon() {
    if (!mayChange && !hasToken()) return;
    asked ??= setTimeout(async () => {
      asked = null;
      const isBusy = (name) => rows.get(name)?.place.contains(document.activeElement);
      const sent = new Map([...edits].filter(([name]) => !isBusy(name)));
      if (!sent.size) return;
      checked = Date.now();
      const mine = turn;
      const error = await post(CONFIG + "?check=true", Object.fromEntries(sent)).catch((one) => one);
      // Saving says it better.
      if (mine === turn && (!(error instanceof Error) || error.status === 422)) refused(error, sent, true);
    }, Math.max(100, checked + CHECK_PAUSE - Date.now()));
  }

  async function store() {
    clearTimeout(asked);
    asked = null;
    turn += 1;
    const sent = new Map(edits);
    save.disabled = true;
    tell();
    try {
      const answer = await change(CONFIG, Object.fromEntries(sent));
      refused({}, sent);
      for (const [name, value] of sent) if (edits.get(name) === value) edits.delete(name);
      // The token of this browser may be another one now.
      if (sent.has("auth.token") && hasToken()) keepToken(sent.get("auth.token") || null);
      await load();
      const line = (one) => h("li", {}, h("b", {}, one.key), ": ", spelt(one.value), one.needs_restart && mark("warning", t("Counts after a restart of xg2g.")));
      tell(mark("ok", t(answer.changes.length ? "Saved." : "Saved; it changes nothing.")), answer.changes.length > 0 && h("ul", {}, answer.changes.map(line)));
    } catch (error) {
      if (error.status !== 422) return tell(mark("problem", error.message));
      const errors = refused(error, sent);
      tell(mark("problem", errors.length ? count(errors.length, "{0} setting is wrong. Nothing is saved.", "{0} settings are wrong. Nothing is saved.") : (error.answer.details ?? [error.message]).join(" ")));
      if (errors.length) reveal(rows.get(errors[0].key));
    } finally {
      save.disabled = false;
      who().catch(() => {});
    }
  }

  function reveal(one) {
    one.place.hidden = false;
    const section = one.place.closest("details");
    section.hidden = false;
    section.open = true;
    one.field.focus();
  }

  const search = h("input", { id: "find", type: "search", autocomplete: "off", oninput: find });
  const found = h("p.soft", { role: "status" });
  let before = null;
  /** Shows only the keys that have to do with what is typed. */
  function find() {
    const word = search.value.trim().toLowerCase();
    before ??= sections.map(({ element }) => element.open);
    let all = 0;
    sections.forEach(({ element, of }, at) => {
      const fit = of.filter((one) => !(one.place.hidden = !one.has(word)));
      element.hidden = !fit.length;
      element.open = word ? true : before[at];
      all += fit.length;
    });
    if (!word) before = null;
    found.textContent = word ? count(all, "{0} setting", "{0} settings") : "";
  }

  async function load() {
    const { keys } = await get(CONFIG);
    for (const key of keys) rows.get(key.key)?.show(key);
    drawn();
  }

  async function begin() {
    const [known, { bouquets }] = await Promise.all([get(CONFIG), get("/api/v1/bouquets?all=true").catch(() => ({ bouquets: [] }))]);
    const groups = new Map(OPEN.map((name) => [name, []]));
    for (const key of known.keys) {
      const name = key.key.split(".")[0];
      groups.set(name, [...(groups.get(name) ?? []), key]);
    }
    for (const [name, keys] of groups) {
      const of = keys.map((key) => row(key, bouquets, () => {
        fill(saved);
        drawn();
      }, checkSoon));
      keys.forEach((key, at) => rows.set(key.key, of[at]));
      const element = h("details.card.section", { open: OPEN.includes(name) || keys.some((key) => edits.has(key.key)) },
        h("summary", {}, h("h2", {}, t(SECTIONS[name] ?? name)), h("span.soft", {}, count(keys.length, "{0} setting", "{0} settings"))),
        of.map((one) => one.place));
      sections.push({ element, of });
    }
    fill(form,
      h("p.soft", {}, known.settings && t("Changes are kept in {0}.", known.settings), " ", known.file && t("Your own file, {0}, stays as it is.", known.file)),
      h("div", {}, h("label", { for: search.id }, t("Find a setting")), search), found,
      sections.map(({ element }) => element), bar);
    drawn();
    if (edits.size) checkSoon();
    if (wanted) {
      search.value = wanted;
      find();
    }
  }

  await who();
  try {
    await begin();
  } catch (error) {
    fill(form, mark("problem", error.message));
  }
  return {
    notice(told) {
      if (["config.reloaded", "hello"].includes(told.type) && rows.size) load().catch(() => {});
    },
    leave() {
      clearTimeout(asked);
    },
  };
}
