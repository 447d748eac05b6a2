// What the page and its server say to each other. The server is bot/workbench/*.py.
//
//   GET  /workbench/state            → State (everything there is, and `seq`)
//   GET  /workbench/ws?after=<seq>   → a stream of Event, each with its own seq; replayed after a gap
//   POST /workbench/act  (Action)    → 200 {"ok": true, "note"?: string} | 4xx/5xx {"error": string}
//                                      what it caused comes back through the socket, not in the answer
// All ids are the platforms' own. `as` is a Person id. Times are ISO 8601 strings or Slack ts.

export type PersonId = string; // "ada" | "grace" | "omar"

export interface Person {
  id: PersonId; // also the letter for the avatar
  name: string; // "Ada Reyes"
  role: string; // "requester" | "approver" | "bystander"
  email: string;
  slack: string; // U…
  teams: string; // 29:… (Teams user id)
  aad: string; // Entra object id
}

// ── Slack ────────────────────────────────────────────────────────────────────────────────
export interface SlackChannel {
  id: string; // C…, D…
  name: string; // "orders", "approvals"; for a direct message the bot's name
  kind: "channel" | "dm";
  person?: PersonId; // a dm belongs to one person
}

export interface SlackMessage {
  channel: string;
  ts: string;
  thread_ts?: string; // of a reply; a root that has replies carries reply_count
  user: string; // U… of a person, or of the bot
  bot: boolean;
  text: string; // mrkdwn as posted
  blocks?: unknown[]; // Block Kit, as posted
  ephemeral_to?: string; // U…: only visible to them
  edited?: boolean;
  reply_count?: number;
  metadata?: unknown;
  files?: { name: string; size: number }[]; // sent along
}

export interface SlackModal {
  view_id: string;
  person: PersonId;
  view: any; // the view as opened
  errors?: Record<string, string>; // by block_id, after a refused submission
}

export interface SlackState {
  team: string;
  bot: { user: string; name: string };
  commands: { command: string; description: string; usage_hint: string }[];
  shortcuts: { name: string; callback_id: string }[];
  channels: SlackChannel[];
  messages: SlackMessage[];
  modals: SlackModal[];
  homes: Record<PersonId, unknown[]>; // blocks of App Home
  status: Record<string, string>; // "channel:thread_ts" → "is thinking…"
}

// ── Teams ────────────────────────────────────────────────────────────────────────────────
export interface TeamsConversation {
  id: string; // a:… or 19:…@thread.tacv2 (without messageid) or 19:…@thread.v2
  name: string;
  kind: "personal" | "groupChat" | "channel";
  person?: PersonId;
}

export interface TeamsActivity {
  conversation: string; // TeamsConversation.id
  root?: string; // in a channel: id of the root activity of the thread (absent on the root itself)
  id: string;
  from: string; // aad of a person, or the bot's id
  bot: boolean;
  text: string;
  textFormat?: string;
  card?: any; // Adaptive Card JSON, as sent
  cards_for?: Record<PersonId, any>; // the card an Action.Execute answered with, shown to that person only
  targeted_to?: string; // aad: only visible to them
  edited?: boolean;
  entities?: unknown[];
  files?: { name: string }[]; // sent along
  at: string;
}

export interface TeamsState {
  tenant: string;
  bot: { id: string; name: string };
  conversations: TeamsConversation[];
  activities: TeamsActivity[];
  typing: string[]; // conversation ids in which the bot is typing
}

// ── The run ──────────────────────────────────────────────────────────────────────────────
export interface Step {
  id: string;
  type: string; // message | input | confirm | choice | branch | tool | approve | wait | end …
  title: string;
  state: "done" | "now" | "ahead" | "failed";
}

export interface Effect {
  key: string; // run:step:generation
  tool: string;
  state: string; // held | queued | running | waiting | done | failed | unknown | dead
  attempts: number;
  note: string; // one plain sentence: what it did, or why it failed
}

export interface Approval {
  id: string;
  code: string; // short code of the digest, as on the card
  state: string; // pending | approved | rejected | expired | withdrawn
  expires_at: string;
  decided_by?: string;
  reason?: string;
}

export interface Run {
  id: string;
  flow: string;
  version: string;
  conversation: string; // "slack:T…:C…:ts" | "teams:…"
  requester: string;
  status: string; // waiting | done | cancelled | failed
  sentence: string; // "Waiting for an approver, 14 min left"
  steps: Step[];
  edges: { from: string; to: string; label: string }[];
  slots: Record<string, unknown>;
  why: { rule: string; reason: string; confidence: number | null; words: string } | null;
  effects: Effect[];
  approvals: Approval[];
  suggestions: string[]; // what one could type now: "make it three", "drop the cola", "cancel"
  started_at: string;
}

// ── The rest ─────────────────────────────────────────────────────────────────────────────
export interface Wire {
  id: number;
  at: string;
  platform: string; // "slack", "teams", or a service: "stripe", "jira", "github", "notion"
  direction: "to bot" | "from bot";
  title: string; // "app_mention", "chat.postMessage", "adaptiveCard/action", "POST /v1/payment_intents"
  status: number;
  ms: number;
  verified: string; // "v0 signature ✓", "JWT ✓", "bearer ✓", ""
  headers: Record<string, string>; // secrets shortened
  body: string; // raw, at most 20 kB
  answer: string;
  can_resend: boolean; // a delivery to the bot that can be sent again byte for byte
}

export interface SandboxRecord {
  service: string; // "Stripe"
  at: string; // its name where it is troubled: "stripe"
  acts: { name: string; label: string }[]; // what somebody can do to it there, behind the bot's back
  object: string; // "payment_intent", "customer", "product", "checkout.session", "refund"
  id: string;
  title: string; // "pi_… · 27.00 usd"
  status: string; // "succeeded"
  json: unknown;
}

export interface Connected {
  name: string; // "Slack", "Stripe", "Model" …
  state: string; // sandbox | real | not connected; of the model, which
  detail: string;
  service?: string; // "stripe": its sandbox is here, and its next call can be troubled
  href?: string; // the sandbox's own page
}

export interface State {
  seq: number;
  persons: Person[];
  slack: SlackState | null; // null: real Slack is connected, nothing to draw
  teams: TeamsState | null;
  runs: Run[]; // newest first, at most 10
  records: SandboxRecord[]; // by service, newest first, at most 60 of each
  wire: Wire[]; // newest last, at most 200
  connected: Connected[];
  suggestion: string; // the first message, already typed: "order two margheritas and a cola"
  now: string;
}

export type Event = { seq: number } & (
  | { type: "slack.message"; message: SlackMessage } // new, or replaced (same channel + ts)
  | { type: "slack.delete"; channel: string; ts: string }
  | { type: "slack.modal"; modal: SlackModal }
  | { type: "slack.modal_closed"; view_id: string }
  | { type: "slack.home"; person: PersonId; blocks: unknown[] }
  | { type: "slack.status"; channel: string; thread_ts: string; status: string }
  | { type: "teams.activity"; activity: TeamsActivity } // new, or replaced (same id)
  | { type: "teams.delete"; conversation: string; id: string }
  | { type: "teams.typing"; conversation: string; on: boolean }
  | { type: "runs"; runs: Run[] }
  | { type: "records"; records: SandboxRecord[] }
  | { type: "wire"; wire: Wire }
  | { type: "reset" } // fetch /workbench/state again
);

export type Action =
  | { type: "slack.say"; as: PersonId; channel: string; text: string; thread_ts?: string; files?: string[] } // files: ids of POST /workbench/files. "/order …" at top level is sent as a slash command; "@Countersign" in the text becomes a real mention
  | { type: "slack.press"; as: PersonId; channel: string; ts: string; view_id?: string; action: any; state?: any } // in App Home: channel "home", ts ""; in a modal: its view_id, channel and ts ""; state: {values}; action: the element's block_actions object {type, action_id, block_id, value | selected_option …}
  | { type: "slack.submit"; as: PersonId; view_id: string; values: any } // view.state.values
  | { type: "slack.close"; as: PersonId; view_id: string }
  | { type: "slack.shortcut"; as: PersonId; channel: string; ts: string; callback_id: string }
  | { type: "slack.home"; as: PersonId } // opens App Home: app_home_opened
  | { type: "slack.react"; as: PersonId; channel: string; ts: string; name: string }
  | { type: "teams.say"; as: PersonId; conversation: string; text: string; root?: string; files?: string[] } // "@Countersign" becomes a mention entity
  | { type: "teams.press"; as: PersonId; conversation: string; id: string; kind: "execute" | "submit"; verb?: string; data: any }
  | { type: "resend"; wire: number }
  | { type: "trouble"; what: "deliver_twice" | "press_20" | "decline_card" | "expire" | "kill_worker" | "reset"; as?: PersonId }
  | { type: "trouble"; what: "fail"; service: string; how: "429" | "500" | "slow" | "reset"; as?: PersonId } // the next call that the bot makes there
  | { type: "trouble"; what: "act"; service: string; act: string; record: string; as?: PersonId }; // one of SandboxRecord.acts, in that person's name
