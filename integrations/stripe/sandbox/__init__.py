"""A Stripe of our own: the real one's wire form over one SQLite file, for `make up` and for tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from integrations.sandboxes.controlling import local_only
from integrations.sandboxes.state import deaf
from integrations.stripe.sandbox import control, overview, page
from integrations.stripe.sandbox.deliver import deliveries
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.seed import seed
from integrations.stripe.sandbox.state import SANDBOX, OnWire, Sandbox
from integrations.stripe.sandbox.store import Store
from integrations.stripe.sandbox.wire import v1

__all__ = ["SANDBOX", "Sandbox", "create_sandbox"]


def create_sandbox(
    path_to_sqlite: Path | str,
    *,
    webhook_url: str,
    webhook_secret: str,
    clock: Callable[[], float] = time.time,
    on_wire: OnWire | None = None,
    api_key: str = "",
) -> web.Application:
    """An app to be mounted anywhere (`add_subapp`), or to be served by itself.

    What it holds survives a kill -9 at any instant. `webhook_url` empty: nothing is delivered.
    `api_key` empty: any test key is good. `on_wire` is told of each request and delivery, in
    the words of the page's protocol (without `id`).
    """
    store = Store(path_to_sqlite)
    with store.transaction():
        if store.empty():
            seed(store, int(clock()))
    app = web.Application(client_max_size=1 << 20)
    app[SANDBOX] = Sandbox(store, webhook_url, webhook_secret, clock, on_wire or deaf, api_key)
    app.router.add_route("*", "/v1/{tail:.*}", v1)
    app.router.add_get("/pay/{session}", page.show)
    app.router.add_post("/pay/{session}", page.pay)
    app.router.add_get("/receipt/{charge}", page.receipt)
    app.router.add_get("/invoice/{invoice}", page.show_invoice)
    app.router.add_post("/invoice/{invoice}", page.pay_invoice)
    app.router.add_get("/", overview.show)
    for method, name, handler in control.ROUTES:
        app.router.add_route(method, f"/_sandbox/{name}", local_only(handler, Refusal))
    app.cleanup_ctx.append(deliveries)
    return app
