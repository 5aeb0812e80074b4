// The language of the page: that of the browser, German or else English. A text is known by its English words.

const asked = navigator.languages ?? [navigator.language];
/** The browser's own form of it (en-GB), for times and numbers. */
export const language = asked.find((one) => /^(de|en)\b/.test(one)) ?? "en";
const table = language.startsWith("de") ? (await import("./de.js")).default : {};

/** The text in the language of the page; `{0}`, `{1}` stand for the values. */
export const t = (text, ...values) => (table[text] ?? text).replace(/\{(\d)\}/g, (_, at) => values[at]);

/** One of two texts, by a number, which is `{0}` in both. */
export const count = (number, one, many, ...values) => t(number === 1 ? one : many, number, ...values);
