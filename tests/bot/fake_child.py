"""Stands in for front, engine or worker: a process with our lifeline, and for the front a /readyz."""

import http.server
import signal
import sys
import threading

from bot import lifeline


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        return


name, port = sys.argv[1], int(sys.argv[2])
if name == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
lifeline.watch()
if name == "front":
    http.server.ThreadingHTTPServer.allow_reuse_address = True
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Ready)
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"{name} is up", flush=True)
while True:
    signal.pause()
