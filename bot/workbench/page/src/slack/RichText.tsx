// rich_text and table: literal text with styles, so nothing in it can become markup.
import type { ReactNode } from "react";
import { get } from "node-emoji";
import { useDesk } from "../desk";
import type { State } from "../protocol";
import { channelName, Mention, SafeLink, userName } from "./Mrkdwn";
import type { Block } from "./values";

type Part = Record<string, any>;

export function RichText({ block }: { block: Block }) {
  const { state } = useDesk();
  return <div className="rich">{((block.elements ?? []) as Part[]).map((part, at) => <Piece key={at} part={part} state={state} />)}</div>;
}

function Piece({ part, state }: { part: Part; state: State }): ReactNode {
  const inline = ((part.elements ?? []) as Part[]).map((one, at) => <Inline key={at} part={one} state={state} />);
  switch (part.type) {
    case "rich_text_section":
      return <p>{inline}</p>;
    case "rich_text_quote":
      return <blockquote>{inline}</blockquote>;
    case "rich_text_preformatted":
      return <pre>{inline}</pre>;
    case "rich_text_list": {
      const rows = ((part.elements ?? []) as Part[]).map((one, at) => <li key={at}><Piece part={one} state={state} /></li>);
      return part.style === "ordered" ? <ol data-indent={part.indent ?? 0}>{rows}</ol> : <ul data-indent={part.indent ?? 0}>{rows}</ul>;
    }
    default:
      return <Unknown what={String(part.type)} />;
  }
}

function Inline({ part, state }: { part: Part; state: State }): ReactNode {
  switch (part.type) {
    case "text":
      return styled(part.text, part.style);
    case "link":
      return <SafeLink url={String(part.url)}>{styled(part.text ?? part.url, part.style)}</SafeLink>;
    case "emoji":
      return get(String(part.name)) ?? `:${part.name}:`;
    case "user":
      return <Mention name={`@${userName(state, part.user_id)}`} />;
    case "channel":
      return <Mention name={`#${channelName(state, part.channel_id)}`} />;
    case "broadcast":
      return <Mention name={`@${part.range}`} />;
    case "date":
      return part.fallback ?? new Date(Number(part.timestamp) * 1000).toLocaleString();
    default:
      return <Unknown what={String(part.type)} />;
  }
}

function styled(text: string, style: Part | undefined): ReactNode {
  let out: ReactNode = text;
  if (style?.code) out = <code>{out}</code>;
  if (style?.bold) out = <strong>{out}</strong>;
  if (style?.italic) out = <em>{out}</em>;
  if (style?.strike) out = <s>{out}</s>;
  return out;
}

export function Table({ block }: { block: Block }) {
  const { state } = useDesk();
  const [head, ...rows] = (block.rows ?? []) as Part[][];
  const cell = (one: Part): ReactNode =>
    one?.type === "rich_text" ? ((one.elements ?? []) as Part[]).map((part, at) => <Piece key={at} part={part} state={state} />) : String(one?.text ?? "");
  return (
    <div className="table" role="group" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>{(head ?? []).map((one, at) => <th key={at} scope="col">{cell(one)}</th>)}</tr>
        </thead>
        <tbody>{rows.map((row, at) => <tr key={at}>{row.map((one, column) => <td key={column}>{cell(one)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

/** Nothing disappears in silence. */
export function Unknown({ what }: { what: string }) {
  return <span className="unknown">Not drawn here: {what}</span>;
}
