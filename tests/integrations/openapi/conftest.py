"""A small document of our own, and a stand-in of the service that it tells of."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import integrations
from integrations.base import Attempt, Performed, Tool
from integrations.openapi.catalogue import Catalogue

KENNEL: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Kennel", "version": "1"},
    "servers": [{"url": "https://kennel.example/v1"}],
    "paths": {
        "/dogs": {
            "get": {
                "operationId": "dogs/list",
                "summary": "List dogs.",
                "parameters": [
                    {"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}},
            },
            "post": {
                "operationId": "dogs/create",
                "summary": "Take a dog in",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Dog"}}},
                },
                "responses": {"201": {"content": {"application/json": {"schema": {}}}}},
            },
        },
        "/dogs/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {"operationId": "dogs/get", "responses": {"200": {"content": {"application/json": {}}}}},
            "delete": {"operationId": "dogs/delete", "responses": {"204": {"description": "gone"}}},
        },
        "/dogs/search": {
            "post": {
                "operationId": "dogs/search",
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {"200": {"content": {"application/json": {}}}},
            }
        },
        "/dogs/{id}/picture": {
            "put": {
                "operationId": "dogs/picture",
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "requestBody": {"required": True, "content": {"image/png": {}}},
                "responses": {"204": {}},
            }
        },
    },
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
        "schemas": {
            "Dog": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string", "maxLength": 40},
                    "owner": {"type": "string", "format": "email", "nullable": True},
                    "parent": {"$ref": "#/components/schemas/Dog"},
                },
                "additionalProperties": False,
            }
        },
    },
}


@dataclass
class Seen:
    """A request as it came in, byte for byte where it matters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Stand:
    """The service. `answers` are given first (status, headers, body), then the usual one for ever."""

    base: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    usual: tuple[int, dict[str, str], bytes] = (200, {"Content-Type": "application/json"}, b'{"id": 7}')

    def say(self, status: int, body: Any = None, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, {"Content-Type": "application/json"} | named, content))


def stand_in() -> tuple[Stand, ThreadingHTTPServer]:
    stand = Stand()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            stand.seen.append(Seen(self.command, self.path, dict(self.headers), body))
            status, headers, content = stand.answers.pop(0) if stand.answers else stand.usual
            if status == 0:  # the line goes dead after the request was read
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """That a client went away is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    stand.base = f"http://127.0.0.1:{server.server_port}"
    return stand, server


@pytest.fixture
def stand() -> Iterator[Stand]:
    made, server = stand_in()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def other() -> Iterator[Stand]:
    """Somebody else's server."""
    made, server = stand_in()
    yield made
    server.shutdown()
    server.server_close()


def attempt(key: str = "r1:call:1", number: int = 1) -> Attempt:
    return Attempt(key, number, datetime.now(UTC))


@dataclass
class Kennel:
    """The document as a process knows it, its service being the stand-in."""

    catalogue: Catalogue
    settings: dict[str, str]

    def tool(self, name: str) -> Tool:
        return self.catalogue.tool(f"kennel.{name}")

    def call(self, name: str, arguments: Any = None, number: int = 1, key: str = "r1:call:1") -> Performed:
        client = self.catalogue.service("kennel").connect(self.settings)
        return self.tool(name).perform(client, arguments or {}, attempt(key, number))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(document: Any = KENNEL, name: str = "kennel.json") -> Path:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    return written


@pytest.fixture
def kennel(write: Callable[..., Path], stand: Stand, tmp_path: Path) -> Callable[..., Kennel]:
    """Settings by their last part: `kennel(TOKEN="t")`. `document` replaces the usual one."""

    def made(document: Any = KENNEL, **settings: str) -> Kennel:
        usual = {"SERVER": f"{stand.base}/v1", "ALLOW_PRIVATE": "1"} | settings
        values = {"OPENAPI": f"kennel={write(document)}", "STATE_DIR": str(tmp_path / "state")}
        values |= {f"OPENAPI_KENNEL_{name}": value for name, value in usual.items() if value}
        return Kennel(Catalogue(values), values)

    return made


@pytest.fixture
def forget() -> Iterator[None]:
    """What a test had this process learn, is forgotten after it."""
    yield
    integrations.learn({})
