// How many panes fit: three, two and a drawer, or one behind tabs.
import { useSyncExternalStore } from "react";

export type Width = "wide" | "middle" | "phone";

const WIDE = matchMedia("(min-width: 1100px)");
const MIDDLE = matchMedia("(min-width: 720px)");

const now = (): Width => (WIDE.matches ? "wide" : MIDDLE.matches ? "middle" : "phone");

function listen(changed: () => void) {
  const both = [WIDE, MIDDLE];
  for (const one of both) one.addEventListener("change", changed);
  return () => both.forEach((one) => one.removeEventListener("change", changed));
}

export const useWidth = () => useSyncExternalStore(listen, now);
