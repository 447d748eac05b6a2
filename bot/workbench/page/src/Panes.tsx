// Slack | Teams | Run: side by side, two and a drawer, or behind tabs.
import { useState, type KeyboardEvent } from "react";
import type { View } from "./address";
import { useDesk } from "./desk";
import { RunPanel } from "./run/RunPanel";
import { SlackPane } from "./slack/SlackPane";
import { TeamsPane } from "./teams/TeamsPane";
import { useWidth } from "./useWidth";

export function Panes() {
  const { state, view } = useDesk();
  const width = useWidth();
  const tabs: { id: View; label: string }[] = [
    ...(state.slack ? [{ id: "slack" as const, label: "Slack" }] : []),
    ...(state.teams ? [{ id: "teams" as const, label: "Teams" }] : []),
    { id: "run", label: "Run" },
  ];
  if (width === "phone") {
    const current = tabs.some((one) => one.id === view) ? view : tabs[0].id;
    return (
      <main id="panes" className="tabbed" tabIndex={-1}>
        <Tabs tabs={tabs} current={current} />
        <div className="panes one" role="tabpanel" aria-labelledby={`tab-${current}`}>
          {current === "slack" ? <SlackPane /> : current === "teams" ? <TeamsPane /> : <RunPanel />}
        </div>
      </main>
    );
  }
  return (
    <main id="panes" className={`panes ${width} ${state.slack && state.teams ? "" : "single"}`} tabIndex={-1}>
      {state.slack && <SlackPane />}
      {state.teams && <TeamsPane />}
      {width === "wide" ? <RunPanel /> : <Drawer />}
    </main>
  );
}

function Tabs({ tabs, current }: { tabs: { id: View; label: string }[]; current: View }) {
  const { show, unreadOn } = useTabs();
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? tabs.length - 1 : 0;
    if (!step) return;
    const next = tabs[(tabs.findIndex((one) => one.id === current) + step) % tabs.length];
    show(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Panes" onKeyDown={move}>
      {tabs.map((one) => {
        const count = one.id === current ? 0 : unreadOn(one.id);
        return (
          <button key={one.id} id={`tab-${one.id}`} type="button" role="tab" aria-selected={one.id === current} tabIndex={one.id === current ? 0 : -1} onClick={() => show(one.id)}>
            {one.label}
            {count > 0 && <span className="badge">{count}<span className="hidden"> new</span></span>}
          </button>
        );
      })}
    </div>
  );
}

function useTabs() {
  const { state, show, unread } = useDesk();
  const unreadOn = (view: View) => {
    const places = view === "slack" ? (state.slack?.channels ?? []).map((one) => `s:${one.id}`) : view === "teams" ? (state.teams?.conversations ?? []).map((one) => `t:${one.id}`) : [];
    return places.reduce((sum, place) => sum + unread(place), 0);
  };
  return { show, unreadOn };
}

function Drawer() {
  const { state, view } = useDesk();
  const [open, setOpen] = useState(view === "run");
  return (
    <div className={`drawer ${open ? "open" : ""}`}>
      <button type="button" className="drawer-handle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <strong>Run</strong> <span className="soft">{state.runs[0]?.sentence ?? "Nothing runs yet."}</span> <span aria-hidden="true">{open ? "▾" : "▴"}</span>
      </button>
      {open && <RunPanel />}
    </div>
  );
}
