// Block Kit: text and interactive blocks drawn here, passive ones by slack-blocks-to-jsx, the unknown named.
import { lazy, Suspense } from "react";
import { BlockElement } from "./Elements";
import { SafeLink, Text } from "./Mrkdwn";
import { RichText, Table, Unknown } from "./RichText";
import { useSurface } from "./surface";
import type { Block, Element } from "./values";

const Passive = lazy(() => import("./Passive"));
const PASSIVE = new Set(["markdown", "video", "file", "plan", "task_card", "alert", "card", "carousel", "container", "data_visualization"]);

export function Blocks({ blocks }: { blocks: readonly Block[] }) {
  return <div className="blocks">{blocks.map((block) => <One key={block.block_id} block={block} />)}</div>;
}

function One({ block }: { block: Block }) {
  switch (block.type) {
    case "header":
      return <h3 className="b-header"><Text of={block.text} /></h3>;
    case "divider":
      return <hr />;
    case "section":
      return <Section block={block} />;
    case "context":
      return (
        <div className="b-context">
          {(block.elements ?? []).map((one: any, at: number) => <span key={at}>{one.type === "image" ? `[${one.alt_text}]` : <Text of={one} />}</span>)}
        </div>
      );
    case "actions":
    case "context_actions":
      return <div className="b-actions">{(block.elements ?? []).map((one: Element) => <BlockElement key={one.action_id} element={one} block={block.block_id!} dispatches />)}</div>;
    case "input":
      return <Input block={block} />;
    case "rich_text":
      return <RichText block={block} />;
    case "table":
      return <Table block={block} />;
    case "image":
      return <Image block={block} />;
    default:
      if (!PASSIVE.has(block.type)) return <Unknown what={block.type} />;
      return (
        <Suspense fallback={<span className="soft">Loading this block…</span>}>
          <Passive block={block} />
        </Suspense>
      );
  }
}

function Section({ block }: { block: Block }) {
  return (
    <div className="b-section">
      <div className="b-text">
        {block.text && <p><Text of={block.text} /></p>}
        {block.fields && <div className="b-fields">{block.fields.map((one: any, at: number) => <p key={at}><Text of={one} /></p>)}</div>}
      </div>
      {block.accessory && <BlockElement element={block.accessory} block={block.block_id!} dispatches />}
    </div>
  );
}

function Input({ block }: { block: Block }) {
  const surface = useSurface();
  const label = String(block.label?.text ?? "Input");
  const error = surface.errors[block.block_id!];
  return (
    <div className="b-input">
      <span className="label">
        <Text of={block.label} />
        {block.optional && <small> (optional)</small>}
      </span>
      <BlockElement element={block.element ?? { type: "no element" }} block={block.block_id!} label={label} dispatches={!!block.dispatch_action} />
      {block.hint && <small className="soft"><Text of={block.hint} /></small>}
      {error && <p className="error" id={`${surface.id}-${block.block_id}-error`}>{error}</p>}
    </div>
  );
}

/** Pictures from elsewhere are not loaded (the page talks to nobody but its server): their words are shown. */
function Image({ block }: { block: Block }) {
  const url = String(block.image_url ?? "");
  return (
    <figure className="b-image">
      {url.startsWith("data:image/") ? <img src={url} alt={block.alt_text ?? ""} /> : <span className="unknown">Image: {block.alt_text || "without a description"}</span>}
      {(block.title || url.startsWith("http")) && <figcaption>{block.title ? <Text of={block.title} /> : <SafeLink url={url}>open it</SafeLink>}</figcaption>}
    </figure>
  );
}
