// The wire log: every request in both directions, with what was checked, as it was sent.
import { useState } from "react";
import { clock } from "../clock";
import { useDesk } from "../desk";
import type { Wire } from "../protocol";

const SHOWN = 60;

export function Wires({ wires }: { wires: Wire[] }) {
  const [only, choose] = useState("");
  const { state } = useDesk();
  const matching = wires.filter((one) => !only || one.platform === only);
  return (
    <details className="block wires" open>
      <summary>Wire log <span className="soft">{wires.length}</span></summary>
      <select aria-label="Show requests of" value={only} onChange={(event) => choose(event.target.value)}>
        <option value="">All</option>
        {state.connected
          .filter((one) => one.state === "sandbox")
          .map((one) => <option key={one.name} value={one.service ?? one.name.toLowerCase()}>{one.name}</option>)}
      </select>
      {matching.length === 0 && <p className="soft">No request yet.</p>}
      <ul>
        {matching.slice(-SHOWN).reverse().map((one) => <Row key={one.id} wire={one} />)}
      </ul>
    </details>
  );
}

function Row({ wire }: { wire: Wire }) {
  const { act } = useDesk();
  const [open, setOpen] = useState(false);
  const arrow = wire.direction === "to bot" ? "→" : "←";
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className={`dot on-${wire.platform}`} aria-hidden="true" />
          <span aria-hidden="true">{arrow}</span>
          <span className="hidden">{wire.platform} {wire.direction}</span>
          <span className="mono wire-title">{wire.title}</span>
          <span className={wire.status >= 400 || !wire.status ? "status bad" : "status"}>{wire.status || "–"}</span>
          <span className="soft ms">{Math.round(wire.ms)} ms</span>
        </summary>
        {open && (
          <div className="wire-body">
            <p className="small">{clock(wire.at)} {wire.verified && <span className="verified">{wire.verified}</span>}</p>
            <p className="row">
              <Copy text={wire.body} />
              {wire.can_resend && <button type="button" className="button small" onClick={() => void act({ type: "resend", wire: wire.id })}>Send again</button>}
            </p>
            <pre tabIndex={0} aria-label="Request">{headers(wire)}{"\n\n"}{pretty(wire.body)}</pre>
            {wire.answer && <pre tabIndex={0} aria-label="Answer">{pretty(wire.answer)}</pre>}
          </div>
        )}
      </details>
    </li>
  );
}

const headers = (wire: Wire) => Object.entries(wire.headers).map(([name, value]) => `${name}: ${value}`).join("\n");

/** JSON on many lines, the payload of a form taken out of it; anything else as it is. */
function pretty(body: string): string {
  const text = body.startsWith("payload=") ? (new URLSearchParams(body).get("payload") ?? body) : body;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Copy({ text }: { text: string }) {
  const [said, say] = useState("");
  const copy = () => navigator.clipboard.writeText(text).then(() => say("Copied"), () => say("The browser refused"));
  return (
    <button type="button" className="button small" onClick={() => void copy()}>
      {said || "Copy raw body"}
    </button>
  );
}
