// Buttons for sceptics: each tries one promise.
import { useState } from "react";
import { useDesk } from "../desk";
import type { Action } from "../protocol";

type What = Extract<Action, { type: "trouble" }>["what"];

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
        <li>
          {sure ? (
            <span className="row">
              <button type="button" className="button danger" onClick={() => (ask(false), make("reset"))}>Yes, start over</button>
              <button type="button" className="button" onClick={() => ask(false)}>Keep</button>
            </span>
          ) : (
            <button type="button" className="button" onClick={() => ask(true)}>Start over</button>
          )}
          <small>Empties both chats and the sandbox.</small>
        </li>
      </ul>
    </section>
  );
}
