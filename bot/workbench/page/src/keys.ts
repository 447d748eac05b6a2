// Single keys, only while nothing is being typed and no dialog is open; with Alt, a number works while typing, too.
import { useEffect, useRef } from "react";

export const KEYS: readonly [keys: string, what: string][] = [
  ["1 2 3", "Be the first, second or third person; with Alt while typing, too"],
  ["g s · g t · g r", "Go to Slack, to Teams, to the run"],
  ["/", "Write in Slack; type / there for commands"],
  ["↑", "In an empty composer: the last message again"],
  ["?", "This list"],
];

interface Keys {
  person(index: number): void;
  go(where: "slack" | "teams" | "run"): void;
  help(): void;
}

const TYPING = "input:not([type=radio]):not([type=checkbox]), textarea, select, dialog, [contenteditable]";

export function useKeys(keys: Keys) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let went = 0;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]")) return;
      if (event.altKey) {
        // By its place: with Alt, some keyboards make another letter of it.
        const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
        if (!digit) return;
        latest.current.person(Number(digit) - 1);
        event.preventDefault();
        return;
      }
      if ((event.target as Element).closest?.(TYPING)) return;
      const { key } = event;
      const afterG = Date.now() - went < 1500;
      went = 0;
      if (/^[1-9]$/.test(key)) latest.current.person(Number(key) - 1);
      else if (key === "g") went = Date.now();
      else if (afterG && (key === "s" || key === "t" || key === "r")) latest.current.go(key === "s" ? "slack" : key === "t" ? "teams" : "run");
      else if (key === "?") latest.current.help();
      else if (key === "/") latest.current.go("slack");
      else return;
      if (key !== "g") event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}
