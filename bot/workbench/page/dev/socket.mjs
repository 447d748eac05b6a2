// The server's half of a WebSocket, as much of it as a demo needs: text out, close and ping in.
import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Shakes hands on an upgraded connection; gives back {send, close}. `gone` is called once. */
export function accept(request, socket, gone) {
  const key = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${key}\r\n\r\n`,
  );
  socket.on("data", (bytes) => {
    const opcode = bytes[0] & 0x0f;
    if (opcode === 8) socket.end(Buffer.from([0x88, 0]));
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", gone);
  return {
    send: (text) => socket.writable && socket.write(frame(Buffer.from(text, "utf8"))),
    close: () => socket.destroy(),
  };
}

function frame(body) {
  const size = body.length;
  if (size < 126) return Buffer.concat([Buffer.from([0x81, size]), body]);
  const head = Buffer.alloc(size < 65536 ? 4 : 10);
  head[0] = 0x81;
  if (size < 65536) {
    head[1] = 126;
    head.writeUInt16BE(size, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  return Buffer.concat([head, body]);
}
