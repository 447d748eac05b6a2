// An Adaptive Card: a press is marked at once, and focus stays where it was when the card is replaced.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useDesk } from "../desk";
import { drawCard, type Press } from "./draw";

const GIVE_UP = 8000;

export function Card({ json, press }: { json: unknown; press: (press: Press) => Promise<boolean> }) {
  const { theme } = useDesk();
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(press);
  latest.current = press;
  const [notes, setNotes] = useState<string[]>([]);
  const [working, setWorking] = useState(false);
  const sign = JSON.stringify(json);
  useLayoutEffect(() => {
    const into = place.current!;
    const hadFocus = into.contains(document.activeElement);
    const drawn = drawCard(JSON.parse(sign), theme, into, (what, button) => {
      if (into.dataset.working) return;
      into.dataset.working = "yes";
      button?.setAttribute("aria-busy", "true");
      setWorking(true);
      void latest.current(what).then((done) => done || setWorking(false));
    });
    setNotes(drawn.notes);
    setWorking(false);
    if (hadFocus) focusFirst(into);
    return drawn.stop;
  }, [sign, theme]);
  useEffect(() => {
    if (working) {
      const timer = setTimeout(() => setWorking(false), GIVE_UP);
      return () => clearTimeout(timer);
    }
    delete place.current!.dataset.working;
    for (const one of place.current!.querySelectorAll("[aria-busy]")) one.removeAttribute("aria-busy");
    return undefined;
  }, [working]);
  return (
    <div className="card">
      <div ref={place} />
      <p className="card-status" role="status">{working ? "working…" : ""}</p>
      {notes.map((one) => <p key={one} className="unknown">Not drawn here: {one}</p>)}
    </div>
  );
}

function focusFirst(into: HTMLElement) {
  const first = into.querySelector<HTMLElement>('button, [role="heading"]');
  if (!first) return;
  if (first.tagName !== "BUTTON") first.tabIndex = -1;
  first.focus({ preventScroll: true });
}
