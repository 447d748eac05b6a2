// The run: where it stands, why it asks, what it did, and how to make trouble.
import { useDesk } from "../desk";
import type { Run } from "../protocol";
import { Approvals, Effects, Slots, Why } from "./Facts";
import { Graph } from "./Graph";
import { Records } from "./Records";
import { Services } from "./Services";
import { Trouble } from "./Trouble";
import { Wires } from "./Wires";

export function RunPanel() {
  const { state, run: chosen, chooseRun } = useDesk();
  const run = state.runs.find((one) => one.id === chosen) ?? state.runs[0];
  return (
    <section className="pane run" aria-label="Run">
      <h2 className="pane-name">Run</h2>
      <div className="run-body" role="region" aria-label="Run details" tabIndex={0}>
        {state.runs.length > 1 && (
          <select aria-label="Which run" value={run.id} onChange={(event) => chooseRun(event.target.value)}>
            {state.runs.map((one) => <option key={one.id} value={one.id}>{one.flow} · {one.status} · {one.id.slice(-6)}</option>)}
          </select>
        )}
        {run ? <One run={run} /> : <Nothing />}
        <Records records={state.records} />
        <Services />
        <Trouble />
        <Wires wires={state.wire} />
      </div>
    </section>
  );
}

function Nothing() {
  return (
    <div className="run-empty">
      <p className="sentence">Nothing runs yet.</p>
      <p className="soft">Send the message that is already typed: its steps, the reason why it asks a person, and every request appear here.</p>
    </div>
  );
}

function One({ run }: { run: Run }) {
  return (
    <>
      <p className={`sentence is-${run.status}`} role="status">{run.sentence}</p>
      <p className="soft small">
        {run.flow} <span className="mono">{run.version.slice(0, 8)}</span> · <span className="mono">{run.id.slice(0, 16)}</span>
      </p>
      <Graph run={run} />
      <Why run={run} />
      <Approvals run={run} />
      <Slots run={run} />
      <Effects run={run} />
    </>
  );
}
