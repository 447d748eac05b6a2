// Teams: chats and channels; in a channel, replies stay nested under their post.
import { Channels, type Entry } from "../Channels";
import { Chips } from "../Chips";
import { Composer } from "../Composer";
import { useDesk } from "../desk";
import { Intro, Log } from "../Log";
import type { TeamsActivity, TeamsConversation } from "../protocol";
import { seesTeams, teamsPlace } from "../seen";
import { firstWords } from "../suggest";
import { Activity } from "./Activity";

export function TeamsPane() {
  const { state, me, teams: place, goTeams, act, unread } = useDesk();
  const teams = state.teams!;
  const mine = teams.conversations.filter((one) => !one.person || one.person === me.id);
  const entries: Entry[] = mine.map((one) => ({ id: one.id, label: one.name, unread: unread(`t:${one.id}`) }));
  const here = mine.find((one) => one.id === place.conversation);
  const there = teams.activities.filter((one) => one.conversation === place.conversation && seesTeams(one, me));
  const root = here?.kind === "channel" ? there.find((one) => one.id === place.root) : undefined;
  const say = (text: string, files: string[]) => act({ type: "teams.say", as: me.id, conversation: place.conversation, text, files, ...(root ? { root: root.id } : {}) });
  return (
    <section className="pane teams" aria-label="Teams">
      <h2 className="pane-name">Teams</h2>
      <Channels label="Teams conversations" entries={entries} current={place.conversation} go={(conversation) => goTeams({ conversation })} />
      <div className="stack" key={place.conversation}>
        <Log label="Teams messages" count={there.length} place={teamsPlace(place.conversation)}>
          <Intro title={here?.name ?? ""} text={`What you write here reaches ${teams.bot.name} as Teams would send it: an activity with a signed token.`} />
          {here?.kind === "channel" ? posts(there, (id) => goTeams({ conversation: here.id, root: id }), place.root) : there.map((one) => <Activity key={one.id} activity={one} />)}
        </Log>
        <p className="status" role="status">{teams.typing.includes(place.conversation) ? `${teams.bot.name} is typing…` : ""}</p>
        {root && (
          <p className="replying">
            Replying to “{summary(root)}”
            <button type="button" className="quiet" aria-label="Start a new post instead" onClick={() => goTeams({ conversation: place.conversation })}>×</button>
          </p>
        )}
        <Chips on="teams" channel={place.conversation} thread={root?.id} dm={here?.kind === "personal"} />
        {here && (
          <Composer
            key={`teams:${me.id}:${here.id}:${root?.id ?? ""}`}
            id={`teams:${me.id}:${here.id}:${root?.id ?? ""}`}
            label={`${root ? "Reply in" : "Message"} ${here.name} as ${me.name}`}
            hint={root ? "Reply…" : `${here.kind === "channel" ? "Post in" : "Message"} ${here.name} as ${me.name.split(" ")[0]}`}
            first={root ? "" : firstWords(state, me, "teams", needsMention(here))}
            commands={[]}
            bot={teams.bot.name}
            say={say}
          />
        )}
      </div>
    </section>
  );
}

const needsMention = (one: TeamsConversation) => one.kind !== "personal";

const summary = (one: TeamsActivity) => (one.text.replace(/<[^>]+>/g, "").trim() || "the card").slice(0, 40);

function posts(all: TeamsActivity[], reply: (id: string) => void, current: string | undefined) {
  const roots = all.filter((one) => !one.root || !all.some((other) => other.id === one.root));
  return roots.map((post) => (
    <div key={post.id} className={`post ${post.id === current ? "current" : ""}`}>
      <Activity activity={post} />
      <div className="nested">
        {all.filter((one) => one.root === post.id && one !== post).map((one) => <Activity key={one.id} activity={one} />)}
      </div>
      <button type="button" className="reply" onClick={() => reply(post.id)}>Reply</button>
    </div>
  ));
}
