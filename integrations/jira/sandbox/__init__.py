"""A Jira of our own: the real one's wire form (v3 and v2) over one SQLite file, for `make up` and tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from integrations.jira.sandbox import control, page
from integrations.jira.sandbox.deliver import deliveries
from integrations.jira.sandbox.faults import Refusal
from integrations.jira.sandbox.seed import seed
from integrations.jira.sandbox.state import SANDBOX, OnWire, Sandbox
from integrations.jira.sandbox.store import Store
from integrations.jira.sandbox.wire import rest
from integrations.sandboxes.controlling import local_only
from integrations.sandboxes.state import deaf

__all__ = ["SANDBOX", "Sandbox", "create_sandbox"]


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
    of the page's protocol (without `id`).
    """
    store = Store(path_to_sqlite)
    with store.transaction():
        if store.empty():
            seed(store, clock())
    app = web.Application(client_max_size=1 << 20)
    app[SANDBOX] = Sandbox(store, webhook_url, webhook_secret, clock, on_wire or deaf, token)
    app.router.add_route("*", "/rest/api/{version:2|3}/{tail:.*}", rest)
    app.router.add_get("/", page.everything)
    app.router.add_get("/browse/{key}", page.one)
    for method, name, handler in control.ROUTES:
        app.router.add_route(method, f"/_sandbox/{name}", local_only(control.at_home(handler), Refusal))
    app.cleanup_ctx.append(deliveries)
    return app
