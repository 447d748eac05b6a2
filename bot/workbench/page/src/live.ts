// The connection: fetch everything, then listen; after any gap, the same again, so nothing is ever stale.
import type { Action, Event, State } from "./protocol";

export type Link = "connecting" | "live" | "reconnecting";

interface Listener {
  state(state: State): void;
  event(event: Event): void;
  link(link: Link): void;
}

const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5000;
const ANSWER_WITHIN = 15_000;

/** Stays connected until the returned function is called. */
export function connect(listener: Listener): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_PAUSE;
  let ended = false;
  let attempt = 0;

  async function begin() {
    const mine = ++attempt;
    try {
      const response = await fetch("/workbench/state", { signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (!response.ok) throw new Error(String(response.status));
      const state = (await response.json()) as State;
      if (ended || mine !== attempt) return;
      listener.state(state);
      listen(state.seq);
    } catch {
      if (mine === attempt) again();
    }
  }

  function listen(after: number) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const mine = new WebSocket(`${scheme}://${location.host}/workbench/ws?after=${after}`);
    socket = mine;
    let last = after;
    mine.onopen = () => {
      pause = FIRST_PAUSE;
      listener.link("live");
    };
    mine.onmessage = ({ data }) => {
      const event = JSON.parse(data) as Event;
      if (!event.type) return;
      if (event.type === "reset") {
        mine.onclose = null;
        mine.close();
        void begin();
        return;
      }
      if (event.seq <= last) return; // replayed: known already
      last = event.seq;
      listener.event(event);
    };
    mine.onclose = again;
  }

  function again() {
    if (ended) return;
    listener.link("reconnecting");
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), pause);
    pause = Math.min(pause * 1.7, LONGEST_PAUSE);
  }

  void begin();
  return () => {
    ended = true;
    clearTimeout(timer);
    if (socket) socket.onclose = null;
    socket?.close();
  };
}

/** Does what a person did. Gives the server's note; throws an Error with a sentence. */
export async function send(action: Action): Promise<string> {
  let response: Response;
  try {
    response = await fetch("/workbench/act", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(action),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
  } catch {
    throw new Error("Countersign did not answer. Is it still running?");
  }
  const answer = (await response.json().catch(() => ({}))) as { note?: string; error?: string };
  if (!response.ok) throw new Error(answer.error ?? `Refused with status ${response.status}.`);
  return answer.note ?? "";
}
