// A press is answered by the eye at once ("working…") until the message changes, or a little while has passed.
import { useEffect, useId, useState } from "react";
import { useDesk } from "../desk";
import type { Action } from "../protocol";
import type { Surface } from "./surface";
import { actionOf, type Values } from "./values";
import { useValues } from "./surface";
import type { Block } from "./values";

const GIVE_UP = 8000;

/** `sign` changes whenever what the person is waiting for has arrived. */
export function useSurfaceOf(
  blocks: readonly Block[],
  sign: unknown,
  send: (action: Record<string, unknown>, values: Values) => Action,
  errors: Record<string, string> = {},
): Surface {
  const { act } = useDesk();
  const id = useId();
  const [values, set] = useValues(blocks);
  const [pressed, press] = useState("");
  useEffect(() => press(""), [sign]);
  useEffect(() => {
    if (!pressed) return undefined;
    const timer = setTimeout(() => press(""), GIVE_UP);
    return () => clearTimeout(timer);
  }, [pressed]);
  return {
    id,
    values,
    set,
    pressed,
    errors,
    press(element, block, chosen, current) {
      if (!element.url) press(`${block}:${element.action_id}`);
      void act(send(actionOf(element, block, chosen), current)).then((done) => done || press(""));
    },
  };
}
