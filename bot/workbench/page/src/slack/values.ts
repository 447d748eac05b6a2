// The value objects that Slack sends: view.state.values, message state, and block_actions' actions[].
// Every function here is pure, and gives what real Slack gives, nulls and initial values included.

export type Block = { type: string; block_id?: string; [key: string]: any };
export type Element = { type: string; action_id?: string; [key: string]: any };
export type Entry = { type: string; [key: string]: unknown };
export type Values = Record<string, Record<string, Entry>>;

/** Where each element keeps what was chosen, and where the card says what is chosen first. */
const FIELDS: Record<string, readonly [field: string, initial: string]> = {
  plain_text_input: ["value", "initial_value"],
  number_input: ["value", "initial_value"],
  email_text_input: ["value", "initial_value"],
  url_text_input: ["value", "initial_value"],
  static_select: ["selected_option", "initial_option"],
  radio_buttons: ["selected_option", "initial_option"],
  overflow: ["selected_option", ""],
  users_select: ["selected_user", "initial_user"],
  channels_select: ["selected_channel", "initial_channel"],
  conversations_select: ["selected_conversation", "initial_conversation"],
  datepicker: ["selected_date", "initial_date"],
  timepicker: ["selected_time", "initial_time"],
  datetimepicker: ["selected_date_time", "initial_date_time"],
  checkboxes: ["selected_options", "initial_options"],
  multi_static_select: ["selected_options", "initial_options"],
  multi_users_select: ["selected_users", "initial_users"],
  multi_channels_select: ["selected_channels", "initial_channels"],
  multi_conversations_select: ["selected_conversations", "initial_conversations"],
};

export const fieldOf = (type: string): string => FIELDS[type]?.[0] ?? "value";
const isMany = (type: string) => type === "checkboxes" || type.startsWith("multi_");

/** Slack gives every block and element an id where the sender gave none. */
export function withIds(blocks: readonly unknown[] | undefined): Block[] {
  return ((blocks ?? []) as Block[]).map((block, at) => {
    const own: Block = { ...block, block_id: block.block_id || `block-${at}` };
    if (Array.isArray(own.elements) && ["actions", "context_actions"].includes(own.type)) own.elements = own.elements.map(identified);
    if (own.element) own.element = identified(own.element, 0);
    if (own.accessory) own.accessory = identified(own.accessory, 0);
    return own;
  });
}

const identified = (element: Element, at: number): Element => ({ ...element, action_id: element.action_id || `action-${at}` });

export function elementsOf(block: Block): Element[] {
  if (block.type === "actions") return block.elements ?? [];
  if (block.type === "input") return block.element ? [block.element] : [];
  if (block.type === "section") return block.accessory ? [block.accessory] : [];
  return [];
}

/** An element as it stands before anybody touched it. */
export function initialEntry(element: Element): Entry {
  const [field, initial] = FIELDS[element.type] ?? ["value", ""];
  const first = initial ? element[initial] : undefined;
  return { type: element.type, [field]: first ?? (isMany(element.type) ? [] : null) };
}

/** Only elements with a state are in it: buttons and menus are not. */
export function initialValues(blocks: readonly Block[]): Values {
  const values: Values = {};
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      if (!FIELDS[element.type] || element.type === "overflow") continue;
      (values[block.block_id!] ??= {})[element.action_id!] = initialEntry(element);
    }
  }
  return values;
}

/** What `actions[0]` of a block_actions payload holds. */
export function actionOf(element: Element, block: string, chosen?: unknown): Record<string, unknown> {
  const base = { type: element.type, action_id: element.action_id, block_id: block, action_ts: (Date.now() / 1000).toFixed(6) };
  if (element.type === "button" || element.type === "icon_button") {
    return { ...base, ...(element.text ? { text: element.text } : {}), ...(element.value !== undefined ? { value: element.value } : {}), ...(element.style ? { style: element.style } : {}) };
  }
  if (element.type === "feedback_buttons") return { ...base, ...(chosen as object) };
  const [field, initial] = FIELDS[element.type] ?? ["value", ""];
  return { ...base, [field]: chosen, ...(initial && element[initial] !== undefined ? { [initial]: element[initial] } : {}), ...(element.placeholder ? { placeholder: element.placeholder } : {}) };
}
