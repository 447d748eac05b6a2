// Why it asks, who approves, what is known, what was done.
import { clock } from "../clock";
import type { Run } from "../protocol";

export function Why({ run }: { run: Run }) {
  const { why } = run;
  if (!why) return null;
  return (
    <section className="block" aria-label="Why it asks">
      <h3>Why it asks</h3>
      <p>{why.reason}</p>
      <dl className="facts">
        <div><dt>Rule</dt><dd className="mono">{why.rule}</dd></div>
        {why.confidence !== null && (
          <div>
            <dt>Confidence</dt>
            <dd><meter min={0} max={1} value={why.confidence} aria-label="Confidence" /> {Math.round(why.confidence * 100)} %</dd>
          </div>
        )}
        {why.words && <div><dt>Rests on</dt><dd>“{why.words}”</dd></div>}
      </dl>
    </section>
  );
}

const APPROVAL_SIGN: Record<string, string> = { pending: "●", approved: "✓", rejected: "✕", expired: "⌛", withdrawn: "–" };

export function Approvals({ run }: { run: Run }) {
  if (!run.approvals.length) return null;
  return (
    <section className="block" aria-label="Approvals">
      <h3>Approval</h3>
      {run.approvals.map((one) => (
        <p key={one.id} className={`line is-${one.state}`}>
          <span className="state">{APPROVAL_SIGN[one.state] ?? "·"} {one.state}</span>
          <span className="mono">{one.code}</span>
          {one.decided_by && <span>by {one.decided_by}</span>}
          {one.state === "pending" && <span className="soft">until {clock(one.expires_at)}</span>}
          {one.reason && <span>“{one.reason}”</span>}
        </p>
      ))}
    </section>
  );
}

export function Slots({ run }: { run: Run }) {
  const slots = Object.entries(run.slots);
  if (!slots.length) return null;
  return (
    <section className="block" aria-label="Slots">
      <h3>What it knows</h3>
      <dl className="facts">
        {slots.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{words(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function words(value: unknown): string {
  if (Array.isArray(value)) return value.map(words).join(", ") || "–";
  if (value && typeof value === "object") {
    const one = value as Record<string, unknown>;
    if (one.name !== undefined && one.quantity !== undefined) return `${one.quantity} × ${one.name}`;
    return Object.entries(one).map(([name, inner]) => `${name}: ${words(inner)}`).join(", ");
  }
  return value === null || value === undefined || value === "" ? "–" : String(value);
}

const EFFECT_SIGN: Record<string, string> = { done: "✓", running: "●", queued: "○", held: "◌", waiting: "◌", failed: "!", unknown: "?", dead: "✕" };

export function Effects({ run }: { run: Run }) {
  if (!run.effects.length) return null;
  return (
    <section className="block" aria-label="Effects">
      <h3>Effects</h3>
      <ul className="effects">
        {run.effects.map((one) => (
          <li key={one.key} className={`is-${one.state}`}>
            <span className="state">{EFFECT_SIGN[one.state] ?? "·"} {one.state}</span> <strong>{one.tool}</strong>
            {one.attempts > 1 && <span className="badge">{one.attempts} attempts</span>}
            {one.note && <p>{one.note}</p>}
            <p className="mono soft wrap">{one.key}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
