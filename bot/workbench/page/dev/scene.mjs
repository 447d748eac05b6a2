// What the demo begins with: three persons, their channels, and a showcase of everything that can be drawn.
import { showcase } from "./showcase.mjs";

export const BOT = { user: "U0COUNTER", id: "28:countersign", name: "Countersign" };

export const PERSONS = [
  { id: "ada", name: "Ada Reyes", role: "requester", email: "ada@example.com", slack: "U0ADA", teams: "29:ada", aad: "aad-ada" },
  { id: "grace", name: "Grace Lindqvist", role: "approver", email: "grace@example.com", slack: "U0GRACE", teams: "29:grace", aad: "aad-grace" },
  { id: "omar", name: "Omar Haddad", role: "bystander", email: "omar@example.com", slack: "U0OMAR", teams: "29:omar", aad: "aad-omar" },
];

const COMMANDS = [
  { command: "/order", description: "Order something", usage_hint: "two margheritas and a cola" },
  { command: "/escalate", description: "Hand a matter to a person", usage_hint: "what it is about" },
  { command: "/summarize", description: "Sum up this thread or channel", usage_hint: "" },
  { command: "/help", description: "What Countersign can do", usage_hint: "" },
];

const CONNECTED = [
  { name: "Slack", state: "sandbox", detail: "signed requests, a Web API stand-in" },
  { name: "Teams", state: "sandbox", detail: "activities with tokens of our own key" },
  { name: "Stripe", state: "sandbox", detail: "stateful, in memory", service: "stripe", href: "/standin/stripe/" },
  { name: "Jira", state: "sandbox", detail: "stateful, in memory", service: "jira", href: "/standin/jira/" },
  { name: "GitHub", state: "real", detail: "your account" },
  { name: "Notion", state: "not connected", detail: "" },
  { name: "Model", state: "offline", detail: "no key needed" },
];

/** "demo": before the first word. "showcase": a channel with every block and card as well. */
export function scene(name) {
  const state = {
    seq: 1,
    persons: PERSONS,
    slack: slack(),
    teams: teams(),
    runs: [],
    records: [record("customer", "cus_ada", "Ada Reyes", "pm_card_visa saved"), record("product", "prod_margherita", "Margherita · 9.50 usd", "active"), ticket()],
    wire: [],
    connected: CONNECTED,
    suggestion: "order six margheritas and two colas",
    now: new Date().toISOString(),
  };
  if (name === "showcase") showcase(state);
  return state;
}

export function record(object, id, title, status) {
  return { service: "Stripe", at: "stripe", acts: [], object, id, title, status, json: { id, object, status } };
}

function ticket() {
  const acts = [{ name: "close", label: "Close it" }, { name: "comment", label: "Comment" }];
  return { service: "Jira", at: "jira", acts, object: "Bug", id: "10001", title: "SHOP-1 · The oven is cold", status: "In Progress", json: { key: "SHOP-1" } };
}

function slack() {
  return {
    team: "T0LUNCH",
    bot: { user: BOT.user, name: BOT.name },
    commands: COMMANDS,
    shortcuts: [{ name: "Escalate this message", callback_id: "escalate" }],
    channels: [
      { id: "C0ORDERS", name: "orders", kind: "channel" },
      { id: "C0APPROVALS", name: "approvals", kind: "channel" },
      ...PERSONS.map((person) => ({ id: `D0${person.id.toUpperCase()}`, name: BOT.name, kind: "dm", person: person.id })),
    ],
    messages: [
      {
        channel: "C0ORDERS",
        ts: "1790000000.000100",
        user: BOT.user,
        bot: true,
        text: "Hello! Mention me with what you need, or type `/order`. Whatever costs *50.00 usd* or more waits for a second person.",
      },
    ],
    modals: [],
    homes: {},
    status: {},
  };
}

function teams() {
  return {
    tenant: "tenant-lunch",
    bot: { id: BOT.id, name: BOT.name },
    conversations: [
      { id: "19:orders@thread.tacv2", name: "Orders", kind: "channel" },
      { id: "19:approvals@thread.tacv2", name: "Approvals", kind: "channel" },
      { id: "19:lunch@thread.v2", name: "Lunch crew", kind: "groupChat" },
      ...PERSONS.map((person) => ({ id: `a:${person.id}`, name: BOT.name, kind: "personal", person: person.id })),
    ],
    activities: [
      {
        conversation: "19:orders@thread.tacv2",
        id: "1790000000000",
        from: BOT.id,
        bot: true,
        text: "Hello! Mention me with what you need. Whatever costs **50.00 usd** or more waits for a second person.",
        at: "2026-09-21T14:13:20Z",
      },
    ],
    typing: [],
  };
}
