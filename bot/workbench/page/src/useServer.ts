// The server's State in React, and what has been new to whom since this page was opened.
import { useEffect, useMemo, useReducer, useState } from "react";
import { connect, type Link } from "./live";
import type { Event, Person, PersonId, State } from "./protocol";
import { items } from "./seen";
import { apply } from "./store";

interface Known {
  state: State | null;
  born: number; // seq of the first state: what was there then is not new
  arrived: Record<string, number>; // item → seq at which it came
}

type Step = { state: State } | { event: Event };

function step(known: Known, what: Step): Known {
  const state = "state" in what ? what.state : known.state && apply(known.state, what.event);
  if (!state) return known;
  const born = known.state ? known.born : state.seq;
  const arrived: Record<string, number> = {};
  for (const item of items(state)) arrived[item.id] = known.arrived[item.id] ?? state.seq;
  return { state, born, arrived };
}

export interface Server {
  state: State | null;
  link: Link;
  unread(place: string, person: Person): number;
  unreadOf(person: Person): number;
  /** This person looks at these places now. */
  look(person: PersonId, places: readonly string[]): void;
}

export function useServer(): Server {
  const [known, dispatch] = useReducer(step, { state: null, born: 0, arrived: {} });
  const [link, setLink] = useState<Link>("connecting");
  const [seen, setSeen] = useState<Record<string, number>>({}); // "person place" → seq
  useEffect(() => connect({ state: (state) => dispatch({ state }), event: (event) => dispatch({ event }), link: setLink }), []);
  const all = useMemo(() => (known.state ? items(known.state) : []), [known.state]);
  const isNew = (person: Person, item: (typeof all)[number]) =>
    known.arrived[item.id] > (seen[`${person.id} ${item.place}`] ?? known.born) && item.unreadFor(person);
  return {
    state: known.state,
    link,
    unread: (place, person) => all.filter((one) => (one.place === place || one.channel === place) && isNew(person, one)).length,
    unreadOf: (person) => all.filter((one) => isNew(person, one)).length,
    look(person, places) {
      const state = known.state;
      if (!state) return;
      const stale = places.filter((place) => all.some((one) => one.place === place && known.arrived[one.id] > (seen[`${person} ${place}`] ?? known.born)));
      if (stale.length) setSeen((now) => ({ ...now, ...Object.fromEntries(stale.map((place) => [`${person} ${place}`, state.seq])) }));
    },
  };
}
