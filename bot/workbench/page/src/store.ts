// The State, kept up to date by Events: pure, so that the same events give the same picture.
import type { Event, State } from "./protocol";

const RUNS = 10;
const WIRE = 200;

export function apply(state: State, event: Event): State {
  const next = { ...state, seq: event.seq };
  const { slack, teams } = state;
  switch (event.type) {
    case "slack.message":
      return slack ? { ...next, slack: { ...slack, messages: put(slack.messages, event.message, (one) => one.channel + one.ts) } } : next;
    case "slack.delete":
      return slack ? { ...next, slack: { ...slack, messages: slack.messages.filter((one) => one.channel !== event.channel || one.ts !== event.ts) } } : next;
    case "slack.modal":
      return slack ? { ...next, slack: { ...slack, modals: put(slack.modals, event.modal, (one) => one.view_id) } } : next;
    case "slack.modal_closed":
      return slack ? { ...next, slack: { ...slack, modals: slack.modals.filter((one) => one.view_id !== event.view_id) } } : next;
    case "slack.home":
      return slack ? { ...next, slack: { ...slack, homes: { ...slack.homes, [event.person]: event.blocks } } } : next;
    case "slack.status":
      return slack ? { ...next, slack: { ...slack, status: { ...slack.status, [`${event.channel}:${event.thread_ts}`]: event.status } } } : next;
    case "teams.activity":
      return teams ? { ...next, teams: { ...teams, activities: put(teams.activities, event.activity, (one) => one.conversation + one.id) } } : next;
    case "teams.delete":
      return teams ? { ...next, teams: { ...teams, activities: teams.activities.filter((one) => one.conversation !== event.conversation || one.id !== event.id) } } : next;
    case "teams.typing": {
      if (!teams) return next;
      const others = teams.typing.filter((one) => one !== event.conversation);
      return { ...next, teams: { ...teams, typing: event.on ? [...others, event.conversation] : others } };
    }
    case "runs":
      return { ...next, runs: event.runs.slice(0, RUNS) };
    case "records":
      return { ...next, records: event.records };
    case "wire":
      return { ...next, wire: put(state.wire, event.wire, (one) => String(one.id)).slice(-WIRE) };
    case "reset":
      return next;
  }
}

/** Replaces the one with the same key, or appends. */
function put<T>(list: T[], one: T, key: (one: T) => string): T[] {
  const mine = key(one);
  const at = list.findIndex((other) => key(other) === mine);
  return at < 0 ? [...list, one] : list.map((other, index) => (index === at ? one : other));
}
