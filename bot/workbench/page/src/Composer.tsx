// Where one writes: Enter sends, / and @ complete, ↑ recalls. Drafts are kept per person and place.
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { completions, type Completion } from "./complete";
import { Files } from "./Files";
import { upload } from "./upload";

interface Props {
  id: string; // the draft's key: person and place
  label: string;
  hint: string;
  first: string; // typed already
  commands: { command: string; description: string; usage_hint: string }[];
  bot: string;
  say: (text: string, files: string[]) => Promise<boolean>;
  autoFocus?: boolean;
}

const RECALLED = 20;
const LONGEST = 40_000;
const MOST_FILES = 10;
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
  const [files, attach] = useState<File[]>([]);
  const [trouble, tell] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
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
    const sent = files;
    if (!words && !sent.length) return;
    if (words) said.set(who, [...(said.get(who) ?? []).filter((one) => one !== words), words].slice(-RECALLED));
    setBack(0);
    change("");
    attach([]);
    tell("");
    const back = () => (write((now) => now || words), attach((now) => (now.length ? now : sent)));
    void upload(sent)
      .then((ids) => say(words, ids))
      .then((done) => done || back())
      .catch((problem: Error) => (back(), tell(problem.message)));
  };
  const add = (more: FileList | null) => {
    const list = Array.from(more ?? []); // at once: the list is emptied with its input
    if (list.length) attach((now) => [...now, ...list].slice(0, MOST_FILES));
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
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => (event.preventDefault(), add(event.dataTransfer.files))}
    >
      <Files files={files} drop={(at) => attach((now) => now.filter((_, index) => index !== at))} />
      {trouble && <p className="attach-trouble" role="alert">{trouble}</p>}
      {offers.length > 0 && (
        <ul className="offers" role="listbox" id={list} aria-label="Completions">
          {offers.map((one, index) => (
            <li key={one.value} id={`${list}-${index}`} role="option" aria-selected={one === chosen} onPointerDown={(event) => (event.preventDefault(), take(one))}>
              <strong>{one.value}</strong> <span className="soft">{one.detail}</span>
            </li>
          ))}
        </ul>
      )}
      <input ref={picker} type="file" multiple hidden aria-label={`Files for: ${label}`} onChange={(event) => (add(event.target.files), (event.target.value = ""), box.current?.focus())} />
      <button type="button" className="attach" aria-label="Attach files" onClick={() => picker.current?.click()}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M14 6.5 8 12.6a1.6 1.6 0 0 0 2.3 2.2l6-6.1a3.2 3.2 0 0 0-4.6-4.5L5.6 10.4a4.8 4.8 0 0 0 6.8 6.8l4.4-4.4" /></svg>
      </button>
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
        onPaste={(event) => add(event.clipboardData.files)}
      />
      <button type="submit" className="send" aria-label="Send" disabled={!text.trim() && !files.length}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 10.8V3.6L18 10 3 16.4V9.2l8 .8z" /></svg>
      </button>
      <span className="hidden" role="status">{offers.length ? `${offers.length} completions, arrows choose, Tab takes` : ""}</span>
    </form>
  );
}
