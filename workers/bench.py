"""The front with the workbench and the stand-ins in it: what `countersign up` runs, and `serve` never.

The only module of the workers that may import them; nobody but the program may import this one
(a contract in pyproject.toml). An image for production holds neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from aiohttp import web

from bot import workbench
from bot.front_web_page import add_page
from bot.settings import Settings
from bot.workbench import security
from bot.workbench.cast import PERSONS, Json, Person
from bot.workbench.environment import SERVICES, base_url, environment
from bot.workbench.sandbox import Act, OnWire, Sandbox
from workers import front, web_page
from workers.assemble import own_dsn
from workers.inspect import Inspector, open_inspector

COMMENT = "I looked into it. More tomorrow."


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Until `stop`. Bound to anything but this machine there is no workbench, and a front is all it is."""
    if not settings.on_loopback:
        await front.run(settings, stop)
        return
    inspector = await open_inspector(own_dsn(settings), settings)
    try:
        await front.run(settings, stop, extra=mounting(settings, inspector))
    finally:
        await inspector.close()


def mounting(settings: Settings, inspector: Inspector) -> front.Extra:
    def mount(application: web.Application) -> None:
        workbench.mount(
            application,
            settings=settings,
            inspect=inspector.runs,
            trouble=inspector.trouble,
            sandboxes=sandboxes(settings, base_url(settings)),
            install=True,
        )
        minting = web_page.Minting(settings)
        application.cleanup_ctx.append(minting.running)
        people = {each.email: each.name for each in PERSONS.values()}
        add_page(application, security.guarded, people, minting)

    return mount


def sandboxes(settings: Settings, bot: str) -> list[Sandbox]:
    """Of every service that has one. `bot` is where the webhooks go. Made, and imported, when mounted."""
    return [
        Sandbox(each.name, each.title, partial(_make, settings, bot, each.name), ACTS[each.name])
        for each in SERVICES
    ]


def _make(settings: Settings, bot: str, name: str, on_wire: OnWire) -> web.Application:
    create: Callable[..., web.Application] = import_module(f"integrations.{name}.sandbox").create_sandbox
    values = environment(settings)
    folder = settings.state_dir / "workbench"
    return create(
        folder / f"{name}.sqlite3",
        webhook_url=f"{bot}/webhooks/{name}",
        webhook_secret=values[f"{name.upper()}_WEBHOOK_SECRET"],
        on_wire=on_wire,
        **{_TOKEN_IS.get(name, "token"): values[_TOKENS[name]]},
    )


_TOKENS = {
    "stripe": "STRIPE_API_KEY",
    "jira": "JIRA_API_TOKEN",
    "github": "GITHUB_TOKEN",
    "notion": "NOTION_TOKEN",
}
_TOKEN_IS = {"stripe": "api_key"}


# ── what others can do there ─────────────────────────────────────────────────────────────


def _at_jira(what: str, **more: Any) -> Callable[[Json, Person], Json | None]:
    def body(record: Json, who: Person) -> Json | None:
        if what == "close" and record["status"] in ("Done", "Blocked"):
            return None  # no step leads there
        return {"what": what, "issue": record["json"]["key"], "by": f"712020:{who.id}"} | more

    return body


def _at_github(what: str, **more: Any) -> Callable[[Json, Person], Json | None]:
    def body(record: Json, who: Person) -> Json | None:
        repository, _, number = record["id"].rpartition("#")
        if record["status"] == "deleted" or (what == "close" and record["status"] != "open"):
            return None
        asked = {"act": what, "repository": repository, "number": int(number), "who": who.id}
        return asked | more

    return body


def _at_notion(what: str, **more: Any) -> Callable[[Json, Person], Json | None]:
    def body(record: Json, who: Person) -> Json | None:
        done = record["status"] in ("", "Done")
        if record["status"] == "in the trash" or (done and what == "set_status"):
            return None
        return {"do": what, "page": record["id"], "who": who.id} | more

    return body


def _refund_at_stripe(record: Json, who: Person) -> Json | None:
    if record["object"] != "payment_intent" or record["status"] != "succeeded":
        return None
    return {"act": "refund", "payment_intent": record["id"]}


ACTS: dict[str, tuple[Act, ...]] = {
    "stripe": (Act("refund", "Refund it", _refund_at_stripe),),
    "jira": (
        Act("close", "Close it", _at_jira("close")),
        Act("comment", "Comment", _at_jira("comment", text=COMMENT)),
    ),
    "github": (
        Act("close", "Close it", _at_github("close")),
        Act("comment", "Comment", _at_github("comment", body=COMMENT)),
    ),
    "notion": (
        Act("finish", "Set it to done", _at_notion("set_status", text="Done")),
        Act("comment", "Comment", _at_notion("comment", text=COMMENT)),
    ),
}
