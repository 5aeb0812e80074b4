// What happens, while it happens: by WebSocket, else by Server-Sent Events, else by asking again and again.

import { get, headers, pause } from "./api.js";

const EVENTS = "/api/v1/events";
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
const POLL = 5000;
/** After so many questions a better way is tried again. */
const POLLS = 12;

/** Follows a WebSocket to its end; whether it had begun. */
function bySocket(tell) {
  return new Promise((done) => {
    const scheme = location.protocol === "https:" ? "wss://" : "ws://";
    const socket = new WebSocket(scheme + location.host + EVENTS);
    let begun = false;
    socket.onmessage = (message) => {
      begun = true;
      tell(JSON.parse(message.data));
    };
    socket.onclose = () => done(begun);
  });
}

/** Follows an event stream to its end; whether it had begun. `EventSource` cannot show a token. */
async function byStream(tell) {
  let begun = false;
  try {
    const answer = await fetch(EVENTS, { headers: { ...headers(), accept: "text/event-stream" }, cache: "no-store" });
    if (!answer.ok) return false;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return begun;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data: ")) continue;
        begun = true;
        tell(JSON.parse(line.slice(6)));
      }
    }
  } catch {
    return begun;
  }
}

/** Asks for the status for a minute, or until it is not answered; how things are then. */
async function byPolling(tell) {
  for (let polls = 0; polls < POLLS; polls += 1) {
    try {
      await get("/api/v1/status");
    } catch (error) {
      return [401, 403].includes(error.status) ? "locked" : "away";
    }
    tell({ type: "poll" });
    await pause(POLL);
  }
  return "away";
}

/**
 * Follows for as long as the page is open. `tell` gets each notice (`poll` where there are none: look yourself),
 * `show` the way: `live`, `polling`, `away`, or `locked` where a token is missing.
 */
export async function follow(tell, show) {
  let wait = FIRST_PAUSE;
  const heard = (way) => (notice) => {
    wait = FIRST_PAUSE;
    show(way);
    tell(notice);
  };
  for (;;) {
    const begun = (await bySocket(heard("live"))) || (await byStream(heard("live")));
    show(begun ? "away" : await byPolling(heard("polling")));
    await pause(wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_PAUSE);
  }
}
