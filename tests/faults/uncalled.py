"""A tenant in which whatever changes something is asked about, the ways in, and who counts the calls."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from bot.embedded import Servers
from bot.settings import Settings
from bot.turn import Place, Said
from flows.flow import Flow
from flows.loader import load
from flows.yaml_source import Source
from integrations import tools
from integrations.base import Done, Performed, Risk, Tool
from integrations.errors import Refused
from tests.conftest import SECRET
from tests.workers.desk import Desk, open_desk
from tests.workers.example_calls import arguments
from workers.calls import Hands
from workers.push import put
from workers.store.door import Database

POLICY: Mapping[str, Any] = {
    "rules": [
        {"name": "reading", "risk": ["read"], "outcome": "may run alone", "because": "It only reads."},
        {"name": "all", "risk": ["write", "money", "destructive"], "outcome": "ask", "because": "A test."},
    ],
    "approvers": {"people": ["grace@example.com"], "places": ["slack:CAPPROVE"]},
}
FORMS = ("plain", "inside", "later", "again")


def changing() -> dict[str, Tool]:
    """Every tool that does more than read: a new one is among them by itself."""
    return {name: tool for name, tool in tools().items() if tool.risk is not Risk.READ}


def flow_id(form: str, tool: str) -> str:
    return f"{form}_{tool.replace('.', '_')}"


def flows() -> list[Flow]:
    """For each tool: called at once, inside of another flow, after a while, and tried again by itself."""
    found = []
    for name, tool in changing().items():
        call = {"id": "act", "type": "tool", "call": name, "with": arguments(tool)}
        end = {"id": "end", "type": "end"}
        inner = _flow(flow_id("inner", name), [call, end])
        forms: dict[str, list[dict[str, Any]]] = {
            "plain": [call, end],
            "inside": [{"id": "sub", "type": "subflow", "flow": inner["id"]}, end],
            "later": [{"id": "nap", "type": "wait", "for": "1 hour", "text": "Later."}, call, end],
            "again": [{**call, "retry": {"times": 3, "after": "30 seconds"}}, end],
        }
        for form in FORMS:
            raw = _flow(flow_id(form, name), forms[form])
            if form == "inside":
                raw["subflows"] = {inner["id"]: inner}
            found.append(load(Source(f"{raw['id']}.yaml", raw, {}), tools()))
    return found


def _flow(id: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": id, "description": f"Does {id}", "steps": steps}


@dataclass
class Stand:
    """The bot without a network, a worker's hands whose every tool only counts, and who called."""

    desk: Desk
    hands: Hands
    called: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failing: bool = False
    before: Callable[[], None] = field(default=lambda: None)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def perform(self, tool: Tool) -> Performed:
        self.before()
        with self.lock:
            self.called[tool.name] += tool.risk is not Risk.READ
            if self.failing:
                self.refused[tool.name] += 1
                raise Refused("The service", "refused it")
        return Done({"done": True}, f"x_{uuid4().hex}")

    async def say(self, user: str, words: str, platform: str = "slack", id: str = "") -> Place:
        thread = f"{uuid4().int % 10**8}.1" if platform == "slack" else None
        place = self.desk.at(f"C{uuid4().hex[:6]}", thread, platform)
        await self.desk.act(user, place, Said(words, mentioned=True), id)
        return place

    async def all(self, form: str = "plain", platform: str = "slack") -> None:
        """Every tool, each in a conversation of its own."""
        for name in changing():
            await self.say("ada", f"/{flow_id(form, name)} please", platform)

    async def keys(self) -> list[str]:
        rows = await self.desk.fetch("select key from effects order by key")
        return [row["key"] for row in rows]

    async def asked(self) -> set[str]:
        """The tools that wait for somebody's yes."""
        rows = await self.desk.fetch("select distinct tool from approvals where state = 'pending'")
        return {row["tool"] for row in rows}

    async def worked(self) -> int:
        """Every key there is, as a worker gets it from a sweep or the broker, twice. How many were called."""
        for _ in range(2):
            for key in await self.keys():
                await asyncio.to_thread(self.hands.run, key)
            await self.desk.work()
        return sum(self.called.values())


async def stand(db: Database, servers: Servers) -> Stand:
    ours = flows()
    desk = await open_desk(db, ours[0], POLICY, ("slack:CAPPROVE",))
    async with db.tenant(desk.tenant) as c:
        await put(c, desk.tenant, ours, POLICY)
    for user in ("ada", "grace", "mallory"):
        await desk.meet(user)
        await desk.meet(user, "teams")
    settings = Settings(
        _env_file=None, database_url=servers.database_url, redis_url=servers.redis_url, secret_key=SECRET
    )
    hands = await asyncio.to_thread(Hands, settings)
    found = Stand(desk, hands)

    def counting(tool: Tool) -> Tool:
        return replace(tool, perform=lambda *_: found.perform(tool))

    hands._tools = {name: counting(tool) for name, tool in tools().items()}
    hands._client = lambda _ready: None  # type: ignore[method-assign]  # nothing is connected
    hands._introduce = lambda _ready: None  # type: ignore[method-assign]
    return found


async def leave(stand: Stand) -> None:
    async def end() -> None:
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*under_way, return_exceptions=True)
        await stand.hands._hints.close()
        await stand.hands._db.close()

    await asyncio.to_thread(stand.hands._await, end())
    stand.hands._loop.call_soon_threadsafe(stand.hands._loop.stop)
