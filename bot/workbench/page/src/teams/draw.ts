// Microsoft's renderer, with its known faults mended; the rest of the page sees one function.
import {
  AdaptiveCard,
  ExecuteAction,
  GlobalRegistry,
  HostConfig,
  OpenUrlAction,
  SerializationContext,
  SubmitAction,
  Table,
  Versions,
  type Action as CardAction,
} from "adaptivecards";
import { hostConfig } from "./hostConfig";
import { cardHtml } from "./markdown";

export type Press = { kind: "execute"; verb: string; data: unknown } | { kind: "submit"; data: unknown };

// Registered by side effect in the package, and so dropped by every bundler.
GlobalRegistry.defaultElements.register("Table", Table, Versions.v1_5);
AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = cardHtml(text);
  result.didProcess = true;
};

const LINK = /^(https?:|mailto:|tel:)/i;

/** Draws into `into`; gives what could not be drawn, in words. `onPress` also gets the pressed button. */
export function drawCard(json: unknown, theme: "light" | "dark", into: HTMLElement, onPress: (press: Press, button: HTMLElement | undefined) => void): { notes: string[]; stop: () => void } {
  const card = new AdaptiveCard();
  card.hostConfig = new HostConfig(hostConfig(theme));
  const context = new SerializationContext(Versions.v1_6);
  card.parse(withMentions(json), context);
  card.onExecuteAction = (action) => perform(action, onPress);
  const drawn = card.render();
  into.replaceChildren(...(drawn ? [drawn] : []));
  const stop = drawn ? mend(card, drawn) : () => undefined;
  return { notes: eventsOf(context), stop };
}

function perform(action: CardAction, onPress: (press: Press, button: HTMLElement | undefined) => void) {
  const button = action.renderedElement;
  // A copy: the library keeps the object, and what we send must not change under way.
  if (action instanceof ExecuteAction) onPress({ kind: "execute", verb: action.verb, data: structuredClone(action.data ?? {}) }, button);
  else if (action instanceof SubmitAction) onPress({ kind: "submit", data: structuredClone(action.data ?? {}) }, button);
  else if (action instanceof OpenUrlAction && action.url && LINK.test(action.url)) window.open(action.url, "_blank", "noopener,noreferrer");
}

function eventsOf(context: SerializationContext): string[] {
  const notes = new Set<string>();
  for (let at = 0; at < context.eventCount; at++) notes.add(context.getEventAt(at).message);
  return [...notes];
}

/** <at>Name</at> stands for a mention; the renderer knows none, so the name is set in bold. */
function withMentions(json: unknown): any {
  return JSON.parse(JSON.stringify(json ?? {}), (key, value) => (key === "text" && typeof value === "string" ? value.replace(/<at[^>]*>(.*?)<\/at>/gi, "**@$1**") : value));
}

function mend(card: AdaptiveCard, drawn: HTMLElement): () => void {
  drawn.removeAttribute("tabindex");
  const fix = () => {
    for (const heading of drawn.querySelectorAll('[role="heading"]:not([aria-level])')) heading.setAttribute("aria-level", "3");
    for (const div of drawn.querySelectorAll("div[aria-expanded]:not([role])")) div.removeAttribute("aria-expanded");
    // A set of actions is announced as a menu bar, though it is not used like one.
    for (const bar of drawn.querySelectorAll('[role="menubar"]')) bar.setAttribute("role", "group");
    for (const item of drawn.querySelectorAll('button[role="menuitem"]')) item.removeAttribute("role");
  };
  for (const input of card.getAllInputs()) {
    const box = input.renderedElement?.querySelector("input, select, textarea");
    if (box && !box.getAttribute("aria-labelledby") && !box.getAttribute("aria-label")) box.setAttribute("aria-label", input.label || input.id || "Input");
  }
  fix();
  const watcher = new MutationObserver(fix);
  watcher.observe(drawn, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-expanded", "role"] });
  return () => watcher.disconnect();
}
