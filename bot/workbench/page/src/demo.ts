// ▶ plays a whole order by real actions: it types, presses Send, and clicks the very buttons on the cards.
import { useEffect, useRef, useState } from "react";
import { fillComposer } from "./Composer";
import type { Desk } from "./desk";
import { approvalSpot, inSlackThread, inTeams, isRequester, pending, slackSpot, teamsSpot, type Spot } from "./runs";
import type { Run } from "./protocol";
import { addressed } from "./suggest";

export interface Demo {
  state: "idle" | "playing" | "paused";
  play(): void;
  pause(): void; // and go on again
  stop(): void;
}

const LONGEST = 120_000;
const BEAT = 650;

class Stopped extends Error {}

export function useDemo(desk: Desk | null): Demo {
  const latest = useRef(desk);
  latest.current = desk;
  const [state, setState] = useState<Demo["state"]>("idle");
  const control = useRef({ paused: false, stopped: true });
  useEffect(() => () => void (control.current.stopped = true), []);
  return {
    state,
    play() {
      const mine = { paused: false, stopped: false };
      control.current = mine;
      setState("playing");
      play(() => latest.current!, mine)
        .catch((error: unknown) => {
          if (!(error instanceof Stopped)) throw error;
        })
        .finally(() => setState("idle"));
    },
    pause() {
      control.current.paused = !control.current.paused;
      setState(control.current.paused ? "paused" : "playing");
    },
    stop() {
      control.current.stopped = true;
    },
  };
}

async function play(desk: () => Desk, control: { paused: boolean; stopped: boolean }) {
  const until = Date.now() + LONGEST;
  async function beat(ms = BEAT) {
    const end = Date.now() + ms;
    do {
      if (control.stopped || Date.now() > until) throw new Stopped();
      await new Promise((done) => setTimeout(done, 50));
    } while (control.paused || Date.now() < end);
  }

  const before = new Set(desk().state.runs.map((one) => one.id));
  const on = desk().state.slack ? "slack" : "teams";
  const requester = desk().state.persons.find((one) => one.role === "requester") ?? desk().state.persons[0];
  const { slack, teams } = desk().state;
  const start: Spot = slack ? { on: "slack", channel: slack.channels[0].id, ts: "" } : { on: "teams", conversation: teams?.conversations[0]?.id ?? "", id: "" };
  desk().become(requester.id, start);
  desk().show(on);
  await beat();

  const pane = `.pane.${on}`;
  const bot = (on === "slack" ? slack?.bot.name : teams?.bot.name) ?? "";
  const words = addressed(desk().state.suggestion, bot, true);
  for (let end = 3; end < words.length + 3; end += 3) {
    fillComposer(document.querySelector(`${pane} .composer`), words.slice(0, end));
    await beat(40);
  }
  await beat();
  document.querySelector<HTMLButtonElement>(`${pane} .send`)?.click();

  const clicked = new Set<string>();
  for (;;) {
    await beat(200);
    const run = desk().state.runs.find((one) => !before.has(one.id) && isRequester(one, requester));
    if (run && run.status !== "waiting" && run.status !== "running") break;
    const next = run && nextSpot(desk(), run, requester.id);
    if (!next) continue;
    const key = JSON.stringify(next);
    if (clicked.has(key)) continue;
    await beat();
    desk().become(next.as, next.spot);
    desk().show(next.spot.on);
    await beat();
    const button = primary(next.spot);
    if (!button) continue;
    clicked.add(key);
    button.classList.add("demo-target");
    button.scrollIntoView({ block: "nearest" });
    await beat();
    button.classList.remove("demo-target");
    button.click();
  }
  await beat();
  desk().become(requester.id);
}

function nextSpot(desk: Desk, run: Run, requester: string): { as: string; spot: Spot } | undefined {
  const { state } = desk;
  if (pending(state).some((one) => one.run.id === run.id)) {
    const approver = state.persons.find((one) => one.role === "approver" && !isRequester(run, one));
    const spot = approvalSpot(state);
    return approver && spot && { as: approver.id, spot };
  }
  const message = state.slack?.messages.findLast((one) => one.bot && inSlackThread(run, one.channel, one.thread_ts ?? one.ts) && JSON.stringify(one.blocks ?? "").includes('"primary"'));
  if (message) return { as: requester, spot: slackSpot(message) };
  const activity = state.teams?.activities.findLast((one) => one.bot && inTeams(run, one.conversation, one.root) && JSON.stringify(one.card ?? "").includes('"positive"'));
  return activity && { as: requester, spot: teamsSpot(activity) };
}

function primary(spot: Spot): HTMLElement | null {
  if (spot.on === "slack") return document.querySelector(`[data-ts="${CSS.escape(spot.ts)}"] .button.primary`);
  const card = document.querySelector(`[data-id="${CSS.escape(spot.id)}"]`);
  return card?.querySelector<HTMLElement>(".style-positive") ?? card?.querySelector<HTMLElement>("button.ac-pushButton") ?? null;
}
