// What is real and what is a sandbox on this machine, with the way into each.
import { useDesk } from "../desk";
import type { Connected } from "../protocol";

export function Services() {
  const { state } = useDesk();
  return (
    <section className="block" aria-label="Services">
      <h3>Connected</h3>
      <ul className="services">
        {state.connected.map((one) => <Line key={one.name} one={one} />)}
      </ul>
    </section>
  );
}

function Line({ one }: { one: Connected }) {
  return (
    <li title={one.detail}>
      <span className={`dot on-${one.name.toLowerCase()}`} aria-hidden="true" />
      <span className="service-name">{one.name}</span>
      <span className={`tag is-${one.state.replaceAll(" ", "-")}`}>{one.state}</span>
      {one.href ? (
        <a href={one.href} target="_blank" rel="noreferrer" aria-label={`Open the sandbox of ${one.name}`}>
          Look inside
        </a>
      ) : (
        <span className="soft small">{one.detail}</span>
      )}
    </li>
  );
}
