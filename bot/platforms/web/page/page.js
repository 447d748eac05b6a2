// A small client of GET /ws, without a framework: read it beside docs/web.md to write your own.
// Everything that is shown is set as text, never as markup.

const at = (id) => document.getElementById(id);
const log = at("log"), dialog = at("dialog");
const shown = new Map(); // id → { item, frame }
let socket = null, seen = -1, pause = 500, count = 0, told = null, page = null;
const asked = new Map(); // id of a press → its card
const keep = sessionStorage;

// ── who ──

const people = await fetch("/web/people").then((answer) => (answer.ok ? answer.json() : []));
const wanted = new URLSearchParams(location.search).get("as") ?? keep.getItem("as") ?? people[0]?.email;
for (const each of people) at("who").append(new Option(each.name, each.email, false, each.email === wanted));
at("who").addEventListener("change", () => { keep.setItem("as", at("who").value); location.search = ""; });
const email = at("who").value || wanted;
const name = `as:${email}`;

async function token(fresh = false) {
  const kept = fresh ? null : keep.getItem(name);
  if (kept) return kept;
  const answer = await fetch("/web/token", {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email }),
  });
  const found = (await answer.json()).token;
  keep.setItem(name, found);
  return found;
}

// ── the socket ──

async function connect(fresh = false) {
  const mine = await token(fresh);
  const address = new URL("/ws", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  socket = new WebSocket(address);
  socket.onopen = () => send("hello", { token: mine, after: seen });
  socket.onmessage = (event) => heard(JSON.parse(event.data));
  socket.onclose = (event) => {
    at("state").textContent = "reconnecting…";
    setTimeout(() => connect(event.code === 4001), pause);
    pause = Math.min(pause * 2, 15000);
  };
}

function send(type, more = {}) {
  const id = `${Date.now().toString(36)}-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  socket.send(JSON.stringify({ type, id, conversation: "main", ...more }));
  return id;
}

function heard(frame) {
  switch (frame.type) {
    case "welcome": at("state").textContent = "connected"; pause = 500; return;
    case "said": show(frame, said(frame)); break;
    case "message": case "update": at("working").hidden = true; at("told").hidden = true; show(frame, message(frame)); break;
    case "form": ask(frame, frame.id); break;
    case "home": page = frame; send("ack", { home: frame.sequence }); if (told === "home") showHome(); return;
    case "delta": grow(frame); return;
    case "working": at("working").hidden = false; follow(); return;
    case "answer": answered(frame); return;
    case "error": tell(frame.text); return;
    default: return;
  }
  if ("sequence" in frame) { seen = Math.max(seen, frame.sequence); send("ack", { sequence: seen }); }
}

// ── drawing ──

const make = (tag, text = "", kind = "") => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  if (kind) node.className = kind;
  return node;
};

function show(frame, item) {
  const there = shown.get(frame.id);
  const atEnd = nearEnd();
  if (there) {
    const focused = there.item.contains(document.activeElement);
    there.item.replaceWith(item);
    if (focused) item.focus();
  } else log.append(item);
  shown.set(frame.id, { item, frame });
  at("stop").hidden = ![...shown.values()].some((each) => each.frame.growing);
  if (atEnd) follow();
}

const nearEnd = () => { const box = log.parentElement; return box.scrollHeight - box.scrollTop - box.clientHeight < 160; };
const follow = () => { const box = log.parentElement; box.scrollTop = box.scrollHeight; };
const said = (frame) => make("li", frame.text, "said");

function message(frame) {
  const item = make("li", "", "message");
  item.tabIndex = -1;
  if (frame.blocks.length) item.classList.add("card");
  if (frame.whisper) item.classList.add("whisper");
  draw(item, frame);
  return item;
}

function draw(into, frame) {
  if (!frame.blocks.length) into.append(make("p", frame.text, frame.growing ? "growing" : ""));
  for (const block of frame.blocks) into.append(drawn(block, frame, into));
  if (frame.generated) {
    into.append(make("span", "Written by AI", "label"));
    if (!frame.growing) into.append(thumbs(frame));
  }
}

function drawn(block, frame, card) {
  switch (block.type) {
    case "heading": return make("h2", block.text);
    case "paragraph": return make("p", block.text, block.tone);
    case "facts": {
      const list = make("dl");
      for (const pair of block.pairs) list.append(make("dt", pair.label), make("dd", pair.value));
      return list;
    }
    case "lines": {
      const list = make("ul", "", "rows");
      for (const row of block.rows) {
        const line = make("li");
        line.append(make("span", row.text), make("span", row.amount));
        list.append(line);
      }
      return list;
    }
    case "cited": {
      const box = make(block.folded ? "details" : "div");
      if (block.folded) box.append(make("summary", block.folded));
      for (const row of block.rows) {
        const line = make("p", row.text + " ");
        for (const each of row.links) line.append(link(each), " ");
        box.append(line);
      }
      return box;
    }
    case "buttons": {
      const row = make("div", "", "buttons");
      for (const each of block.buttons) row.append("url" in each ? link(each, "button") : button(each, frame, card));
      return row;
    }
    case "select": {
      const box = make("label", block.label, "field");
      const menu = make("select");
      menu.append(new Option("…", ""));
      for (const each of block.options) menu.append(new Option(each.label, each.value, false, each.value === block.chosen));
      menu.addEventListener("change", () => menu.value && press(frame, block.action, menu.value, card));
      box.append(menu);
      return box;
    }
    case "ask": return field({ ...block, kind: "text", optional: true });
    case "divider": return make("hr");
    default: return make("p");
  }
}

function link(each, kind = "") {
  if (!each.url) return make("span", each.label);
  const node = make("a", each.label, kind);
  node.href = each.url; node.target = "_blank"; node.rel = "noopener noreferrer";
  return node;
}

function button(each, frame, card) {
  const node = make("button", each.label, each.style);
  node.type = "button";
  node.addEventListener("click", () => press(frame, each.action, each.value, card));
  return node;
}

function thumbs(frame) {
  const row = make("div", "", "buttons");
  for (const [label, value, words] of [["👍", "up", "Good answer"], ["👎", "down", "Bad answer"]]) {
    const node = make("button", label);
    node.type = "button"; node.setAttribute("aria-label", words);
    node.addEventListener("click", () => press(frame, "feedback", value, row));
    row.append(node);
  }
  return row;
}

function grow(delta) {
  const there = shown.get(delta.id);
  // What comes out of order is left out: the message itself comes in a moment.
  if (!there || !there.frame.growing || delta.at > there.frame.text.length) return;
  there.frame.text = there.frame.text.slice(0, delta.at) + delta.words;
  const atEnd = nearEnd();
  there.item.querySelector("p").textContent = there.frame.text;
  if (atEnd) follow();
}

// ── acting ──

function answersIn(card) {
  const found = {};
  for (const each of card.querySelectorAll("[data-name]")) if (each.value) found[each.dataset.name] = each.value;
  return found;
}

function press(frame, action, value, card) {
  for (const each of card.querySelectorAll("button")) each.disabled = true;
  const id = send("press", { action, value, message: frame.id ?? "", answers: answersIn(card) });
  asked.set(id, { card, frame });
  setTimeout(() => { for (const each of card.querySelectorAll("button")) each.disabled = false; }, 4000);
}

function answered(frame) {
  const from = asked.get(frame.to);
  asked.delete(frame.to);
  if (from) for (const each of from.card.querySelectorAll("button")) each.disabled = false;
  if (frame.form) ask(frame.form, "");
  else if (frame.message) {
    if (dialog.open) dialog.close();
    tell(frame.message.text);
  } else if (dialog.open && from?.form) {
    dialog.close();
    tell("Sent.");
  }
}

function tell(text) {
  at("told").textContent = text;
  at("told").hidden = !text;
  follow();
}

function field(each) {
  const box = make("label", each.label, "field");
  let input;
  if (each.options?.length) {
    input = make("select");
    if (each.optional) input.append(new Option("–", ""));
    for (const option of each.options) input.append(new Option(option.label, option.value, false, option.value === each.value));
  } else {
    input = make(each.multiline ? "textarea" : "input");
    if (!each.multiline) input.type = each.kind === "date" ? "date" : "text";
    if (each.multiline) input.rows = 3;
    input.maxLength = Math.min(each.max_length ?? 2000, 4000);
    input.value = each.value ?? "";
    input.placeholder = each.placeholder ?? "";
  }
  input.required = !each.optional;
  input.dataset.name = each.name;
  box.append(input);
  if (each.error) { box.append(make("span", each.error, "error")); input.setAttribute("aria-invalid", "true"); }
  return box;
}

function ask(form, id) {
  const box = make("form");
  const title = make("h2", form.title);
  title.id = "dialog-title";
  box.append(title);
  if (form.intro) box.append(make("p", form.intro));
  for (const each of form.fields) box.append(field(each));
  const row = make("div", "", "buttons");
  const go = make("button", form.submit, "primary");
  const away = make("button", "Cancel");
  away.type = "button";
  away.addEventListener("click", () => {
    dialog.close();
    if (form.back) send("press", { action: form.back, value: form.value });
    if (id) send("dismiss", { message: id });
  });
  row.append(go, away);
  box.append(row);
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    asked.set(send("submit", { form: form.form, value: form.value, answers: answersIn(box) }), { card: box, form });
    if (id) send("dismiss", { message: id });
  });
  open(box);
}

function open(box) {
  dialog.replaceChildren(box);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function showHome() {
  const box = make("div");
  const title = make("h2", "My page");
  title.id = "dialog-title";
  box.append(title);
  draw(box, page);
  const away = make("button", "Close");
  away.type = "button";
  away.addEventListener("click", () => { dialog.close(); told = null; });
  box.append(away);
  title.tabIndex = -1;
  title.autofocus = true;
  open(box);
}

at("home").addEventListener("click", () => { told = "home"; send("home"); if (page) showHome(); });
dialog.addEventListener("close", () => { told = null; });
at("stop").addEventListener("click", () => send("stop"));
at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text || socket?.readyState !== WebSocket.OPEN) return;
  tell("");
  send("say", { text });
  at("text").value = "";
  follow();
});
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); at("composer").requestSubmit(); }
});
at("text").focus();
connect();
