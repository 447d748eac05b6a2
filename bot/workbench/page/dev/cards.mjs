// The demo's cards, in the shapes that the bot posts: Block Kit, and the same as an Adaptive Card.

const plain = (text) => ({ type: "plain_text", text, emoji: true });
const text = (value) => ({ type: "text", text: value });

/** A card in no platform's words: {heading, note, facts, lines, small, buttons:[label, action, style]}. */
export function blocks(card, value) {
  const out = [{ type: "header", block_id: "head", text: plain(card.heading) }];
  if (card.note) out.push({ type: "section", block_id: "note", text: plain(card.note) });
  if (card.lines) {
    out.push({
      type: "rich_text",
      block_id: "lines",
      elements: [
        {
          type: "rich_text_list",
          style: "bullet",
          elements: card.lines.map(([what, price]) => ({
            type: "rich_text_section",
            elements: [{ ...text(what), style: { bold: true } }, text(`   ${price}`)],
          })),
        },
      ],
    });
  }
  if (card.facts) {
    const fields = card.facts.map(([label, fact]) => ({ type: "mrkdwn", text: `*${label}*\n${fact}` }));
    out.push({ type: "section", block_id: "facts", fields });
  }
  if (card.small) out.push({ type: "context", block_id: "small", elements: [plain(card.small)] });
  if (card.buttons) out.push({ type: "actions", block_id: "buttons", elements: card.buttons.map((one) => button(one, value)) });
  return out;
}

function button([label, action, style], value) {
  return { type: "button", action_id: action, text: plain(label), value, ...(style ? { style } : {}) };
}

export function adaptive(card, value) {
  const body = [{ type: "TextBlock", text: card.heading, size: "Large", weight: "Bolder", wrap: true, style: "heading" }];
  if (card.note) body.push({ type: "TextBlock", text: card.note, wrap: true });
  if (card.lines) body.push({ type: "FactSet", facts: card.lines.map(([what, price]) => ({ title: what, value: price })) });
  if (card.facts) body.push({ type: "FactSet", facts: card.facts.map(([title, fact]) => ({ title, value: fact })) });
  if (card.small) body.push({ type: "TextBlock", text: card.small, wrap: true, isSubtle: true, size: "Small" });
  if (card.ask) body.push({ type: "Input.Text", id: "reason", label: card.ask, isMultiline: true, maxLength: 500 });
  const actions = (card.buttons ?? []).map(([title, verb, style]) => ({
    type: "Action.Execute",
    title,
    verb,
    data: { value },
    ...(style ? { style: style === "primary" ? "positive" : "destructive" } : {}),
  }));
  return { type: "AdaptiveCard", version: "1.5", body, ...(actions.length ? { actions } : {}) };
}

const LINES = [
  ["6 × Margherita", "57.00 usd"],
  ["2 × Cola", "6.00 usd"],
];

export const CONFIRM = {
  heading: "Confirm your order",
  lines: LINES,
  facts: [
    ["Total", "63.00 usd"],
    ["Paid with", "Visa •••• 4242"],
  ],
  small: "Anything wrong? Just say it: “make it three”, “no onions”, “drop the cola”.",
  buttons: [
    ["Confirm", "confirm", "primary"],
    ["Cancel", "cancel"],
  ],
};

export const CONFIRMED = { ...CONFIRM, heading: "Order confirmed", small: "Confirmed by Ada Reyes.", buttons: undefined };

export const APPROVAL = {
  heading: "Approve a charge?",
  note: "Ada Reyes asks to charge 63.00 usd for an order.",
  lines: LINES,
  facts: [
    ["Asked by", "Ada Reyes (ada@example.com)"],
    ["Tool", "stripe.charge"],
    ["Amount", "63.00 usd"],
    ["Customer", "cus_ada"],
    ["Why it asks", "63.00 usd is at or above 50.00 usd"],
    ["Code", "K7QF-2M"],
  ],
  small: "What runs is what this card shows. Expires in 15 minutes.",
  ask: "Reason (when rejecting)",
  buttons: [
    ["Approve", "approve", "primary"],
    ["Reject", "reject", "danger"],
  ],
};

export const decided = (word, by, reason) => ({
  ...APPROVAL,
  heading: word,
  small: `${word} by ${by}${reason ? `: ${reason}` : ""}.`,
  ask: undefined,
  buttons: undefined,
});

export const RECEIPT = {
  heading: "Receipt",
  note: "Paid: 63.00 usd, charged once. Enjoy!",
  facts: [
    ["Payment", "pi_3demo63"],
    ["Approved by", "Grace Lindqvist"],
  ],
};

export const MODAL = {
  type: "modal",
  callback_id: "reject",
  private_metadata: "approval-1",
  title: plain("Reject the charge"),
  submit: plain("Reject"),
  close: plain("Back"),
  blocks: [
    { type: "section", block_id: "intro", text: plain("Ada will see the reason in the thread.") },
    {
      type: "input",
      block_id: "reason",
      label: plain("Reason"),
      element: { type: "plain_text_input", action_id: "reason", multiline: true, max_length: 500, placeholder: plain("Too much pizza?") },
    },
  ],
};
