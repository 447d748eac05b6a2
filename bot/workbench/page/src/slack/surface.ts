// A surface is what elements stand on (a message, a modal, App Home): it keeps their values and takes presses.
import { createContext, useContext, useMemo, useState } from "react";
import { initialValues, type Block, type Element, type Entry, type Values } from "./values";

export interface Surface {
  values: Values;
  set(block: string, action: string, entry: Entry): Values;
  press(element: Element, block: string, chosen: unknown, values: Values): void;
  pressed: string; // "block:action" of what works right now
  errors: Record<string, string>;
  id: string; // makes ids of labels unique on the page
}

export const SurfaceContext = createContext<Surface | null>(null);

export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (!surface) throw new Error("an element without a surface");
  return surface;
}

/** Values of a surface: what was touched, over what the blocks begin with. */
export function useValues(blocks: readonly Block[]): [Values, Surface["set"]] {
  const [touched, touch] = useState<Values>({});
  const first = useMemo(() => initialValues(blocks), [blocks]);
  const values = useMemo(() => merged(first, touched), [first, touched]);
  const set = (block: string, action: string, entry: Entry) => {
    const next = { ...touched, [block]: { ...touched[block], [action]: entry } };
    touch(next);
    return merged(first, next);
  };
  return [values, set];
}

/** A block that was replaced takes its touched values with it only where the element is still there. */
function merged(first: Values, touched: Values): Values {
  const out: Values = {};
  for (const [block, actions] of Object.entries(first)) {
    out[block] = {};
    for (const [action, entry] of Object.entries(actions)) {
      const mine = touched[block]?.[action];
      out[block][action] = mine && mine.type === entry.type ? mine : entry;
    }
  }
  return out;
}
