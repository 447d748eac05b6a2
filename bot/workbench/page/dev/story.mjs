// A bot of few words: one order, confirmed, approved or rejected, and paid; on either platform.
import { BOT, PERSONS, record } from "./scene.mjs";
import { APPROVAL, CONFIRM, CONFIRMED, MODAL, RECEIPT, adaptive, blocks, decided } from "./cards.mjs";
import { approval, run } from "./run.mjs";

const THINKING_MS = 350;

export class Story {
  constructor(state, emit) {
    this.now = state;
    this.emit = emit;
    this.tick = 0;
    this.order = null; // { say(card, replaces) → message, update(message, card), run }
  }

  next() {
    return ++this.now.seq;
  }

  state() {
    return { ...this.now, now: new Date().toISOString() };
  }

  /** Keeps an event in the state and tells the page. */
  put(event) {
    const { now } = this;
    if (event.type === "slack.message") replace(now.slack.messages, event.message, (one) => one.channel + one.ts);
    if (event.type === "teams.activity") replace(now.teams.activities, event.activity, (one) => one.id);
    if (event.type === "slack.modal") replace(now.slack.modals, event.modal, (one) => one.view_id);
    if (event.type === "slack.modal_closed") now.slack.modals = now.slack.modals.filter((one) => one.view_id !== event.view_id);
    if (event.type === "slack.home") now.slack.homes[event.person] = event.blocks;
    if (event.type === "runs") now.runs = event.runs;
    if (event.type === "records") now.records = event.records;
    if (event.type === "wire") now.wire = [...now.wire, event.wire];
    this.emit({ seq: this.next(), ...event });
  }

  act(action) {
    const person = PERSONS.find((one) => one.id === action.as);
    switch (action.type) {
      case "slack.say":
        return this.said(person, this.slackDesk(action.channel, action.thread_ts), action.text);
      case "teams.say":
        return this.said(person, this.teamsDesk(action.conversation, action.root), action.text);
      case "slack.press":
        this.wire("slack", "to bot", `block_actions ${action.action.action_id}`, "v0 signature ✓", action);
        return this.pressed(person, action.action.action_id, (words) => this.whisperSlack(person, action, words));
      case "teams.press":
        this.wire("teams", "to bot", "adaptiveCard/action", "JWT ✓", action);
        return this.pressed(person, action.verb ?? "submit", (words) => this.whisperTeams(person, action, words), action.data);
      case "slack.submit": {
        const reason = action.values.reason?.reason?.value;
        if (!reason) {
          const modal = this.now.slack.modals.find((one) => one.view_id === action.view_id);
          this.put({ type: "slack.modal", modal: { ...modal, errors: { reason: "Please give a reason." } } });
          return {};
        }
        this.put({ type: "slack.modal_closed", view_id: action.view_id });
        return this.decide(person, "Rejected", reason);
      }
      case "slack.close":
        this.put({ type: "slack.modal_closed", view_id: action.view_id });
        return {};
      case "slack.home":
        this.put({ type: "slack.home", person: action.as, blocks: blocks({ heading: "Your open orders", note: this.order ? "One order waits for an approver." : "Nothing is open." }) });
        return {};
      case "trouble":
        if (action.what === "reset") {
          this.emit({ seq: this.next(), type: "reset" });
          return { note: "Started over." };
        }
        return { note: `Done: ${action.what.replaceAll("_", " ")}. Nothing was charged twice.` };
      default:
        return { note: "Sent." };
    }
  }

  // ── where it is said ──────────────────────────────────────────────────────────────────
  ts() {
    return (1790000100 + this.now.seq + this.tick++ / 1e6).toFixed(6);
  }

  slackDesk(channel, thread) {
    const post = (user, body, root) => {
      const message = { channel, ts: this.ts(), user, bot: user === BOT.user, text: "", ...(root ? { thread_ts: root } : {}), ...body };
      this.put({ type: "slack.message", message });
      const parent = root && this.now.slack.messages.find((one) => one.ts === root);
      if (parent) this.put({ type: "slack.message", message: { ...parent, reply_count: (parent.reply_count ?? 0) + 1 } });
      return message;
    };
    return {
      platform: "slack",
      human: (person, text) => post(person.slack, { text: text.replaceAll(`@${BOT.name}`, `<@${BOT.user}>`) }, thread).ts,
      say: (root, text, card) => post(BOT.user, { text, ...(card ? { blocks: blocks(card, "order-1") } : {}) }, root),
      update: (message, card) => this.put({ type: "slack.message", message: { ...message, edited: true, blocks: blocks(card, "order-1") } }),
      key: (root) => `slack:T0LUNCH:${channel}:${root}`,
      thread,
    };
  }

  teamsDesk(conversation, thread) {
    const post = (from, body, root) => {
      const at = new Date().toISOString();
      const activity = { conversation, id: String(1790000000000 + this.next()), from, bot: from === BOT.id, text: "", at, ...(root ? { root } : {}), ...body };
      this.put({ type: "teams.activity", activity });
      return activity;
    };
    return {
      platform: "teams",
      human: (person, text) => post(person.aad, { text: text.replaceAll(`@${BOT.name}`, `<at>${BOT.name}</at>`) }, thread).id,
      say: (root, text, card) => post(BOT.id, { text: card ? "" : text, ...(card ? { card: adaptive(card, "order-1") } : {}) }, conversation.includes("tacv2") ? root : undefined),
      update: (activity, card) => this.put({ type: "teams.activity", activity: { ...activity, edited: true, card: adaptive(card, "order-1") } }),
      key: (root) => `teams:${conversation}:${root}`,
      thread,
    };
  }

  whisperSlack(person, { channel }, text) {
    this.put({ type: "slack.message", message: { channel, ts: this.ts(), user: BOT.user, bot: true, text, ephemeral_to: person.slack } });
  }

  whisperTeams(person, { conversation, id }, text) {
    const activity = this.now.teams.activities.find((one) => one.id === id);
    const told = { ...activity.card, body: [{ type: "TextBlock", text, wrap: true, weight: "Bolder" }, ...activity.card.body] };
    this.put({ type: "teams.activity", activity: { ...activity, cards_for: { ...activity.cards_for, [person.id]: told } } });
  }

  // ── the order ─────────────────────────────────────────────────────────────────────────
  said(person, desk, text) {
    const root = desk.thread ?? desk.human(person, text);
    if (desk.thread) desk.human(person, text);
    this.wire(desk.platform, "to bot", desk.platform === "slack" ? "app_mention" : "message", desk.platform === "slack" ? "v0 signature ✓" : "JWT ✓", { text });
    if (!/order/i.test(text)) {
      desk.say(root, "I can take an order: try `order two margheritas`.");
      return {};
    }
    if (desk.platform === "slack") this.emit({ seq: this.next(), type: "slack.status", channel: "C0ORDERS", thread_ts: root, status: "is reading your order…" });
    setTimeout(() => {
      const card = desk.say(root, "Confirm your order: 6 × Margherita, 2 × Cola, 63.00 usd", CONFIRM);
      this.emit({ seq: this.next(), type: "slack.status", channel: "C0ORDERS", thread_ts: root, status: "" });
      this.order = { desk, root, card, person, stage: "confirm", copies: [] };
      this.show();
    }, THINKING_MS);
    return {};
  }

  pressed(person, action, whisper, data) {
    const { order } = this;
    if (action === "confirm" && order?.stage === "confirm") {
      order.desk.update(order.card, CONFIRMED);
      order.stage = "approve";
      const slack = this.slackDesk("C0APPROVALS");
      const teams = this.teamsDesk("19:approvals@thread.tacv2");
      order.copies = [slack, teams].map((desk) => [desk, desk.say(undefined, "Approve a charge of 63.00 usd?", APPROVAL)]);
      this.wire("slack", "from bot", "chat.postMessage", "bearer ✓", { channel: "C0APPROVALS", text: "Approve a charge of 63.00 usd?" });
    } else if (action === "cancel" && order) {
      order.stage = "cancelled";
      order.desk.say(order.root, "Cancelled. Nothing was charged.");
    } else if ((action === "approve" || action === "reject") && order?.stage === "approve") {
      if (person.role !== "approver") {
        whisper(person.id === order.person.id ? "You asked for this, so somebody else has to decide." : "Only the named approvers can decide this.");
        return {};
      }
      if (action === "approve") return this.decide(person, "Approved");
      if (data) return this.decide(person, "Rejected", data.reason);
      this.put({ type: "slack.modal", modal: { view_id: `V${this.next()}`, person: person.id, view: MODAL } });
      return {};
    } else {
      whisper("This was decided already.");
      return {};
    }
    this.show();
    return {};
  }

  decide(person, word, reason) {
    const { order } = this;
    for (const [desk, card] of order.copies) desk.update(card, decided(word, person.name, reason));
    order.stage = word === "Approved" ? "paid" : "rejected";
    order.by = person.name;
    if (word === "Approved") {
      order.desk.say(order.root, "Paid: 63.00 usd, charged once.", RECEIPT);
      this.wire("stripe", "from bot", "POST /v1/payment_intents", "bearer ✓", { amount: 6300, currency: "usd", customer: "cus_ada", confirm: true });
      this.put({ type: "records", records: [record("payment_intent", "pi_3demo63", "pi_3demo63 · 63.00 usd", "succeeded"), ...this.now.records] });
    } else {
      order.desk.say(order.root, `${person.name} rejected it: ${reason || "no reason given"}. Nothing was charged.`);
    }
    this.show();
    return {};
  }

  show() {
    this.put({ type: "runs", runs: [run(this.order, approval(this.order))] });
  }

  wire(platform, direction, title, verified, body) {
    const headers = { "content-type": "application/json", "x-slack-signature": "v0=3f…a1" };
    this.put({
      type: "wire",
      wire: { id: this.next(), at: new Date().toISOString(), platform, direction, title, status: 200, ms: 4 + (this.now.seq % 9), verified, headers, body: JSON.stringify(body), answer: '{"ok":true}', can_resend: direction === "to bot" },
    });
  }
}

function replace(list, one, key) {
  const at = list.findIndex((other) => key(other) === key(one));
  if (at < 0) list.push(one);
  else list[at] = one;
}
