// The address bar holds person, places, theme and view, so that any situation is a link.

export type View = "slack" | "teams" | "run" | "phone";

export interface Address {
  as?: string;
  channel?: string; // Slack: a channel's name or id, or "home"
  conversation?: string; // Teams: a conversation's id
  theme?: "light" | "dark";
  view?: View;
}

const VIEWS: readonly string[] = ["slack", "teams", "run", "phone"];

export function readAddress(search: string = location.search): Address {
  const given = new URLSearchParams(search);
  const theme = given.get("theme");
  const view = given.get("view");
  return {
    as: given.get("as") ?? undefined,
    channel: given.get("channel") ?? undefined,
    conversation: given.get("conversation") ?? undefined,
    theme: theme === "light" || theme === "dark" ? theme : undefined,
    view: view && VIEWS.includes(view) ? (view as View) : undefined,
  };
}

export function writeAddress(address: Address): void {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(address)) if (value) query.set(name, value);
  const text = query.toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
}
