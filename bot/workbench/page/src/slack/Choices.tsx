// Selects, radio buttons and checkboxes: options in, the very option objects out.
import { useDesk } from "../desk";
import type { State } from "../protocol";
import { emojis, Text } from "./Mrkdwn";
import { useSurface } from "./surface";
import { fieldOf, type Element } from "./values";

interface Props {
  element: Element;
  block: string;
  label?: string;
  change: (chosen: unknown) => void;
}

interface Choice {
  label: string;
  value: unknown; // what Slack would send for it: an option object, or an id
}

interface Group {
  label: string;
  choices: Choice[];
}

const nameOf = ({ element, label }: Props) => label ?? element.placeholder?.text ?? element.action_id;

function groups(element: Element, state: State): Group[] {
  const kind = element.type.replace("multi_", "");
  const channels = (state.slack?.channels ?? []).filter((one) => one.kind === "channel").map((one) => ({ label: `#${one.name}`, value: one.id }));
  const users = state.persons.map((one) => ({ label: one.name, value: one.slack }));
  if (kind === "users_select") return [{ label: "", choices: users }];
  if (kind === "channels_select") return [{ label: "", choices: channels }];
  if (kind === "conversations_select") return [{ label: "", choices: [...channels, ...users] }];
  const option = (one: any): Choice => ({ label: emojis(String(one.text?.text ?? one.value)), value: one });
  if (element.option_groups) return element.option_groups.map((one: any) => ({ label: one.label?.text ?? "", choices: (one.options ?? []).map(option) }));
  return [{ label: "", choices: (element.options ?? []).map(option) }];
}

const keyOf = (value: any): string => (value && typeof value === "object" ? `o:${value.value}` : String(value ?? ""));

function Options({ of }: { of: Group[] }) {
  const draw = (choices: Choice[]) => choices.map((one) => <option key={keyOf(one.value)} value={keyOf(one.value)}>{one.label}</option>);
  return of.map((one, at) => (one.label ? <optgroup key={at} label={one.label}>{draw(one.choices)}</optgroup> : draw(one.choices)));
}

export function One(props: Props) {
  const { state } = useDesk();
  const surface = useSurface();
  const all = groups(props.element, state);
  const held = surface.values[props.block]?.[props.element.action_id!]?.[fieldOf(props.element.type)];
  const pick = (key: string) => all.flatMap((one) => one.choices).find((one) => keyOf(one.value) === key)?.value ?? null;
  return (
    <select
      aria-label={nameOf(props)}
      aria-busy={surface.pressed === `${props.block}:${props.element.action_id}`}
      value={keyOf(held)}
      onChange={(event) => event.target.value && props.change(pick(event.target.value))}
    >
      <option value="">{props.element.placeholder?.text ?? "Choose…"}</option>
      <Options of={all} />
    </select>
  );
}

/** What is chosen as chips that can be taken away, and a select that adds. */
export function Many(props: Props) {
  const { state } = useDesk();
  const surface = useSurface();
  const all = groups(props.element, state);
  const flat = all.flatMap((one) => one.choices);
  const held = (surface.values[props.block]?.[props.element.action_id!]?.[fieldOf(props.element.type)] ?? []) as unknown[];
  const taken = new Set(held.map(keyOf));
  const left = all.map((one) => ({ ...one, choices: one.choices.filter((choice) => !taken.has(keyOf(choice.value))) }));
  const labelOf = (value: unknown) => flat.find((one) => keyOf(one.value) === keyOf(value))?.label ?? keyOf(value);
  return (
    <span className="many">
      {held.map((value) => (
        <button key={keyOf(value)} type="button" className="chip" aria-label={`Remove ${labelOf(value)}`} onClick={() => props.change(held.filter((one) => one !== value))}>
          {labelOf(value)} <span aria-hidden="true">×</span>
        </button>
      ))}
      <select
        aria-label={nameOf(props)}
        value=""
        disabled={held.length >= (props.element.max_selected_items ?? 100)}
        onChange={(event) => props.change([...held, flat.find((one) => keyOf(one.value) === event.target.value)!.value])}
      >
        <option value="">{props.element.placeholder?.text ?? "Add…"}</option>
        <Options of={left} />
      </select>
    </span>
  );
}

export function Choices(props: Props) {
  const surface = useSurface();
  const { element, block } = props;
  const many = element.type === "checkboxes";
  const held = surface.values[block]?.[element.action_id!]?.[fieldOf(element.type)] as any;
  const isOn = (one: any) => (many ? (held ?? []).some((other: any) => other.value === one.value) : held?.value === one.value);
  const toggle = (one: any) => (many ? (element.options ?? []).filter((other: any) => (other.value === one.value ? !isOn(other) : isOn(other))) : one);
  return (
    <fieldset className="choices">
      <legend className="hidden">{nameOf(props)}</legend>
      {(element.options ?? []).map((one: any) => (
        <label key={one.value}>
          <input type={many ? "checkbox" : "radio"} name={`${surface.id}-${block}-${element.action_id}`} checked={isOn(one)} onChange={() => props.change(toggle(one))} />
          <span>
            <Text of={one.text} />
            {one.description && <small><Text of={one.description} /></small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
