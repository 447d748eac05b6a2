// Who may see what, and what each person has not seen yet.
import type { Person, SlackMessage, State, TeamsActivity } from "./protocol";

export interface Item {
  id: string;
  place: string; // the key under which it is read: a channel, or a thread of it
  channel: string;
  unreadFor: (person: Person) => boolean;
}

export const slackPlace = (channel: string, thread?: string) => (thread ? `s:${channel}:${thread}` : `s:${channel}`);
export const teamsPlace = (conversation: string) => `t:${conversation}`;

export function seesSlack(message: SlackMessage, person: Person): boolean {
  return !message.ephemeral_to || message.ephemeral_to === person.slack;
}

export function seesTeams(activity: TeamsActivity, person: Person): boolean {
  return !activity.targeted_to || activity.targeted_to === person.aad || activity.targeted_to === person.teams;
}

export const isReply = (message: SlackMessage) => !!message.thread_ts && message.thread_ts !== message.ts;

/** Everything that somebody may have yet to see. A thread is followed by those who wrote in it. */
export function items(state: State): Item[] {
  const dms = new Map<string, string | undefined>();
  for (const one of state.slack?.channels ?? []) dms.set(one.id, one.person);
  for (const one of state.teams?.conversations ?? []) dms.set(one.id, one.person);
  const mine = (channel: string, person: Person) => !dms.get(channel) || dms.get(channel) === person.id;

  const followers = new Map<string, Set<string>>();
  for (const one of state.slack?.messages ?? []) {
    const thread = one.channel + (one.thread_ts ?? one.ts);
    followers.set(thread, (followers.get(thread) ?? new Set()).add(one.user));
  }
  const slack = (state.slack?.messages ?? []).map((one) => ({
    id: `s:${one.channel}:${one.ts}`,
    place: slackPlace(one.channel, isReply(one) ? one.thread_ts : undefined),
    channel: `s:${one.channel}`,
    unreadFor: (person: Person) =>
      one.user !== person.slack &&
      mine(one.channel, person) &&
      seesSlack(one, person) &&
      (!isReply(one) || !!one.ephemeral_to || !!followers.get(one.channel + one.thread_ts)?.has(person.slack)),
  }));

  const writers = new Map<string, Set<string>>();
  for (const one of state.teams?.activities ?? []) {
    const thread = one.conversation + (one.root ?? one.id);
    writers.set(thread, (writers.get(thread) ?? new Set()).add(one.from));
  }
  const wrote = (thread: string, person: Person) => writers.get(thread)?.has(person.aad) || writers.get(thread)?.has(person.teams);
  const teams = (state.teams?.activities ?? []).map((one) => ({
    id: `t:${one.conversation}:${one.id}`,
    place: teamsPlace(one.conversation),
    channel: `t:${one.conversation}`,
    unreadFor: (person: Person) =>
      one.from !== person.aad &&
      one.from !== person.teams &&
      mine(one.conversation, person) &&
      seesTeams(one, person) &&
      (!one.root || !!one.targeted_to || !!wrote(one.conversation + one.root, person)),
  }));
  return [...slack, ...teams];
}
