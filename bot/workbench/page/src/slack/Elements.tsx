// Block Kit's interactive elements, with native controls.
import { useState, type ReactNode } from "react";
import { useDesk } from "../desk";
import { Choices, Many, One } from "./Choices";
import { Confirm } from "./Confirm";
import { LINK, Plain, Text } from "./Mrkdwn";
import { Unknown } from "./RichText";
import { useSurface } from "./surface";
import { fieldOf, type Element } from "./values";

interface Props {
  element: Element;
  block: string;
  label?: string; // of the input block around it
  dispatches: boolean; // inside an input block nothing is sent, unless it says so
}

const INPUTS: Record<string, string> = {
  number_input: "number",
  email_text_input: "email",
  url_text_input: "url",
  datepicker: "date",
  timepicker: "time",
};

export function BlockElement(props: Props): ReactNode {
  const { type } = props.element;
  if (type === "button" || type === "icon_button") return <Button {...props} />;
  if (type === "feedback_buttons") return <Feedback {...props} />;
  if (type === "overflow") return <Overflow {...props} />;
  if (type === "plain_text_input" || type in INPUTS || type === "datetimepicker") return <Field {...props} />;
  if (type === "radio_buttons" || type === "checkboxes") return <Guarded {...props}>{(change) => <Choices {...props} change={change} />}</Guarded>;
  if (isSelect(type)) return <Guarded {...props}>{(change) => (type.startsWith("multi_") ? <Many {...props} change={change} /> : <One {...props} change={change} />)}</Guarded>;
  if (type === "image") return <span className="unknown">Image: {props.element.alt_text || "without a description"}</span>;
  return <Unknown what={type} />;
}

const isSelect = (type: string) => /^(multi_)?(static|users|channels|conversations)_select$/.test(type);

/** Keeps what was chosen and sends it, after the question that the element may carry. */
export function useChange({ element, block, dispatches }: Props) {
  const surface = useSurface();
  return (chosen: unknown) => {
    const values = surface.set(block, element.action_id!, { type: element.type, [fieldOf(element.type)]: chosen });
    if (dispatches) surface.press(element, block, chosen, values);
  };
}

function Guarded(props: Props & { children: (change: (chosen: unknown) => void) => ReactNode }) {
  const change = useChange(props);
  const [asked, ask] = useState<{ chosen: unknown } | null>(null);
  const guard = props.dispatches && props.element.confirm;
  return (
    <>
      {props.children(guard ? (chosen) => ask({ chosen }) : change)}
      {asked && <Confirm of={props.element.confirm} done={(yes) => (ask(null), yes && change(asked.chosen))} />}
    </>
  );
}

function Button({ element, block }: Props) {
  const surface = useSurface();
  const [asked, ask] = useState(false);
  const press = () => surface.press(element, block, undefined, surface.values);
  const busy = surface.pressed === `${block}:${element.action_id}`;
  if (element.url && LINK.test(element.url)) {
    return (
      <a className={`button ${element.style ?? ""}`} href={element.url} target="_blank" rel="noreferrer noopener" onClick={press}>
        <Text of={element.text} />
      </a>
    );
  }
  return (
    <>
      <button
        type="button"
        className={`button ${element.style ?? ""}`}
        aria-label={element.accessibility_label}
        aria-busy={busy}
        disabled={!!surface.pressed && !busy}
        onClick={() => (busy ? undefined : element.confirm ? ask(true) : press())}
      >
        {element.text ? <Text of={element.text} /> : <Plain text={`:${element.icon === "trash" ? "wastebasket" : element.icon}:`} />}
        {busy && <span className="working"> · working…</span>}
      </button>
      {asked && <Confirm of={element.confirm} done={(yes) => (ask(false), yes && press())} />}
    </>
  );
}

function Feedback({ element, block }: Props) {
  const surface = useSurface();
  return (
    <span className="feedback">
      {[element.positive_button, element.negative_button].filter(Boolean).map((one: any, at) => (
        <button
          key={at}
          type="button"
          className="button small"
          aria-label={one.accessibility_label}
          onClick={() => surface.press(element, block, { value: one.value, text: one.text }, surface.values)}
        >
          {at ? "👎 " : "👍 "}
          <Text of={one.text} />
        </button>
      ))}
    </span>
  );
}

function Overflow(props: Props) {
  const change = useChange(props);
  return (
    <details className="overflow" onKeyDown={(event) => event.key === "Escape" && event.currentTarget.removeAttribute("open")}>
      <summary aria-label="More actions">⋯</summary>
      <div className="menu">
        {(props.element.options ?? []).map((one: any, at: number) => (
          <button
            key={at}
            type="button"
            onClick={(event) => {
              event.currentTarget.closest("details")?.removeAttribute("open");
              change(one);
            }}
          >
            <Text of={one.text} />
          </button>
        ))}
      </div>
    </details>
  );
}

/** Everything that is typed. Sent on Enter or on leaving where the element sends at all. */
function Field(props: Props) {
  const { element, block, label, dispatches } = props;
  const surface = useSurface();
  const { me } = useDesk();
  const change = useChange(props);
  const field = fieldOf(element.type);
  const held = surface.values[block]?.[element.action_id!]?.[field] as string | number | null | undefined;
  const picks = element.type.endsWith("picker");
  const keep = (text: string) => surface.set(block, element.action_id!, { type: element.type, [field]: fromInput(element.type, text) });
  const shared = {
    "aria-label": label ?? element.placeholder?.text ?? element.action_id,
    "aria-invalid": surface.errors[block] ? true : undefined,
    "aria-describedby": surface.errors[block] ? `${surface.id}-${block}-error` : undefined,
    placeholder: element.placeholder?.text,
    maxLength: element.max_length ?? 3000,
    value: toInput(element.type, held),
    autoFocus: element.focus_on_load,
  };
  if (element.multiline) return <textarea {...shared} rows={3} onChange={(event) => keep(event.target.value)} />;
  return (
    <input
      {...shared}
      key={me.id}
      type={element.type === "datetimepicker" ? "datetime-local" : (INPUTS[element.type] ?? "text")}
      step={element.is_decimal_allowed ? "any" : undefined}
      min={element.min_value}
      max={element.max_value}
      onChange={(event) => (picks && dispatches ? change(fromInput(element.type, event.target.value)) : keep(event.target.value))}
      onKeyDown={(event) => {
        if (event.key === "Enter" && dispatches && !picks) {
          event.preventDefault();
          change(fromInput(element.type, event.currentTarget.value));
        }
      }}
    />
  );
}

function toInput(type: string, held: string | number | null | undefined): string {
  if (held === null || held === undefined) return "";
  if (type !== "datetimepicker") return String(held);
  const at = new Date(Number(held) * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function fromInput(type: string, text: string): string | number | null {
  if (!text) return null;
  return type === "datetimepicker" ? Math.floor(new Date(text).getTime() / 1000) : text;
}
