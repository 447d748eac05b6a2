// Questions about runs that several parts of the page ask.
import type { Person, Run, SlackMessage, State, TeamsActivity } from "./protocol";

export type Spot =
  | { on: "slack"; channel: string; ts: string; thread?: string }
  | { on: "teams"; conversation: string; id: string };

export const isOpen = (run: Run) => !["done", "cancelled", "failed"].includes(run.status);

export function pending(state: State) {
  return state.runs.flatMap((run) => run.approvals.filter((one) => one.state === "pending").map((approval) => ({ run, approval })));
}

export function isRequester(run: Run, person: Person): boolean {
  return [person.id, person.name, person.slack, person.teams, person.aad, person.email].some((one) => run.requester === one || run.requester.endsWith(`:${one}`));
}

/** The one who could decide now, if the person acting cannot. */
export function whoDecides(state: State, me: Person): Person | undefined {
  const waiting = pending(state);
  if (!waiting.length) return undefined;
  const able = state.persons.filter((one) => one.role === "approver" && waiting.some(({ run }) => !isRequester(run, one)));
  return able.some((one) => one.id === me.id) ? undefined : able[0];
}

export function inSlackThread(run: Run, channel: string, thread?: string): boolean {
  return run.conversation.startsWith("slack:") && run.conversation.endsWith(`:${channel}:${thread ?? ""}`);
}

export function inTeams(run: Run, conversation: string, root?: string): boolean {
  const key = run.conversation;
  if (!key.startsWith("teams:") || !key.includes(conversation)) return false;
  return !root || key.endsWith(`:${root}`) || key.includes(`messageid=${root}`);
}

/** Where a pending approval's card can be pressed: found by the id or code that the card carries. */
export function approvalSpot(state: State, prefer: "slack" | "teams" = "slack"): Spot | undefined {
  const waiting = pending(state);
  const about = (card: unknown) => {
    const text = JSON.stringify(card ?? "");
    return waiting.some(({ approval }) => text.includes(approval.id) || (approval.code && text.includes(approval.code)));
  };
  const slack = state.slack?.messages.findLast((one) => hasButtons(one) && about(one.blocks));
  const teams = state.teams?.activities.findLast((one) => one.bot && one.card?.actions?.length && about(one.card)) ??
    state.teams?.activities.findLast((one) => one.bot && JSON.stringify(one.card ?? "").includes("Action.") && about(one.card));
  const spots: (Spot | undefined)[] = [slack && slackSpot(slack), teams && teamsSpot(teams)];
  if (prefer === "teams") spots.reverse();
  return spots.find((one) => one);
}

const hasButtons = (one: SlackMessage) => one.bot && (one.blocks ?? []).some((block) => (block as { type: string }).type === "actions");

export const slackSpot = (one: SlackMessage): Spot => ({ on: "slack", channel: one.channel, ts: one.ts, thread: one.thread_ts !== one.ts ? one.thread_ts : undefined });
export const teamsSpot = (one: TeamsActivity): Spot => ({ on: "teams", conversation: one.conversation, id: one.id });
