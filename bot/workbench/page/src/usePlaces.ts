// Where each person looks, on both platforms: everyone keeps their own place.
import { useEffect, useRef, useState } from "react";
import type { Address } from "./address";
import { HOME, type SlackPlace, type TeamsPlace } from "./desk";
import type { Person, PersonId, State } from "./protocol";
import { inSlackThread, isRequester, type Spot } from "./runs";
import { isReply } from "./seen";

type Both = { slack: SlackPlace; teams: TeamsPlace };

export function usePlaces(state: State | null, me: Person | undefined, address: Address) {
  const [all, setAll] = useState<Record<PersonId, Partial<Both>>>({});
  const mine: Both = { slack: { channel: "" }, teams: { conversation: "" } };
  if (state && me) {
    mine.slack = existing(state, all[me.id]?.slack ?? firstSlack(state, me, address));
    mine.teams = all[me.id]?.teams ?? firstTeams(state, me, address);
  }
  const go = (person: PersonId, part: Partial<Both>) => setAll((now) => ({ ...now, [person]: { ...now[person], ...part } }));
  useFollow(state, me, mine, (part) => me && go(me.id, part));
  return { ...mine, go };
}

export function placeOf(spot: Spot): Partial<Both> {
  return spot.on === "slack" ? { slack: { channel: spot.channel, thread: spot.thread } } : { teams: { conversation: spot.conversation } };
}

function firstSlack(state: State, me: Person, { channel }: Address): SlackPlace {
  if (channel === HOME) return { channel: HOME };
  const mine = (state.slack?.channels ?? []).filter((one) => !one.person || one.person === me.id);
  return { channel: (mine.find((one) => one.id === channel || one.name === channel) ?? mine[0])?.id ?? "" };
}

function firstTeams(state: State, me: Person, { conversation }: Address): TeamsPlace {
  const mine = (state.teams?.conversations ?? []).filter((one) => !one.person || one.person === me.id);
  return { conversation: (mine.find((one) => one.id === conversation || one.name === conversation) ?? mine[0])?.id ?? "" };
}

/** A thread that is gone (after a fresh start) is not shown. */
function existing(state: State, place: SlackPlace): SlackPlace {
  if (!place.thread) return place;
  const there = state.slack?.messages.some((one) => one.channel === place.channel && (one.ts === place.thread || one.thread_ts === place.thread));
  return there ? place : { channel: place.channel };
}

/** When the bot answers what I just began, I see the answer: the thread opens by itself. */
function useFollow(state: State | null, me: Person | undefined, mine: Both, go: (part: Partial<Both>) => void) {
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!state || !me) return;
    const messages = state.slack?.messages ?? [];
    const activities = state.teams?.activities ?? [];
    const first = known.current === null;
    const before = (known.current ??= new Set());
    const fresh = <T,>(key: (one: T) => string) => (one: T) => !before.has(key(one)) && !!before.add(key(one));
    const newSlack = messages.filter(fresh((one) => `s${one.channel}${one.ts}`));
    const newTeams = activities.filter(fresh((one) => `t${one.conversation}${one.id}`));
    const newRuns = state.runs.filter(fresh((one) => `r${one.id}`));
    if (first) return;

    const begun = newSlack.find((one) => one.bot && isReply(one) && one.channel === mine.slack.channel && messages.some((root) => root.ts === one.thread_ts && root.channel === one.channel && root.user === me.slack));
    const commanded = messages.findLast((one) => one.channel === mine.slack.channel && newRuns.some((run) => isRequester(run, me) && inSlackThread(run, one.channel, one.thread_ts ?? one.ts)));
    const thread = begun?.thread_ts ?? commanded?.thread_ts ?? commanded?.ts;
    if (thread && !mine.slack.thread && mine.slack.channel) go({ slack: { channel: mine.slack.channel, thread } });

    const channel = state.teams?.conversations.find((one) => one.id === mine.teams.conversation)?.kind === "channel";
    const answered = newTeams.find((one) => one.bot && one.root && one.conversation === mine.teams.conversation && activities.some((root) => root.id === one.root && (root.from === me.aad || root.from === me.teams)));
    if (channel && answered && !mine.teams.root) go({ teams: { conversation: answered.conversation, root: answered.root } });
  }, [state]);
}
