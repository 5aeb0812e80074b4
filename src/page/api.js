// Questions to the program. See docs/HTTP.md.

import { t } from "./texts.js";
import { pair } from "./pairing.js";

/** The token of a pairing, kept by this browser. Without storage it lasts as long as the page. */
let token = null;
try {
  token = localStorage.getItem("token");
} catch {
  // This browser keeps nothing.
}

/** Keeps a token, or forgets it. */
export function keepToken(value) {
  token = value;
  try {
    if (value) localStorage.setItem("token", value);
    else localStorage.removeItem("token");
  } catch {
    // As above.
  }
}

/** Whether there is one. */
export const hasToken = () => token !== null;

/** The program refused. */
class Refused extends Error {
  constructor(status, answer) {
    // In English its own words are the best there are.
    const words = t(answer.code ?? "");
    super(words === (answer.code ?? "") ? (answer.error ?? `HTTP ${status}`) : words);
    this.status = status;
    this.answer = answer;
  }
}

/** The headers of every question. */
export const headers = () => (token ? { authorization: `Bearer ${token}` } : {});

/** Waits, in milliseconds. */
export const pause = (time) => new Promise((done) => setTimeout(done, time));

async function ask(path, options, tries) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { ...headers(), ...options.headers }, cache: "no-store" });
  } catch {
    throw new Error(t("xg2g does not answer."));
  }
  if (answer.status === 429 && tries > 0) {
    await pause(Math.min(Number(answer.headers.get("retry-after")) || 1, 10) * 1000);
    return ask(path, options, tries - 1);
  }
  const body = await answer.json().catch(() => ({}));
  // Another token was made meanwhile; reading may need none.
  if (body.code === "E011" && token && !options.method) {
    keepToken(null);
    return ask(path, options, tries);
  }
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

/** What a path answers. */
export const get = (path) => ask(path, {}, 3);

/** Posts JSON, or nothing. */
export const post = (path, body) => ask(path, { method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }) }, 0);

/** Posts what changes something: pairs with the receiver first where that is needed. */
export async function change(path, body) {
  if (!token && !(await get("/api/v1/status")).may_change) await pair();
  try {
    return await post(path, body);
  } catch (error) {
    // Another token was made meanwhile.
    if (!token || !["E010", "E011"].includes(error.answer?.code)) throw error;
    keepToken(null);
    await pair();
    return post(path, body);
  }
}
