// What the sandbox services hold: the proof of what really happened, and what others can do there.
import { useDesk } from "../desk";
import type { SandboxRecord } from "../protocol";

const QUIET = new Set(["product", "price"]);
const FIRST = "Stripe"; // what the bot did with money is always in sight

export function Records({ records }: { records: SandboxRecord[] }) {
  const services = [...new Set(records.map((one) => one.service))];
  return (
    <>
      {services.map((service) => (
        <Held key={service} service={service} of={records.filter((one) => one.service === service)} />
      ))}
    </>
  );
}

function Held({ service, of }: { service: string; of: SandboxRecord[] }) {
  const catalogue = of.filter((one) => QUIET.has(one.object));
  const moving = of.filter((one) => !QUIET.has(one.object));
  if (service !== FIRST) {
    return (
      <section className="block" aria-label={`${service} records`}>
        <details>
          <summary>
            {service} holds <span className="soft">{of.length}</span>
          </summary>
          <List of={of} />
        </details>
      </section>
    );
  }
  return (
    <section className="block" aria-label={`${service} records`}>
      <h3>{service} holds</h3>
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
              <span className="soft">{one.object.replaceAll("_", " ")}</span> {one.title}{" "}
              <span className={`state is-${one.status.replaceAll(" ", "_")}`}>{one.status.replaceAll("_", " ")}</span>
            </summary>
            <Acts of={one} />
            <pre tabIndex={0}>{JSON.stringify(one.json, null, 2)}</pre>
          </details>
        </li>
      ))}
    </ul>
  );
}

function Acts({ of }: { of: SandboxRecord }) {
  const { act, me } = useDesk();
  if (!of.acts.length) return null;
  return (
    <p className="row acts" role="group" aria-label={`What ${me.name} can do there`}>
      {of.acts.map((one) => (
        <button
          key={one.name}
          type="button"
          className="button small"
          onClick={() => void act({ type: "trouble", what: "act", service: of.at, act: one.name, record: of.id, as: me.id })}
        >
          {one.label} as {me.name.split(" ")[0]}
        </button>
      ))}
    </p>
  );
}
