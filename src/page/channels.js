// Channels: what there is, how far its guide goes, and how it is played.

import programme, { chosen } from "./programme.js";
import { copier, fill, h } from "./dom.js";
import { get } from "./api.js";
import { t } from "./texts.js";

/** Up to two letters in place of a logo. */
const initials = (name) => name.split(/[^\p{L}\p{N}]+/u).filter(Boolean).slice(0, 2).map((word) => [...word][0]).join("");

/** Its logo. `at`: what `/api/v1/addresses` tells. */
export function logo(channel, at) {
  const box = h("span.logo", { "aria-hidden": "true" });
  box.append(h("img", { loading: "lazy", decoding: "async", alt: "", onerror: () => fill(box, initials(channel.name)),
    // Where there is none, the answer is empty, and the browser does not complain.
    src: `${channel.logo}${at.query ? at.query + "&" : "?"}missing=empty` }));
  return box;
}

/** A link to a playlist of one channel, which VLC and others open. */
export function play(channel, at) {
  const list = `#EXTM3U\n#EXTINF:-1,${channel.name}\n${at.base}${channel.stream}${at.query}\n`;
  return h("a.play.button.small", { href: `data:audio/x-mpegurl;charset=utf-8,${encodeURIComponent(list)}`, download: channel.name.replace(/[\\/:*?"<>|]/g, " ") + ".m3u",
    title: t("Play"), "aria-label": t("Play {0}", channel.name) });
}

/** Copies the address of its stream. */
function copy(channel, at) {
  const act = copier(at.base + channel.stream + at.query);
  act.firstChild.classList.add("copy");
  act.firstChild.title = t("Copy the address");
  fill(act.firstChild).setAttribute("aria-label", t("Copy the address of {0}", channel.name));
  return act;
}

/** Shows it; `bare`: those without a guide. */
export default async function channels(place, [which]) {
  if (which === "bare") chosen.bare = true;
  const at = await get("/api/v1/addresses");
  const hint = (channel) => [channel.quality, channel.scrambled && t("scrambled")].filter((one) => one && one !== "sd").map((one) => h("span.badge", {}, one));
  return programme(place, (channel, { number, name, reach, what }) => [
    logo(channel, at), number,
    h("div.who", {}, name, h("p.soft", {}, hint(channel), " ", reach)),
    what,
    h("div.do", {}, play(channel, at), copy(channel, at)),
  ], true);
}
