// Watch on: what is typed into which player.

import { copier, fill, h } from "./dom.js";
import { t } from "./texts.js";
import { get } from "./api.js";
import { drawing } from "./qr.js";

/** The players, with the names of their addresses in `/api/v1/addresses` and two lines each. */
const PLAYERS = [
  { id: "kodi", name: "Kodi", addresses: { "M3U playlist URL": "playlist" },
    how: ["Install the add-on PVR IPTV Simple Client and give it this address; the guide comes with it.",
      "Settings, PVR & Live TV, General: switch on “Use channel numbers from backend”."] },
  { id: "jellyfin", name: "Jellyfin", addresses: { "M3U tuner": "playlist", "XMLTV guide": "guide" },
    how: ["Dashboard, Live TV: add a tuner of the kind M3U Tuner with the first address.",
      "Then add a guide of the kind XMLTV with the second."] },
  { id: "plex", name: "Plex", addresses: { "HDHomeRun device": "hdhomerun", "XMLTV guide": "plex_guide" },
    how: ["Settings, Live TV & DVR: the device is found, or is added by hand with this address.",
      "Choose “Have an XMLTV guide on your server?” and give it the second address."] },
  { id: "emby", name: "Emby", addresses: { "M3U tuner": "playlist", "XMLTV guide": "guide" },
    how: ["Settings, Live TV: add a TV source of the kind M3U with the first address.",
      "Then add a guide source of the kind XMLTV with the second."] },
  { id: "tvheadend", name: "Tvheadend", addresses: { "IPTV automatic network": "playlist", "XMLTV guide": "guide" },
    how: ["Configuration, DVB Inputs, Networks: add an IPTV automatic network with the first address.",
      "The guide is read by the XMLTV grabber for URLs, with the second."] },
  { id: "vlc", name: "VLC", addresses: { "Network stream": "playlist" },
    how: ["Media, Open Network Stream (on a phone: Network, Open a stream).",
      "Scan the code with the phone's camera to take the address over."] },
];

function address(title, text) {
  const code = h("div.code", { hidden: true });
  const toggle = h("button.small", { type: "button", "aria-expanded": "false", onclick: () => {
    code.hidden = !code.hidden;
    toggle.setAttribute("aria-expanded", String(!code.hidden));
    if (!code.hidden) fill(code, drawing(text, t("QR code of {0}", text)));
  } }, t("QR code"));
  return h("div.way", {}, h("h3.soft", {}, t(title)), h("code.address", {}, text), h("div.row", {}, copier(text), toggle), code);
}

/** Shows it. */
export default async function watch(place) {
  const known = await get("/api/v1/addresses");
  const player = ({ id, name, addresses, how }) => {
    const ways = Object.entries(addresses).filter(([, key]) => known[key]);
    const off = ways.length < Object.keys(addresses).length;
    return h("section.card", { id: `watch-${id}` }, h("h2", {}, name),
      h("ol.how", {}, how.map((line) => h("li", {}, t(line)))),
      off && h("p.soft", {}, t("HDHomeRun is switched off in the settings.")),
      ways.map(([title, key]) => address(title, known[key])));
  };
  fill(place, h("div.cards", {}, PLAYERS.map(player)));
}
