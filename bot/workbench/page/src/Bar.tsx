// One line under the header: what went wrong, whose turn it is, or what to try next. Never two at once.
import { useState } from "react";
import { useDesk } from "./desk";
import { approvalSpot, isRequester, whoDecides } from "./runs";
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
          {width === "phone" ? `An approval waits: be ${name}` : `Press ${key} to be ${name}`}
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
  const { state, become, show, goTeams } = useDesk();
  const requester = state.persons.find((one) => one.role === "requester") ?? state.persons[0];
  const approver = state.persons.find((one) => one.role === "approver") ?? state.persons[0];
  const toTeams = () => {
    become(requester.id);
    const first = state.teams?.conversations.find((one) => !one.person || one.person === requester.id);
    if (first) goTeams({ conversation: first.id });
    show("teams");
    setTimeout(() => document.querySelector<HTMLElement>(".pane.teams textarea")?.focus(), 50);
  };
  const own = () => {
    become(approver.id);
    show("slack");
    setTimeout(() => document.querySelector<HTMLElement>(".pane.slack textarea")?.focus(), 50);
  };
  return (
    <div className="bar next" role="group" aria-label="Try next">
      <span>Done. Try next:</span>
      <button type="button" className="chip" onClick={own}>Order as {approver.name.split(" ")[0]}, then try to approve your own order</button>
      {state.teams && <button type="button" className="chip" onClick={toTeams}>Order from Teams</button>}
      <span className="next-file">Edit <code>flows/catalog/order.yaml</code> and watch it reload</span>
      <button type="button" className="quiet" aria-label="Dismiss" onClick={done}>×</button>
    </div>
  );
}
