// One line under the header: what went wrong, whose turn it is, or what to try next. Never two at once.
import { useState } from "react";
import { fillComposer } from "./Composer";
import { useDesk } from "./desk";
import type { Person } from "./protocol";
import { approvalSpot, isRequester, whoDecides, type Spot } from "./runs";
import { addressed } from "./suggest";
import { useWidth } from "./useWidth";

export function Bar() {
  return (
    <section className="bar-place" aria-label="What next">
      <Line />
    </section>
  );
}

function Line() {
  const { state, me, become, problem, note, clear } = useDesk();
  const width = useWidth();
  const [dismissed, dismiss] = useState("");
  const wanted = whoDecides(state, me);
  const newest = state.runs[0];
  if (problem) {
    return (
      <div className="bar problem" role="alert">
        <span>{problem}</span>
        <button type="button" className="quiet" aria-label="Dismiss" onClick={clear}>×</button>
      </div>
    );
  }
  if (note) {
    return (
      <div className="bar" role="status">
        <span>{note}</span>
        <button type="button" className="quiet" aria-label="Dismiss" onClick={clear}>×</button>
      </div>
    );
  }
  if (wanted) {
    const key = state.persons.indexOf(wanted) + 1;
    const name = wanted.name.split(" ")[0];
    return (
      <div className="bar hint">
        <button type="button" className="hint-button" onClick={() => become(wanted.id, approvalSpot(state))}>
          {width === "phone" ? `An approval waits: be ${name}` : `Press Alt+${key} to be ${name}`}
        </button>
      </div>
    );
  }
  if (newest?.status === "done" && dismissed !== newest.id && state.runs.every((run) => run.status !== "waiting" || !isRequester(run, me))) {
    return <Next done={() => dismiss(newest.id)} />;
  }
  return null;
}

/** After the end: three things worth trying. */
function Next({ done }: { done: () => void }) {
  const { state, become, show } = useDesk();
  const requester = state.persons.find((one) => one.role === "requester") ?? state.persons[0];
  const approver = state.persons.find((one) => one.role === "approver") ?? state.persons[0];
  const channel = state.slack?.channels.find((one) => one.kind === "channel");
  const conversation = state.teams?.conversations.find((one) => one.kind === "channel") ?? state.teams?.conversations[0];
  const begin = (person: Person, spot: Spot, bot: string) => {
    become(person.id, spot);
    show(spot.on);
    // The pane of that person is drawn first; then its composer is filled, ready for Enter.
    setTimeout(() => fillComposer(document.querySelector(`.pane.${spot.on} .composer`), addressed(state.suggestion, bot, true)), 50);
  };
  return (
    <div className="bar next" role="group" aria-label="Try next">
      <span>Done. Try next:</span>
      {channel && <button type="button" className="chip" onClick={() => begin(approver, { on: "slack", channel: channel.id, ts: "" }, state.slack!.bot.name)}>Order as {approver.name.split(" ")[0]}, then try to approve your own order</button>}
      {conversation && <button type="button" className="chip" onClick={() => begin(requester, { on: "teams", conversation: conversation.id, id: "" }, state.teams!.bot.name)}>Order from Teams</button>}
      <span className="next-file">Edit <code>flows/catalog/order.yaml</code>, then <code>countersign flows push</code></span>
      <button type="button" className="quiet" aria-label="Dismiss" onClick={done}>×</button>
    </div>
  );
}
