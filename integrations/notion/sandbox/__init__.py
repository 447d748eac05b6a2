"""A Notion of our own: the real one's wire form over one SQLite file, for `make up` and for tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from integrations.notion.sandbox import control, page
from integrations.notion.sandbox.deliver import deliveries
from integrations.notion.sandbox.faults import Refusal
from integrations.notion.sandbox.seed import DATABASE, seed
from integrations.notion.sandbox.state import SANDBOX, OnWire, Sandbox
from integrations.notion.sandbox.store import Store
from integrations.notion.sandbox.wire import v1
from integrations.sandboxes.controlling import local_only
from integrations.sandboxes.state import deaf

__all__ = ["DATABASE", "SANDBOX", "Sandbox", "create_sandbox"]


def create_sandbox(
    path_to_sqlite: Path | str,
    *,
    webhook_url: str,
    webhook_secret: str,
    clock: Callable[[], float] = time.time,
    on_wire: OnWire | None = None,
    token: str = "",
) -> web.Application:
    """An app to be mounted anywhere (`add_subapp`), or to be served by itself.

    What it holds survives a kill -9 at any instant. `webhook_url` empty: nothing is delivered.
    `token` empty: any token is good. `on_wire` is told of each request and delivery, in the words
    of the page's protocol (without `id`). `DATABASE` is the id of the database that it begins with.
    """
    store = Store(path_to_sqlite)
    with store.transaction():
        if store.empty():
            seed(store, clock())
    app = web.Application(client_max_size=1 << 20)
    app[SANDBOX] = Sandbox(store, webhook_url, webhook_secret, clock, on_wire or deaf, token)
    app.router.add_route("*", "/v1/{tail:.*}", v1)
    app.router.add_get("/", page.index)
    app.router.add_get("/p/{page}", page.show)
    for method, name, handler in control.ROUTES:
        app.router.add_route(method, f"/_sandbox/{name}", local_only(handler, Refusal))
    app.cleanup_ctx.append(deliveries)
    return app
