// Slack's own text, drawn as Slack draws it: what is escaped stays text, and nothing is read twice.
import { get } from "node-emoji";
import { Fragment, type ReactNode } from "react";
import { parse, NodeType, type Node } from "slack-message-parser";
import { useDesk } from "../desk";
import type { State } from "../protocol";

export const LINK = /^(https?:|mailto:|tel:)/i;

export function Mrkdwn({ text }: { text: string }) {
  const { state } = useDesk();
  return <>{draw(parse(text.replace(/^>/gm, "&gt;")), state)}</>;
}

/** plain_text: literally that, but for :emoji: names. */
export function Plain({ text }: { text: string }) {
  return <>{emojis(text)}</>;
}

/** A text object of Block Kit. */
export function Text({ of }: { of: { type: string; text: string } | undefined }) {
  if (!of) return null;
  return of.type === "mrkdwn" ? <Mrkdwn text={String(of.text)} /> : <Plain text={String(of.text)} />;
}

export function emojis(text: string): string {
  return text.replace(/:([a-z0-9_+'-]+):/gi, (whole, name: string) => get(name) ?? whole);
}

export function SafeLink({ url, children }: { url: string; children: ReactNode }) {
  if (!LINK.test(url)) return <>{children}</>;
  return (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}

export function Mention({ name }: { name: string }) {
  return <span className="mention">{name}</span>;
}

export function userName(state: State, id: string): string {
  if (id === state.slack?.bot.user) return state.slack.bot.name;
  return state.persons.find((one) => one.slack === id)?.name ?? id;
}

export function channelName(state: State, id: string): string {
  return state.slack?.channels.find((one) => one.id === id)?.name ?? id;
}

const unescape = (text: string) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

function draw(node: Node, state: State): ReactNode {
  const inside = (nodes: Node[] | undefined) => nodes?.map((one, at) => <Fragment key={at}>{draw(one, state)}</Fragment>);
  switch (node.type) {
    case NodeType.Root:
      return inside(node.children);
    case NodeType.Text:
      return unescape(node.text);
    case NodeType.Bold:
      return <strong>{inside(node.children)}</strong>;
    case NodeType.Italic:
      return <em>{inside(node.children)}</em>;
    case NodeType.Strike:
      return <s>{inside(node.children)}</s>;
    case NodeType.Code:
      return <code>{unescape(node.text)}</code>;
    case NodeType.PreText:
      return <pre>{unescape(node.text)}</pre>;
    case NodeType.Quote:
      return <blockquote>{inside(node.children)}</blockquote>;
    case NodeType.Emoji:
      return get(node.name) ?? node.source;
    case NodeType.UserLink:
      return <Mention name={`@${userName(state, node.userID)}`} />;
    case NodeType.ChannelLink:
      return <Mention name={`#${channelName(state, node.channelID)}`} />;
    case NodeType.URL:
      // What is no link of a known kind (<b>, <javascript:…>) stands there as it was written.
      if (!LINK.test(unescape(node.url))) return unescape(node.source);
      return <SafeLink url={unescape(node.url)}>{node.label ? inside(node.label) : unescape(node.url)}</SafeLink>;
    case NodeType.Command:
      return <Mention name={node.label ? `${node.label.map((one) => one.source).join("")}` : `@${node.name}`} />;
  }
}
