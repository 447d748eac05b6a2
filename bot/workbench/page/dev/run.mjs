// The demo's run, drawn from the stage that the order has reached.

const STEPS = [
  ["greet", "message", "Greet"],
  ["collect", "input", "Collect items"],
  ["confirm", "confirm", "Confirm the cart"],
  ["policy", "branch", "May it run alone?"],
  ["approve", "approve", "A person approves"],
  ["charge", "tool", "Charge with Stripe"],
  ["receipt", "message", "Send the receipt"],
  ["end", "end", "End"],
];
const EDGES = [
  ["greet", "collect", ""],
  ["collect", "confirm", ""],
  ["confirm", "policy", "yes"],
  ["confirm", "collect", "change"],
  ["policy", "charge", "small"],
  ["policy", "approve", "50.00 or more"],
  ["approve", "charge", "approved"],
  ["approve", "end", "rejected"],
  ["charge", "receipt", ""],
  ["receipt", "end", ""],
];
const AT = { confirm: "confirm", approve: "approve", paid: "", rejected: "", cancelled: "" };
const STATUS = { confirm: "waiting", approve: "waiting", paid: "done", rejected: "done", cancelled: "cancelled" };
const SENTENCE = {
  confirm: "Waiting for Ada to confirm the cart.",
  approve: "Waiting for an approver, 15 min left.",
  paid: "Done: 63.00 usd charged once, receipt sent.",
  rejected: "Done: rejected, nothing was charged.",
  cancelled: "Cancelled by Ada, nothing was charged.",
};
const SUGGESTIONS = { confirm: ["make it three margheritas", "drop the cola", "cancel"], approve: ["cancel", "what was the question?"] };

export function approval({ stage, by }) {
  if (stage === "confirm" || stage === "cancelled") return [];
  const state = { approve: "pending", paid: "approved", rejected: "rejected" }[stage];
  const expires = new Date(Date.now() + 15 * 60_000).toISOString();
  return [{ id: "approval-1", code: "K7QF-2M", state, expires_at: expires, ...(by ? { decided_by: by } : {}) }];
}

export function run(order, approvals) {
  const { stage } = order;
  const now = STEPS.findIndex(([id]) => id === AT[stage]);
  return {
    id: "run_01demo",
    flow: "order",
    version: "9f3c1a7e",
    conversation: order.desk.key(order.root),
    requester: order.person.id,
    status: STATUS[stage],
    sentence: SENTENCE[stage],
    steps: STEPS.map(([id, type, title], at) => ({ id, type, title, state: stepState(stage, id, at, now) })),
    edges: EDGES.map(([from, to, label]) => ({ from, to, label })),
    slots: { items: [{ name: "Margherita", quantity: 6 }, { name: "Cola", quantity: 2 }], total: "63.00 usd" },
    why: stage === "confirm" ? null : { rule: "money.at_or_above", reason: "63.00 usd is at or above 50.00 usd", confidence: 0.94, words: "six margheritas and two colas" },
    effects: effects(stage),
    approvals,
    suggestions: SUGGESTIONS[stage] ?? [],
    started_at: "2026-09-21T14:15:00Z",
  };
}

function stepState(stage, id, at, now) {
  if (stage === "paid") return "done";
  if (stage === "rejected") return ["charge", "receipt"].includes(id) ? "ahead" : "done";
  if (stage === "cancelled") return at < 3 ? "done" : "ahead";
  return at < now ? "done" : at === now ? "now" : "ahead";
}

function effects(stage) {
  if (stage === "confirm" || stage === "cancelled") return [];
  const state = { approve: "held", paid: "done", rejected: "dead" }[stage];
  const note = { approve: "Waits for the approval; nothing is sent yet.", paid: "Charged 63.00 usd: pi_3demo63.", rejected: "Rejected, so never sent." }[stage];
  return [{ key: "run_01demo:charge:1", tool: "stripe.charge", state, attempts: stage === "paid" ? 1 : 0, note }];
}
