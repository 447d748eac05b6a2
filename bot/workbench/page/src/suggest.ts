// What is already typed when a newcomer arrives.
import type { Person, State } from "./protocol";

/** The first message, addressed to the bot where that is needed; empty once this person has spoken there. */
export function firstWords(state: State, me: Person, on: "slack" | "teams", needsMention: boolean): string {
  const { suggestion, slack, teams } = state;
  if (!suggestion || me.role === "approver") return "";
  const spoke = on === "slack" ? slack?.messages.some((one) => one.user === me.slack) : teams?.activities.some((one) => one.from === me.aad || one.from === me.teams);
  return spoke ? "" : addressed(suggestion, (on === "slack" ? slack?.bot.name : teams?.bot.name) ?? "", needsMention);
}

export function addressed(text: string, bot: string, needsMention: boolean): string {
  return needsMention && bot && !text.startsWith("/") && !text.includes(`@${bot}`) ? `@${bot} ${text}` : text;
}
