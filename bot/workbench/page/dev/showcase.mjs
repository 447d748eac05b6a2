// Every block, element and card that the page claims to draw, and some that it must call unknown.

const plain = (text) => ({ type: "plain_text", text });
const option = (label, value) => ({ text: plain(label), value });
const SIZES = [option("Small", "s"), option("Medium", "m"), option("Large", "l")];

export function showcase(state) {
  state.slack.channels.push({ id: "C0BLOCKS", name: "blocks", kind: "channel" });
  state.slack.messages.push(
    message("1790000001.000100", TEXTS),
    message("1790000002.000100", ELEMENTS),
    message("1790000003.000100", OTHERS),
  );
  state.slack.modals.push({ view_id: "V0OMAR", person: "omar", view: FORM });
  state.teams.conversations.push({ id: "19:cards@thread.tacv2", name: "Cards", kind: "channel" });
  for (const [at, card] of [INPUTS, TABLE, STRANGE].entries()) {
    const id = String(1790000001000 + at);
    state.teams.activities.push({ conversation: "19:cards@thread.tacv2", id, from: "28:countersign", bot: true, text: "", card, at: "2026-09-21T14:13:21Z" });
  }
}

const message = (ts, blocks) => ({ channel: "C0BLOCKS", ts, user: "U0COUNTER", bot: true, text: "Showcase", blocks });

const TEXTS = [
  { type: "header", text: plain("Texts :pizza:") },
  { type: "section", text: plain("*not bold* <!channel> {{ 7*7 }}") },
  { type: "section", text: { type: "mrkdwn", text: "*bold* _italic_ ~gone~ `code *x*` <https://example.com|a link> <@U0ADA> <#C0ORDERS> &lt;!channel&gt; 2*3*4 = 24 **two stars**" } },
  { type: "section", text: { type: "mrkdwn", text: "# heading?\n&gt; a quote\n<b>html</b> <javascript:alert(1)|bad link>\n```a block\n  of code```" } },
  {
    type: "section",
    text: plain("With an accessory"),
    accessory: { type: "overflow", action_id: "more", options: [option("Refund", "refund"), option("Send again", "again")] },
  },
  {
    type: "rich_text",
    elements: [
      { type: "rich_text_section", elements: [{ type: "text", text: "Rich " }, { type: "text", text: "bold", style: { bold: true } }, { type: "emoji", name: "tada" }, { type: "user", user_id: "U0GRACE" }] },
      { type: "rich_text_list", style: "ordered", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "One" }] }, { type: "rich_text_section", elements: [{ type: "text", text: "Two" }] }] },
      { type: "rich_text_quote", elements: [{ type: "text", text: "quoted" }] },
      { type: "rich_text_preformatted", elements: [{ type: "text", text: "pre *formatted*" }] },
    ],
  },
  { type: "table", rows: [[{ type: "raw_text", text: "Item" }, { type: "raw_text", text: "Price" }], [{ type: "raw_text", text: "*Cola*" }, { type: "raw_text", text: "3.00" }]] },
];

const ELEMENTS = [
  {
    type: "actions",
    block_id: "act",
    elements: [
      { type: "static_select", action_id: "size", placeholder: plain("Size"), options: SIZES },
      { type: "multi_static_select", action_id: "sizes", placeholder: plain("Sizes"), options: SIZES, initial_options: [SIZES[0]] },
      { type: "users_select", action_id: "who", placeholder: plain("Who") },
      { type: "datepicker", action_id: "day", initial_date: "2026-11-21", placeholder: plain("Day") },
      { type: "timepicker", action_id: "hour", placeholder: plain("Hour") },
      { type: "radio_buttons", action_id: "pick", options: SIZES },
      { type: "checkboxes", action_id: "ticks", options: SIZES, initial_options: [SIZES[2]] },
      { type: "button", action_id: "danger", text: plain("Delete it"), style: "danger", value: "d-1", confirm: { title: plain("Sure?"), text: plain("It is gone then."), confirm: plain("Delete"), deny: plain("Keep") } },
    ],
  },
  { type: "input", block_id: "note", label: plain("Note"), hint: plain("Only we read it"), element: { type: "plain_text_input", action_id: "words", initial_value: "be quick" } },
  { type: "context_actions", block_id: "fb", elements: [{ type: "feedback_buttons", action_id: "feedback", positive_button: { text: plain("Good"), value: "up" }, negative_button: { text: plain("Bad"), value: "down" } }] },
];

const OTHERS = [
  { type: "markdown", text: "Some **markdown** from a model, with `code`." },
  { type: "hologram", block_id: "x" },
  { type: "actions", block_id: "odd", elements: [{ type: "teleporter", action_id: "t" }] },
  { type: "image", image_url: "https://example.com/pizza.png", alt_text: "A pizza" },
];

const FORM = {
  type: "modal",
  callback_id: "form",
  title: plain("A form"),
  submit: plain("Send"),
  close: plain("Close"),
  blocks: [
    { type: "input", block_id: "a", label: plain("Text"), element: { type: "plain_text_input", action_id: "t" }, optional: true },
    { type: "input", block_id: "b", label: plain("Size"), element: { type: "static_select", action_id: "s", options: SIZES, initial_option: SIZES[1] } },
    { type: "input", block_id: "c", label: plain("Ticks"), optional: true, element: { type: "checkboxes", action_id: "k", options: SIZES } },
    { type: "input", block_id: "d", label: plain("Day"), optional: true, element: { type: "datepicker", action_id: "d" } },
  ],
};

const INPUTS = {
  type: "AdaptiveCard",
  version: "1.5",
  body: [
    { type: "TextBlock", text: "A card with inputs", weight: "Bolder", size: "Large", style: "heading" },
    { type: "TextBlock", text: "**bold** _it_ <b>html</b> [bad](javascript:alert(1)) [good](https://example.com)", wrap: true },
    { type: "Input.Text", id: "note", label: "Note", isRequired: true, errorMessage: "Please write a note" },
    { type: "Input.ChoiceSet", id: "size", label: "Size", value: "m", choices: [{ title: "Small", value: "s" }, { title: "Medium", value: "m" }] },
    { type: "Input.Toggle", id: "rush", title: "In a hurry", value: "false" },
    { type: "Input.Date", id: "day", label: "Day" },
  ],
  actions: [
    { type: "Action.Execute", title: "Run it", verb: "run", data: { value: "v-1" }, style: "positive" },
    { type: "Action.Submit", title: "Submit it", data: { action: "submit", msteams: { type: "messageBack" } } },
    { type: "Action.OpenUrl", title: "Read more", url: "https://example.com" },
    { type: "Action.ShowCard", title: "More", card: { type: "AdaptiveCard", body: [{ type: "TextBlock", text: "Inside" }] } },
  ],
};

const cell = (text) => ({ type: "TableCell", items: [{ type: "TextBlock", text, wrap: true }] });
const TABLE = {
  type: "AdaptiveCard",
  version: "1.5",
  body: [{ type: "Table", columns: [{ width: 2 }, { width: 1 }], rows: [{ type: "TableRow", cells: [cell("Margherita"), cell("9.50")] }, { type: "TableRow", cells: [cell("Cola"), cell("3.00")] }] }],
};

const STRANGE = { type: "AdaptiveCard", version: "1.5", body: [{ type: "TextBlock", text: "Before the badge" }, { type: "Badge", text: "New" }] };
