// Slack: channels, messages, the thread that slides over them, and the composer.
import { Channels, type Entry } from "../Channels";
import { Chips } from "../Chips";
import { Composer } from "../Composer";
import { HOME, useDesk } from "../desk";
import { Intro, Log } from "../Log";
import { isReply, seesSlack, slackPlace } from "../seen";
import { firstWords } from "../suggest";
import { Home } from "./Home";
import { Message } from "./Message";
import { Modal } from "./Modal";

export function SlackPane() {
  const { state, me, slack: place, goSlack, act, unread } = useDesk();
  const slack = state.slack!;
  const mine = slack.channels.filter((one) => !one.person || one.person === me.id);
  const channel = mine.find((one) => one.id === place.channel);
  const entries: Entry[] = mine.map((one) => ({ id: one.id, label: one.kind === "dm" ? one.name : `# ${one.name}`, unread: unread(`s:${one.id}`) }));
  entries.push({ id: HOME, label: "Home", unread: 0 });
  const modal = slack.modals.findLast((one) => one.person === me.id);
  const status = slack.status[`${place.channel}:${place.thread ?? ""}`];
  const where = channel ? (channel.kind === "dm" ? channel.name : `#${channel.name}`) : "";
  const say = (text: string, files: string[]) => act({ type: "slack.say", as: me.id, channel: place.channel, text, files, ...(place.thread ? { thread_ts: place.thread } : {}) });
  return (
    <section className="pane slack" aria-label="Slack">
      <h2 className="pane-name">Slack</h2>
      <Channels label="Slack channels" entries={entries} current={place.channel} go={(id) => goSlack({ channel: id })} />
      {place.channel === HOME ? (
        <Home />
      ) : (
        <div className={place.thread ? "stack thread" : "stack"} key={place.channel + (place.thread ?? "")}>
          {place.thread ? <Thread /> : <Channel />}
          <p className="status" role="status">{status ? `${slack.bot.name} ${status}` : ""}</p>
          <Chips on="slack" channel={place.channel} thread={place.thread} dm={channel?.kind === "dm"} />
          <Composer
            key={`slack:${me.id}:${place.channel}:${place.thread ?? ""}`}
            id={`slack:${me.id}:${place.channel}:${place.thread ?? ""}`}
            label={place.thread ? `Reply in ${where} thread as ${me.name}` : `Message ${where} as ${me.name}`}
            hint={place.thread ? "Reply…" : `Message ${where} as ${me.name.split(" ")[0]}, / for commands`}
            first={place.thread ? "" : firstWords(state, me, "slack", channel?.kind !== "dm")}
            commands={place.thread ? [] : slack.commands}
            bot={slack.bot.name}
            say={say}
            autoFocus
          />
        </div>
      )}
      {modal && <Modal key={modal.view_id} modal={modal} />}
    </section>
  );
}

function Channel() {
  const { state, me, slack: place } = useDesk();
  const channel = state.slack!.channels.find((one) => one.id === place.channel);
  const where = channel?.kind === "channel" ? `#${channel.name}` : (channel?.name ?? "");
  const roots = state.slack!.messages.filter((one) => one.channel === place.channel && !isReply(one) && seesSlack(one, me));
  return (
    <Log label="Slack messages" count={roots.length} place={slackPlace(place.channel)}>
      <Intro title={where} text={`What you write here reaches ${state.slack!.bot.name} as Slack would send it: a signed request.`} />
      {roots.map((one) => <Message key={one.ts} message={one} />)}
    </Log>
  );
}

function Thread() {
  const { state, me, slack: place, goSlack } = useDesk();
  const all = state.slack!.messages.filter((one) => one.channel === place.channel && (one.ts === place.thread || one.thread_ts === place.thread) && seesSlack(one, me));
  const name = state.slack!.channels.find((one) => one.id === place.channel)?.name;
  return (
    <>
      <div className="thread-head">
        <button type="button" className="quiet" onClick={() => goSlack({ channel: place.channel })} aria-label="Close thread">←</button>
        <strong>Thread</strong> <span className="soft">#{name}</span>
      </div>
      <Log label="Slack messages" count={all.length} place={slackPlace(place.channel, place.thread)}>
        {all.map((one) => <Message key={one.ts} message={one} inThread />)}
      </Log>
    </>
  );
}
