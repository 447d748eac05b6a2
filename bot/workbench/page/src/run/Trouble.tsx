// Buttons for sceptics: each tries one promise.
import { useState } from "react";
import { useDesk } from "../desk";
import type { Action } from "../protocol";

type Make = Extract<Action, { type: "trouble" }>;
type What = Exclude<Make["what"], "fail" | "act">;
type How = Extract<Make, { what: "fail" }>["how"];

const HOW: readonly { how: How; label: string }[] = [
  { how: "429", label: "Say “slow down”" },
  { how: "500", label: "Do it, answer 500" },
  { how: "slow", label: "Take 8 seconds" },
  { how: "reset", label: "Do it, cut the line" },
];

const TROUBLES: readonly { what: What; label: string; promise: string }[] = [
  { what: "deliver_twice", label: "Deliver the last event twice", promise: "A redelivery changes nothing." },
  { what: "press_20", label: "Press Approve 20 times at once", promise: "The first press counts, the others are told who decided; one charge." },
  { what: "decline_card", label: "Decline the card", promise: "A failure is said in plain words, and nothing is charged." },
  { what: "expire", label: "Expire the approval now", promise: "Expired is not rejected, and is said so; nothing runs." },
  { what: "kill_worker", label: "Kill the worker", promise: "Losing a process loses nothing: the charge still happens, once." },
];

export function Trouble() {
  const { act, me } = useDesk();
  const [sure, ask] = useState(false);
  const make = (what: What) => void act({ type: "trouble", what, as: me.id });
  return (
    <section className="block" aria-label="Make trouble">
      <h3>Make trouble</h3>
      <p className="soft small">Each button tries to break one promise.</p>
      <ul className="troubles">
        {TROUBLES.map((one) => (
          <li key={one.what}>
            <button type="button" className="button" onClick={() => make(one.what)}>{one.label}</button>
            <small>{one.promise}</small>
          </li>
        ))}
        <NextCall />
        <li>
          {sure ? (
            <span className="row">
              <button type="button" className="button danger" onClick={() => (ask(false), make("reset"))}>Yes, start over</button>
              <button type="button" className="button" onClick={() => ask(false)}>Keep</button>
            </span>
          ) : (
            <button type="button" className="button" onClick={() => ask(true)}>Start over</button>
          )}
          <small>Empties both chats and every sandbox.</small>
        </li>
      </ul>
    </section>
  );
}

/** What the bot's next call to one of the sandboxes meets. */
function NextCall() {
  const { act, me, state } = useDesk();
  const here = state.connected.filter((one) => one.service);
  const [chosen, choose] = useState("");
  if (!here.length) return null;
  const service = here.find((one) => one.service === chosen)?.service ?? here[0].service!;
  const fail = (how: How) => void act({ type: "trouble", what: "fail", service, how, as: me.id });
  return (
    <li>
      <div role="group" aria-label="The next call to a service">
        <label className="next-call">
          The next call to
          <select value={service} onChange={(event) => choose(event.target.value)}>
            {here.map((one) => <option key={one.service} value={one.service}>{one.name}</option>)}
          </select>
          will
        </label>
        <span className="row faults">
          {HOW.map((one) => (
            <button key={one.how} type="button" className="button" onClick={() => fail(one.how)}>{one.label}</button>
          ))}
        </span>
      </div>
      <small>It is tried again when that is safe, looked up where nobody knows, and never done twice.</small>
    </li>
  );
}
