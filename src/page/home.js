// Home: is it well? Receiver, refresh, guide, tuners, streams, and what is to be done.

import { ago, bar, button, bytes, clock, fill, h, mark, number } from "./dom.js";
import { count, t } from "./texts.js";
import { change, get } from "./api.js";

/** How often what flows is looked at, while somebody looks. */
const HOME_GLANCE = 5000;
/** How long news may wait for more. */
const SOON = 300;

const PHASES = {
  receiver: "Asking the receiver how it is",
  channels: "Reading bouquets and channels",
  now_next: "Reading what is on",
  guide: "Reading the guide",
  publish: "Making playlist and guide",
};

/** What to do about a component that is not well. */
const HELP = {
  receiver: "Is the receiver switched on, and is its address right? See Setup, Settings.",
  playlist: "Channels are there as soon as the receiver has told them.",
  xmltv: "The guide follows the channels; a first time may take minutes.",
  last_job_run: "It is tried again by itself. Setup, Check my setup tells what is wrong.",
  streams: "Setup, Check my setup tries a stream and tells what is wrong.",
  disk: "Make room, or name another directory in Setup, Settings (files.data).",
};

const PURPOSES = {
  television: "Television",
  recording: "Recording",
  timer: "Timer, about to begin",
  stream: "Stream",
};

function health(checks) {
  const wrong = Object.entries(checks).filter(([, check]) => check.status !== "healthy");
  if (wrong.length === 0) return [mark("ok", t("Everything works."))];
  return wrong.map(([name, check]) =>
    mark(check.status === "degraded" ? "warning" : "problem", h("b", {}, name), ": ", check.message, HELP[name] && h("span.soft", {}, " " + t(HELP[name]))));
}

function receiver(about) {
  const how =
    about.reachable === false
      ? mark("problem", t("It does not answer."))
      : about.standby
        ? mark("off", t("In standby. Channels and guide are served all the same."))
        : mark("ok", about.reachable ? t("Switched on and answering.") : t("Not asked yet."));
  return [
    about.model && h("p.big", {}, about.model),
    how,
    h("p.soft", {}, [about.image, about.webif && "OpenWebif " + about.webif.replace("OWIF ", "")].filter(Boolean).join(" · ")),
    h("p.soft", {}, about.files ? t("Read from its own files in {0}", about.files) : about.url),
  ];
}

function refreshed(refresh) {
  if (refresh.running) {
    const phase = t(PHASES[refresh.phase] ?? "Beginning");
    const of = refresh.total > 0 ? ` (${number(refresh.done)} / ${number(refresh.total)})` : "";
    return [bar(t("Refresh"), refresh.done, refresh.total), h("p", { role: "status" }, phase + of)];
  }
  const took = refresh.took_seconds === null || refresh.took_seconds === undefined ? "" : " · " + t("took {0} s", number(refresh.took_seconds));
  return [
    refresh.error && mark("problem", refresh.error),
    refresh.succeeded ? mark(refresh.error ? "off" : "ok", t("Last success {0}", ago(refresh.succeeded)), took) : mark("off", t("None yet")),
    refresh.next_in_seconds !== null && refresh.next_in_seconds !== undefined && h("p.soft", {}, t("The next one {0}", ago(Date.now() + refresh.next_in_seconds * 1000))),
    button(t("Refresh now"), async () => {
      await change("/api/v1/refresh");
    }),
  ];
}

function coverage(status) {
  const { tv, radio } = status.channels;
  const channels = tv + radio;
  const known = status.guide?.channels ?? 0;
  return [
    h("p.big", {}, count(channels, "{0} channel", "{0} channels")),
    h("p.soft", {}, t("{0} TV, {1} radio", tv, radio)),
    status.guide && bar(t("Channels with a guide"), known, channels),
    h("p", {}, status.guide ? t("{0} of them with a guide, {1} events.", number(known), number(status.guide.events)) : t("There is no guide yet.")),
    h("p", {}, h("a", { href: "#channels/bare" }, t("See which")) ),
  ];
}

function tuners(told, names) {
  if (told.total === null || told.total === undefined) return [h("p.soft", {}, t("The receiver has not told how many it has."))];
  const use = (one) =>
    h("p", {}, h("b", {}, t(PURPOSES[one.purpose] ?? one.purpose)), ": ", names.get(one.channel) ?? one.channel, one.readers > 0 && " · " + count(one.readers, "{0} player", "{0} players"));
  return [
    h("p.big", {}, told.free === undefined ? count(told.total, "{0} tuner", "{0} tuners") : t("{0} of {1} free", told.free, told.total)),
    told.held.length > 0 && h("ul.list", {}, told.held.map((held) => h("li", {}, held.uses.map(use)))),
    told.seconds !== null && told.seconds !== undefined && h("p.soft", {}, t("Asked {0}", ago(Date.now() - told.seconds * 1000))),
  ];
}

function streams(list) {
  if (list.length === 0) return [h("p.soft", {}, t("Nobody is watching."))];
  const line = (stream) =>
    h("li", {}, h("b", {}, stream.name), " · ", count(stream.readers.length, "{0} player", "{0} players"),
      h("p.soft", {}, t("Since {0}", clock(Date.now() - stream.seconds * 1000)), " · ", bytes(stream.received)),
      stream.readers.length > 0 && h("p.soft", {}, stream.readers.map((reader) => [reader.client, reader.agent].filter(Boolean).join(" ")).join(", ")));
  return [h("ul.list", {}, list.map(line))];
}

/** Shows it. */
export default async function home(place) {
  const boxes = {};
  const box = (name, title, kind = "") => {
    boxes[name] = h("div");
    boxes[name].className = "stack";
    return h("section.card" + kind, { id: `home-${name}` }, h("h2", {}, title), boxes[name]);
  };
  fill(place, h("div.cards", {},
    box("health", t("Is it well?"), ".wide"),
    box("receiver", t("Receiver")),
    box("refresh", t("Refresh")),
    box("coverage", t("Channels and guide")),
    box("tuners", t("Tuners")),
    box("streams", t("Streams")),
    box("version", t("This program"))));
  let names = new Map();
  let changed = null;

  const show = (name, parts) => fill(boxes[name], parts);
  let status = null;
  async function well() {
    const [now, alive] = await Promise.all([get("/api/v1/status"), get("/healthz?verbose=true")]);
    status = now;
    show("health", [...health(alive.checks), ...[...status.warnings, ...(status.hdhomerun?.warnings ?? [])].map((text) => mark("warning", text))]);
    show("receiver", receiver(status.receiver));
    show("refresh", refreshed(status.refresh));
    show("coverage", coverage(status));
    show("version", [h("p.big", {}, "xg2g " + status.version), h("p.soft", {}, t("Started {0}", ago(Date.now() - status.uptime_seconds * 1000)))]);
    if (status.channels.changed && changed !== status.channels.changed) {
      names = new Map((await get("/api/v1/channels")).channels.map((channel) => [channel.slug, channel.name]));
      changed = status.channels.changed;
    }
  }
  async function flow() {
    const [use, live] = await Promise.all([get("/api/v1/tuners"), get("/api/v1/streams")]);
    show("tuners", tuners(use, names));
    show("streams", streams(live.streams));
  }
  async function all() {
    await well();
    await flow();
  }

  /** Asks again when there is news, but not for each of many. What is not answered now is with the next. */
  let asked = null;
  const soon = () => {
    asked ??= setTimeout(() => {
      asked = null;
      all().catch(() => {});
    }, SOON);
  };
  await all();
  const glance = setInterval(() => document.hidden || flow().catch(() => {}), HOME_GLANCE);

  return {
    notice(told) {
      if (told.type === "refresh.progress" && status) {
        Object.assign(status.refresh, { running: true, phase: told.phase, done: told.done, total: told.total });
        show("refresh", refreshed(status.refresh));
      } else {
        soon();
      }
    },
    leave() {
      clearInterval(glance);
      clearTimeout(asked);
    },
  };
}
