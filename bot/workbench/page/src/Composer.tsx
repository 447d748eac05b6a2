// Where one writes: Enter sends, / and @ complete, ↑ recalls. Drafts are kept per person and place.
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { completions, type Completion } from "./complete";

interface Props {
  id: string; // the draft's key: person and place
  label: string;
  hint: string;
  first: string; // typed already
  commands: { command: string; description: string; usage_hint: string }[];
  bot: string;
  say: (text: string) => Promise<boolean>;
  autoFocus?: boolean;
}

const RECALLED = 20;
const LONGEST = 40_000;
const drafts = new Map<string, string>();
const said = new Map<string, string[]>();

/** Puts text into the composer of the same stack, ready to be sent. */
export function fillComposer(near: Element | null, text: string) {
  const box = near?.closest(".stack")?.querySelector("textarea.composer-text") as HTMLTextAreaElement | null;
  if (!box) return;
  const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")!.set!;
  set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

export function Composer({ id, label, hint, first, commands, bot, say, autoFocus }: Props) {
  const [text, write] = useState(() => drafts.get(id) || first);
  const [back, setBack] = useState(0); // how far ↑ went
  const [at, setAt] = useState(0);
  const [closed, close] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const who = id.split(":").slice(0, 2).join(":");
  const offers = closed ? [] : completions(text, commands, bot);
  const chosen = offers[Math.min(at, offers.length - 1)];

  useEffect(() => {
    if (first) write((now) => now || first); // after a fresh start, what was typed first is there again
  }, [first]);
  useEffect(() => {
    drafts.set(id, text);
    if (!box.current) return;
    box.current.style.height = "auto";
    box.current.style.height = `${Math.min(box.current.scrollHeight + 2, 160)}px`;
  }, [text, id]);
  useEffect(() => {
    if (autoFocus && matchMedia("(pointer: fine)").matches) box.current?.focus({ preventScroll: true });
  }, [autoFocus]);

  const change = (next: string) => {
    write(next);
    setAt(0);
    close(false);
  };
  const take = (one: Completion) => change(one.result);
  const submit = () => {
    const words = text.trim();
    if (!words) return;
    said.set(who, [...(said.get(who) ?? []).filter((one) => one !== words), words].slice(-RECALLED));
    setBack(0);
    change("");
    void say(words).then((done) => done || write((now) => now || words));
  };
  const recall = (step: number) => {
    const past = said.get(who) ?? [];
    const next = Math.max(0, Math.min(past.length, back + step));
    setBack(next);
    write(next ? past[past.length - next] : "");
  };

  const key = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (offers.length) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        setAt((now) => (now + (event.key === "ArrowDown" ? 1 : offers.length - 1)) % offers.length);
        return;
      }
      if (event.key === "Escape") {
        close(true);
        return;
      }
      if (event.key === "Tab" || (event.key === "Enter" && chosen.value !== text)) {
        event.preventDefault();
        take(chosen);
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && (!text || back)) {
      event.preventDefault();
      recall(1);
    } else if (event.key === "ArrowDown" && back) {
      event.preventDefault();
      recall(-1);
    }
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {offers.length > 0 && (
        <ul className="offers" role="listbox" id={list} aria-label="Completions">
          {offers.map((one, index) => (
            <li key={one.value} id={`${list}-${index}`} role="option" aria-selected={one === chosen} onPointerDown={(event) => (event.preventDefault(), take(one))}>
              <strong>{one.value}</strong> <span className="soft">{one.detail}</span>
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={box}
        className="composer-text"
        rows={1}
        aria-label={label}
        placeholder={hint}
        maxLength={LONGEST}
        value={text}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={offers.length ? list : undefined}
        aria-activedescendant={offers.length ? `${list}-${offers.indexOf(chosen)}` : undefined}
        onChange={(event) => change(event.target.value)}
        onKeyDown={key}
        onBlur={() => close(true)}
      />
      <button type="submit" className="send" aria-label="Send" disabled={!text.trim()}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 10.8V3.6L18 10 3 16.4V9.2l8 .8z" /></svg>
      </button>
      <span className="hidden" role="status">{offers.length ? `${offers.length} completions, arrows choose, Tab takes` : ""}</span>
    </form>
  );
}
