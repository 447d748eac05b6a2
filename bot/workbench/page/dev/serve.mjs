// Serves dist/ with the headers of the real server, and the mock beside it: `node dev/serve.mjs [port]`.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { Mock } from "./mock.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:";

const mock = new Mock();
const server = createServer(async (request, response) => {
  if (await mock.handle(request, response)) return;
  const { pathname } = new URL(request.url, "http://localhost");
  const path = normalize(join(DIST, pathname === "/" ? "index.html" : decodeURIComponent(pathname)));
  if (!path.startsWith(DIST) || !existsSync(path)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    "content-security-policy": POLICY,
    "cache-control": pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  });
  createReadStream(path).pipe(response);
});
server.on("upgrade", (request, socket) => mock.upgrade(request, socket));
server.listen(Number(process.argv[2] ?? 4173), "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
