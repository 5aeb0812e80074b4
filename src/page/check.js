// Check my setup: what the program finds when it tries everything that players need.

import { ago, bar, fill, h, mark } from "./dom.js";
import { count, t } from "./texts.js";
import { get, pause, post } from "./api.js";

const CHECK = "/api/v1/check";
/** How often findings are asked for while they grow. */
const CHECK_GLANCE = 500;
const WORSE = ["ok", "warning", "problem"];
const STATUSES = { ok: "Fine", warning: "Warning", problem: "Problem" };

function total(findings) {
  const of = (status) => findings.filter((finding) => finding.status === status).length;
  const problems = of("problem");
  const warnings = of("warning");
  const parts = [
    problems ? count(problems, "{0} problem", "{0} problems") : t("no problem"),
    warnings ? count(warnings, "{0} warning", "{0} warnings") : t("no warning"),
    t("{0} fine", of("ok")),
  ];
  return mark(problems ? "problem" : warnings ? "warning" : "ok", parts.join(", "));
}

/** Shows it. */
export default async function check(place) {
  let isLeft = false;
  let begun = null;
  let shown = 0;
  const said = h("p.problem", { role: "alert" });
  const run = h("button.run.first", { type: "button", onclick: start }, t("Check now"));
  const progress = h("div");
  const summary = h("div", { id: "summary", role: "status" });
  const when = h("p.soft");
  const list = h("div.card", { "aria-live": "polite" });
  fill(place, h("div.stack", {},
    h("p", {}, t("Tries what players need: the receiver, its bouquets and guide, a stream, and what is handed out.")),
    h("div.row", {}, run), said, progress, summary, when, list));

  /** The list of what is found of this kind: the last one, or a new one. */
  function group(name) {
    if (list.lastChild?.dataset.check !== name) {
      list.append(h("section.group", { "data-check": name }, h("h2", {}, t(name)), h("ul.list")));
    }
    return list.lastChild.lastChild;
  }
  function show(told) {
    if (told.started !== begun || told.findings.length < shown) {
      begun = told.started;
      shown = 0;
      list.replaceChildren();
    }
    for (const { check: name, status, message } of told.findings.slice(shown)) {
      group(name).append(h("li.finding.mark." + (WORSE.includes(status) ? status : "off"), { "data-status": status },
        h("span", {}, h("span.away", {}, t(STATUSES[status] ?? status) + ": "), message)));
    }
    shown = told.findings.length;
    run.disabled = told.running;
    list.setAttribute("aria-busy", String(told.running));
    if (told.running && !progress.firstChild) fill(progress, bar(t("Check my setup")));
    if (!told.running) progress.replaceChildren();
    fill(summary, told.running ? h("p", {}, t("Checking: {0} looked at", shown)) : told.finished && total(told.findings));
    when.textContent = !told.running && told.finished ? t("Checked {0}", ago(told.finished)) : "";
  }
  /** Shows what is found until there is no more. */
  async function follow() {
    for (;;) {
      const told = await get(CHECK);
      if (isLeft) return;
      show(told);
      if (!told.running) return;
      await pause(CHECK_GLANCE);
    }
  }
  async function start() {
    said.textContent = "";
    run.disabled = true;
    try {
      await post(CHECK).catch((error) => {
        // One runs: somebody else wanted to know, too.
        if (error.answer?.code !== "E021") throw error;
      });
      await follow();
    } catch (error) {
      progress.replaceChildren();
      said.textContent = error.message;
      run.disabled = false;
    }
    if (!isLeft) run.focus({ preventScroll: true });
  }

  follow().catch((error) => {
    said.textContent = error.message;
  });
  return {
    leave() {
      isLeft = true;
    },
  };
}
