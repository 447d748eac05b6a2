// What one could say now, in the place where the run lives. A chip fills the composer; Enter sends.
import { fillComposer } from "./Composer";
import { useDesk } from "./desk";
import { inSlackThread, inTeams, isOpen, isRequester } from "./runs";
import { addressed } from "./suggest";

interface Props {
  on: "slack" | "teams";
  channel: string;
  thread?: string;
  dm?: boolean;
}

export function Chips({ on, channel, thread, dm }: Props) {
  const { state, me } = useDesk();
  const here = state.runs.find(
    (run) => isOpen(run) && isRequester(run, me) && (on === "slack" ? inSlackThread(run, channel, thread) || (dm && run.conversation.includes(`:${channel}:`)) : inTeams(run, channel, thread)),
  );
  if (!here?.suggestions.length) return null;
  const bot = on === "teams" && !dm ? (state.teams?.bot.name ?? "") : "";
  return (
    <div className="chips" role="group" aria-label="What you could say">
      {here.suggestions.slice(0, 3).map((text) => (
        <button key={text} type="button" className="chip" onClick={(event) => fillComposer(event.currentTarget, addressed(text, bot, !!bot))}>
          {text}
        </button>
      ))}
    </div>
  );
}
