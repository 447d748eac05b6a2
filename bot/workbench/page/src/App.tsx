// The page: one server, one person acting, and everything that hangs on those two.
import { useEffect, useMemo, useState } from "react";
import { readAddress, writeAddress, type View } from "./address";
import { Bar } from "./Bar";
import { DeskContext, type Desk } from "./desk";
import { useDemo } from "./demo";
import { Header } from "./Header";
import { Help } from "./Help";
import { useKeys } from "./keys";
import { send } from "./live";
import { Panes } from "./Panes";
import { Phone } from "./Phone";
import type { PersonId } from "./protocol";
import { approvalSpot, inSlackThread, inTeams, pending, isRequester, type Spot } from "./runs";
import { slackPlace, teamsPlace } from "./seen";
import { placeOf, usePlaces } from "./usePlaces";
import { useServer } from "./useServer";
import { useWidth } from "./useWidth";

const ADDRESS = readAddress();
const DARK = matchMedia("(prefers-color-scheme: dark)");

export function App() {
  const server = useServer();
  const { state } = server;
  const width = useWidth();
  const [as, setAs] = useState<PersonId | undefined>(ADDRESS.as);
  const [view, show] = useState<View>(ADDRESS.view ?? "slack");
  const [chosenTheme, setTheme] = useState(ADDRESS.theme);
  const [chosenRun, chooseRun] = useState<string>();
  const [problem, setProblem] = useState("");
  const [note, setNote] = useState("");
  const [help, setHelp] = useState(false);
  const [target, setTarget] = useState<Spot>();
  const me = state?.persons.find((one) => one.id === as) ?? state?.persons[0];
  const places = usePlaces(state, me, ADDRESS);
  const theme = useTheme(chosenTheme);

  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    if (!me || !state) return;
    const channel = state.slack?.channels.find((one) => one.id === places.slack.channel);
    writeAddress({ as: me.id, channel: channel?.kind === "channel" ? channel.name : places.slack.channel, conversation: places.teams.conversation, theme: chosenTheme, view: view === "slack" ? undefined : view });
  }, [me?.id, places.slack.channel, places.teams.conversation, chosenTheme, view]);
  useEffect(() => {
    if (!me || document.hidden || view === "phone") return;
    const shown = [
      ...(width !== "phone" || view === "slack" ? [slackPlace(places.slack.channel, places.slack.thread)] : []),
      ...(width !== "phone" || view === "teams" ? [teamsPlace(places.teams.conversation)] : []),
    ];
    server.look(me.id, shown);
  });
  useEffect(() => {
    if (target) document.querySelector(target.on === "slack" ? `[data-ts="${CSS.escape(target.ts)}"]` : `[data-id="${CSS.escape(target.id)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [target, me?.id]);

  const desk: Desk | null =
    state && me
      ? {
          state,
          me,
          link: server.link,
          slack: places.slack,
          teams: places.teams,
          view,
          theme,
          problem,
          note,
          show,
          run: chosenRun ?? runHere(),
          chooseRun,
          become(person, spot) {
            setAs(person);
            const found = spot ?? waitingFor(person);
            if (!found) return;
            places.go(person, placeOf(found));
            setTarget(found);
            if (width === "phone" && view !== "phone") show(found.on);
          },
          goSlack: (slack) => places.go(me.id, { slack }),
          goTeams: (teams) => places.go(me.id, { teams }),
          async act(action) {
            setProblem("");
            setNote("");
            try {
              setNote(await send(action));
              return true;
            } catch (error) {
              setProblem((error as Error).message);
              return false;
            }
          },
          clear: () => (setProblem(""), setNote("")),
          unread: (place, person = me) => server.unread(place, person),
          unreadOf: server.unreadOf,
        }
      : null;

  /** Whoever has to decide lands at the card. */
  function waitingFor(person: PersonId): Spot | undefined {
    const one = state?.persons.find((other) => other.id === person);
    if (!state || one?.role !== "approver" || !pending(state).some(({ run }) => !isRequester(run, one))) return undefined;
    return approvalSpot(state, width === "phone" && view === "teams" ? "teams" : "slack");
  }

  function runHere(): string | undefined {
    const { slack, teams } = places;
    return state?.runs.find((run) => (slack.thread && inSlackThread(run, slack.channel, slack.thread)) || (!slack.thread && teams.root && inTeams(run, teams.conversation, teams.root)))?.id;
  }

  const demo = useDemo(desk);
  useKeys({
    person: (index) => state?.persons[index] && desk?.become(state.persons[index].id),
    go: (where) => (show(where), focusPane(where)),
    help: () => setHelp(true),
  });
  if (!desk) return <Waiting link={server.link} />;
  return (
    <DeskContext value={desk}>
      <div className={`app ${view === "phone" ? "is-phone" : ""}`}>
        <Header demo={demo} toggleTheme={() => setTheme(theme === "dark" ? "light" : "dark")} />
        {view === "phone" ? <Phone /> : <><Bar /><Panes /></>}
        {help && <Help done={() => setHelp(false)} />}
      </div>
    </DeskContext>
  );
}

function focusPane(where: string) {
  setTimeout(() => document.querySelector<HTMLElement>(`.pane.${where} textarea, .pane.${where} [tabindex="0"]`)?.focus(), 0);
}

function useTheme(chosen: "light" | "dark" | undefined): "light" | "dark" {
  const [dark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const changed = () => setDark(DARK.matches);
    DARK.addEventListener("change", changed);
    return () => DARK.removeEventListener("change", changed);
  }, []);
  return useMemo(() => chosen ?? (dark ? "dark" : "light"), [chosen, dark]);
}

/** Never an empty screen. */
function Waiting({ link }: { link: string }) {
  return (
    <main className="waiting">
      <h1>Countersign</h1>
      <p role="status">{link === "reconnecting" ? "Countersign does not answer yet. reconnecting…" : "Connecting…"}</p>
    </main>
  );
}
