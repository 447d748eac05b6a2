// What every part of the page can ask for: the state, who acts, where they look, and doing things.
import { createContext, useContext } from "react";
import type { Link } from "./live";
import type { Action, Person, PersonId, State } from "./protocol";
import type { View } from "./address";
import type { Spot } from "./runs";

export interface SlackPlace {
  channel: string; // an id, or HOME
  thread?: string;
}

export interface TeamsPlace {
  conversation: string;
  root?: string; // the post that the composer replies to
}

export const HOME = "home";

export interface Desk {
  state: State;
  link: Link;
  me: Person;
  become(person: PersonId, spot?: Spot): void;
  slack: SlackPlace;
  goSlack(place: SlackPlace): void;
  teams: TeamsPlace;
  goTeams(place: TeamsPlace): void;
  view: View;
  show(view: View): void;
  theme: "light" | "dark";
  run: string | undefined; // the run that the panel shows, if one was chosen
  chooseRun(id: string | undefined): void;
  /** Sends it. False if it was refused; the reason is then shown on the page. */
  act(action: Action): Promise<boolean>;
  problem: string;
  note: string;
  clear(): void;
  /** How much is new: in a place (a channel with its threads), for one person. */
  unread(place: string, person?: Person): number;
  unreadOf(person: Person): number;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("useDesk outside of the page");
  return desk;
}
