"""A service that nobody wrote code for: its document, a flow that calls it, a second person, one request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import integrations
from bot.embedded import private
from flows.loader import load_file
from tests.stack import running
from workers.push import POLICY, push_to

FLOW = """
id: retire
description: "Take an article out of the shop"
examples: ["retire the blue lamp", "retire an article"]
steps:
  - {id: look, type: tool, call: shop.showArticle, with: {id: "lamp/blue"}, save: article}
  - {id: drop, type: tool, call: shop.dropArticle, with: {id: "lamp/blue"}, save: gone}
  - {id: told, type: message, text: "{{ article.body.name }} is gone."}
  - {id: done, type: end}
"""
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
ANSWER = {"200": {"content": {"application/json": {}}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/articles/{id}": {
            "parameters": [ID],
            "get": {"operationId": "showArticle", "summary": "Show an article", "responses": ANSWER},
            "delete": {"operationId": "dropArticle", "summary": "Drop an article", "responses": {"204": {}}},
        }
    },
}


@pytest.fixture
def shop() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Its address, and every request it got: method, target, and by what credentials."""
    seen: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"name": "The blue lamp"}).encode()
            self._answer(200, body)

        def do_DELETE(self) -> None:
            self._answer(204, b"")

        def _answer(self, status: int, body: bytes) -> None:
            seen.append((self.command, self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api", seen
    server.shutdown()
    server.server_close()
    integrations.learn({})


async def test_an_operation_of_a_document_is_approved_by_a_second_person_and_sent_once(
    shop: tuple[str, list[tuple[str, str, str]]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base, seen = shop
    folder: Path = tmp_path_factory.mktemp("shop")
    (folder / "shop.json").write_text(json.dumps(DOCUMENT))
    (folder / "retire.yaml").write_text(FLOW)
    family = {"SERVER": base, "ALLOW_PRIVATE": "1", "TOKEN": "shop-token"}
    for name, value in family.items():
        monkeypatch.setenv(f"OPENAPI_SHOP_{name}", value)
    with private() as servers:
        async with running(servers, folder, openapi=f"shop={folder / 'shop.json'}") as stack:
            flow = load_file(folder / "retire.yaml", integrations.tools())
            await push_to(stack.db, stack.tenant, [flow], POLICY)
            slack = stack.world.slack

            said = await slack.say("ada", "orders", "@Countersign retire the blue lamp")
            ask = await slack.wait_for("Approve?", channel="approvals", button="Approve")
            assert seen == [("GET", "/api/articles/lamp%2Fblue", "Bearer shop-token")]
            for shown in ("Drop an article", "DELETE /api/articles/{id} at 127.0.0.1", "lamp/blue"):
                assert shown in ask.words

            await slack.press("grace", ask, "Approve")
            await slack.wait_for("The blue lamp is gone.", thread=said)

    assert seen[1:] == [("DELETE", "/api/articles/lamp%2Fblue", "Bearer shop-token")]
