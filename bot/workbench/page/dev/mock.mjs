// A stand-in for bot/workbench/*.py: the same three addresses, and a small story instead of the bot.
import { scene } from "./scene.mjs";
import { accept } from "./socket.mjs";
import { Story } from "./story.mjs";

const MAX_BODY = 200_000;

export class Mock {
  constructor() {
    this.sockets = new Set();
    this.start("demo");
  }

  start(name) {
    this.acts = [];
    this.story = new Story(scene(name), (event) => this.emit(event));
  }

  emit(event) {
    const text = JSON.stringify(event);
    for (const socket of this.sockets) socket.send(text);
  }

  /** True if the request was one of ours. */
  async handle(request, response) {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/workbench/state") return answer(response, 200, this.story.state());
    if (pathname === "/workbench/act" && request.method === "POST") return this.act(request, response);
    if (pathname === "/mock/acts") return answer(response, 200, this.acts);
    if (pathname === "/mock/start" && request.method === "POST") {
      this.start((await read(request)).scene);
      this.emit({ seq: this.story.next(), type: "reset" });
      return answer(response, 200, { ok: true });
    }
    if (pathname === "/mock/event" && request.method === "POST") {
      this.story.put(await read(request));
      return answer(response, 200, { ok: true });
    }
    if (pathname === "/mock/hang-up" && request.method === "POST") {
      for (const socket of this.sockets) socket.close();
      return answer(response, 200, { ok: true });
    }
    return false;
  }

  async act(request, response) {
    const action = await read(request);
    this.acts.push(action);
    const result = this.story.act(action);
    return answer(response, result.error ? 409 : 200, result.error ? result : { ok: true, ...result });
  }

  upgrade(request, socket) {
    if (!request.url.startsWith("/workbench/ws")) return;
    const entry = accept(request, socket, () => this.sockets.delete(entry));
    this.sockets.add(entry);
  }
}

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
  return true;
}

async function read(request) {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
    if (body.length > MAX_BODY) throw new Error("body too large");
  }
  return JSON.parse(body || "{}");
}
