// What the sandbox services hold: the proof of what really happened.
import type { SandboxRecord } from "../protocol";

const QUIET = new Set(["product", "price"]);

export function Records({ records }: { records: SandboxRecord[] }) {
  if (!records.length) return null;
  const catalogue = records.filter((one) => QUIET.has(one.object));
  const moving = records.filter((one) => !QUIET.has(one.object));
  return (
    <section className="block" aria-label="Stripe records">
      <h3>{[...new Set(records.map((one) => one.service))].join(", ")} holds</h3>
      <List of={moving} />
      {moving.length === 0 && <p className="soft">No payment yet.</p>}
      {catalogue.length > 0 && (
        <details>
          <summary>Products and prices ({catalogue.length})</summary>
          <List of={catalogue} />
        </details>
      )}
    </section>
  );
}

function List({ of }: { of: SandboxRecord[] }) {
  return (
    <ul className="records">
      {of.map((one) => (
        <li key={one.id}>
          <details>
            <summary>
              <span className="soft">{one.object.replaceAll("_", " ")}</span> {one.title} <span className={`state is-${one.status}`}>{one.status.replaceAll("_", " ")}</span>
            </summary>
            <pre tabIndex={0}>{JSON.stringify(one.json, null, 2)}</pre>
          </details>
        </li>
      ))}
    </ul>
  );
}
