// One Slack message: who, when, text or blocks, its thread, and its menu.
import { useMemo } from "react";
import { Avatar } from "../Avatar";
import { clock } from "../clock";
import { useDesk } from "../desk";
import { Files } from "../Files";
import type { SlackMessage } from "../protocol";
import { seesSlack, slackPlace } from "../seen";
import { Blocks } from "./Blocks";
import { Mrkdwn, userName } from "./Mrkdwn";
import { SurfaceContext } from "./surface";
import { useSurfaceOf } from "./usePress";
import { withIds } from "./values";

export function Message({ message, inThread = false }: { message: SlackMessage; inThread?: boolean }) {
  const { state, goSlack } = useDesk();
  const name = userName(state, message.user);
  const replies = useReplies(message);
  return (
    <article className={`message ${message.ephemeral_to ? "ephemeral" : ""}`} data-ts={message.ts} aria-label={`${name}: ${message.text.slice(0, 80)}`}>
      <Avatar name={name} bot={message.bot} square />
      <div className="message-body">
        <header>
          <strong>{name}</strong>
          {message.bot && <span className="app-tag">APP</span>}
          <time>{clock(Number(message.ts) * 1000)}</time>
          {!message.bot || !message.ephemeral_to ? <Menu message={message} /> : null}
        </header>
        {message.ephemeral_to && <p className="only-you">Only visible to you</p>}
        <Content message={message} />
        {!inThread && replies > 0 && (
          <button type="button" className="replies" onClick={() => goSlack({ channel: message.channel, thread: message.ts })}>
            {replies} {replies === 1 ? "reply" : "replies"}
            <New place={slackPlace(message.channel, message.ts)} />
          </button>
        )}
      </div>
    </article>
  );
}

function New({ place }: { place: string }) {
  const { unread } = useDesk();
  const count = unread(place);
  return count ? <span className="badge">{count} new</span> : null;
}

export function Content({ message }: { message: SlackMessage }) {
  const blocks = useMemo(() => withIds(message.blocks), [message.blocks]);
  const { me, state } = useDesk();
  const whispers = state.slack!.messages.filter((one) => one.ephemeral_to === me.slack && one.channel === message.channel).length;
  const forms = state.slack!.modals.filter((one) => one.person === me.id).length;
  const sign = useMemo(() => ({}), [message, whispers, forms]);
  const surface = useSurfaceOf(blocks, sign, (action, values) => ({
    type: "slack.press",
    as: me.id,
    channel: message.channel,
    ts: message.ts,
    action,
    state: { values },
  }));
  return (
    <SurfaceContext value={surface}>
      {blocks.length ? <Blocks blocks={blocks} /> : <div className="text"><Mrkdwn text={message.text} /></div>}
      <Files files={message.files} />
      {message.edited && !message.bot && <small className="soft"> (edited)</small>}
    </SurfaceContext>
  );
}

function useReplies(message: SlackMessage): number {
  const { state, me } = useDesk();
  if (message.thread_ts && message.thread_ts !== message.ts) return 0;
  const there = state.slack!.messages.filter((one) => one.channel === message.channel && one.thread_ts === message.ts && one.ts !== message.ts && seesSlack(one, me));
  return there.length || (message.reply_count ?? 0);
}

/** The message menu: its shortcuts, and answering in a thread. */
function Menu({ message }: { message: SlackMessage }) {
  const { state, me, act, goSlack } = useDesk();
  const close = (from: Element) => from.closest("details")?.removeAttribute("open");
  return (
    <details
      className="overflow menu-of-message"
      onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || event.currentTarget.removeAttribute("open")}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        close(event.currentTarget);
        event.currentTarget.querySelector("summary")?.focus();
      }}
    >
      <summary aria-label="Message menu">⋯</summary>
      <div className="menu">
        <button type="button" onClick={(event) => (close(event.currentTarget), goSlack({ channel: message.channel, thread: message.thread_ts ?? message.ts }))}>
          Reply in thread
        </button>
        {state.slack!.shortcuts.map((one) => (
          <button
            key={one.callback_id}
            type="button"
            onClick={(event) => {
              close(event.currentTarget);
              void act({ type: "slack.shortcut", as: me.id, channel: message.channel, ts: message.ts, callback_id: one.callback_id });
            }}
          >
            {one.name}
          </button>
        ))}
      </div>
    </details>
  );
}
