// Pairing: a code on the television, typed here, makes this browser one that may change things.

import { fill, h } from "./dom.js";
import { t } from "./texts.js";
import { keepToken, post } from "./api.js";

const PAIR = "/api/v1/pair";
const SIX_DIGITS = /^\d{6}$/;

/** What went wrong, in words that say what to do. */
function problem(error) {
  switch (error.answer?.code) {
    case "E018":
      return error.answer.tries ? t("That is not the code. Tries left: {0}.", error.answer.tries) : t("That was the last try. Ask for another code.");
    case "E019":
      return t("No code counts any more. Ask for another one.");
    case "E020":
      return t("The receiver is in standby. Switch it on and ask again, or use the token.");
    case "E101":
      return t("The receiver does not answer, so it shows no code. The token works all the same.");
    case "E001":
      return t("A code was asked for a moment ago. Wait a little.");
    case "E012":
      return t("Pairing works at home only, in the local network.");
    default:
      return error.message;
  }
}

/** Whether a token is the one that counts: a harmless question is asked with it. */
async function isToken(token) {
  let answer;
  try {
    answer = await fetch("/api/v1/status", { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  } catch (error) {
    // A token with signs that no header holds is none of ours.
    if (/^[!-~]*$/.test(token)) throw new Error(t("xg2g does not answer."));
    return false;
  }
  return answer.ok && (await answer.json()).may_change;
}

let open = null;

/** Asks for the code, or the token, until there is one that counts. Whoever closes the dialog gets an error. */
export function pair() {
  open ??= dialog().finally(() => {
    open = null;
  });
  return open;
}

function dialog() {
  let until = 0;
  let isPaired = false;
  const told = h("p.told.problem", { role: "alert" });
  const left = h("p.soft");
  const code = h("input", { name: "code", id: "pairing-code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 9 });
  const token = h("input", { name: "token", id: "pairing-token", type: "password", autocomplete: "off" });
  const ask = h("button.show-code.first", { type: "button", onclick: () => act(show) }, t("Show a code on the TV"));
  const go = h("button.pair.first", {}, t("Pair"));
  const element = h("dialog", { id: "pairing", "aria-labelledby": "pairing-title" },
    h("form.stack", { noValidate: true, onsubmit: (event) => {
      event.preventDefault();
      act(token.value.trim() ? byToken : byCode);
    } },
      h("h2", { id: "pairing-title" }, t("Pair this browser")),
      h("p", {}, t("Who can see the television may change things: it shows a code, which is typed here once.")),
      ask,
      h("div", {}, h("label", { for: code.id }, t("Code on the TV")), code, left),
      told,
      h("div", {}, h("label", { for: token.id }, t("Or the token that this command prints on the receiver:"), " ", h("code", {}, "xg2g token")), token),
      h("div.row", {}, go, h("button", { type: "button", onclick: () => element.close() }, t("Cancel")))));

  async function act(what) {
    told.textContent = "";
    ask.disabled = go.disabled = true;
    try {
      await what();
    } catch (error) {
      told.textContent = problem(error);
    } finally {
      ask.disabled = go.disabled = false;
    }
  }
  async function show() {
    const { seconds } = await post(PAIR);
    until = Date.now() + seconds * 1000;
    count();
    fill(ask, t("Show another code"));
    ask.classList.remove("first");
    code.value = "";
    code.focus();
  }
  async function byCode() {
    const typed = code.value.replace(/\s/g, "");
    code.focus();
    if (!SIX_DIGITS.test(typed)) throw new Error(t("The code has six digits."));
    try {
      done((await post(PAIR, { code: typed })).token);
    } catch (error) {
      if (error.answer?.code === "E019" || error.answer?.tries === 0) until = 0;
      count();
      code.select();
      throw error;
    }
  }
  async function byToken() {
    const typed = token.value.trim();
    token.focus();
    if (!(await isToken(typed))) throw new Error(t("That is not the token."));
    done(typed);
  }
  function count() {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    left.textContent = seconds > 0 ? t("It counts for another {0}.", clock) : "";
    if (until && seconds <= 0) {
      until = 0;
      told.textContent = t("No code counts any more. Ask for another one.");
    }
  }
  function done(value) {
    keepToken(value);
    isPaired = true;
    element.close();
  }

  document.body.append(element);
  const ticking = setInterval(count, 1000);
  element.showModal();
  ask.focus();
  return new Promise((resolve, reject) => {
    element.addEventListener("close", () => {
      clearInterval(ticking);
      token.value = code.value = "";
      element.remove();
      if (isPaired) resolve();
      else reject(new Error(t("Not paired, so nothing was changed.")));
    });
  });
}
