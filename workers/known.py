"""What is the same for all runs of a tenant at this moment: its flows, its policy, the tools.

Versions never change, so they are kept in memory for ever (a few hundred); which of them is
active is asked anew in each turn, so that an activation counts at once in every process.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flows.flow import Flow
from flows.loader import load_stored
from flows.policy import Policy
from flows.policy_file import stored_policy
from flows.scene import Known
from workers.store import definitions, experiments, spending, tenants
from workers.store.door import Connection, Database
from workers.store.preferences import CALLED
from workers.tone import Dials
from workers.tools import Card, cards

MOST_KEPT = 500
SHADOW_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class World:
    """`flows` are the active ones, by id."""

    flows: Mapping[str, Flow]
    known: Known
    tools: Mapping[str, Card]


class Library:
    """Flows and policies by version, as they are needed.

    What is in memory needs no database; for the rest, the door serves as well as somebody's connection.
    """

    def __init__(self, *, money_tools: bool) -> None:
        self._money_tools = money_tools
        self._tools = cards()
        self._flows: OrderedDict[tuple[UUID, str, str], Flow] = OrderedDict()
        self._policies: OrderedDict[tuple[UUID, str], Policy] = OrderedDict()
        self._worlds: OrderedDict[tuple[Any, ...], World] = OrderedDict()
        self._shadows: OrderedDict[UUID, tuple[float, str | None]] = OrderedDict()
        self.dials = Dials()

    async def world(self, c: Connection, tenant: UUID) -> World:
        """Raises LookupError where the tenant has no policy: nothing runs without one."""
        active = await definitions.active_flows(c, tenant)
        stopped = frozenset(await experiments.stopped(c, tenant))
        return await self.world_of(c, tenant, active, await tenants.policy_version(c, tenant), stopped)

    async def world_of(
        self,
        c: Connection | Database,
        tenant: UUID,
        active: Mapping[str, str],
        policy_version: str | None,
        stopped: frozenset[str] = frozenset(),
    ) -> World:
        """The same, from the active versions as somebody read them just now."""
        if policy_version is None:
            raise LookupError("this tenant has no policy; `countersign flows push` gives it one")
        shadow = await self._shadow(c, tenant)
        named = (await self.dials.of(c, tenant)).brand.name
        called = "" if named == CALLED else named
        key = (tenant, policy_version, shadow, stopped, called, *sorted(active.items()))
        if key not in self._worlds:
            flows = {
                flow: await self.flow(c, tenant, flow, version) for flow, version in sorted(active.items())
            }
            policy = await self.policy(c, tenant, policy_version)
            told = tuple((flow.id, flow.description) for flow in flows.values())
            tried = await self.policy(c, tenant, shadow) if shadow else None
            known = Known(policy, self._tools, told, stopped=stopped, shadow=tried, called=called)
            self._worlds[key] = World(flows, known, self._tools)
            _bound(self._worlds)
        self._worlds.move_to_end(key)
        return self._worlds[key]

    async def _shadow(self, c: Connection | Database, tenant: UUID) -> str | None:
        """The policy that is only tried out, which nobody acts on: so it may be some seconds old."""
        found = self._shadows.get(tenant)
        if found is None or time.monotonic() - found[0] > SHADOW_SECONDS:
            async with _inside(c, tenant) as there:
                found = self._shadows[tenant] = (time.monotonic(), await spending.shadow(there, tenant))
            _bound(self._shadows)
        return found[1]

    async def flow(self, c: Connection | Database, tenant: UUID, flow: str, version: str) -> Flow:
        key = (tenant, flow, version)
        if key not in self._flows:
            async with _inside(c, tenant) as there:
                definition = await definitions.flow_definition(there, tenant, flow, version)
            if definition is None:
                raise LookupError(f"flow {flow} has no version {version}")
            self._flows[key] = load_stored(definition, self._tools)
            _bound(self._flows)
        return self._flows[key]

    async def policy(self, c: Connection | Database, tenant: UUID, version: str) -> Policy:
        key = (tenant, version)
        if key not in self._policies:
            async with _inside(c, tenant) as there:
                document = await definitions.policy_document(there, tenant, version)
            if document is None:
                raise LookupError(f"there is no policy {version}")
            self._policies[key] = replace(stored_policy(document), money_tools=self._money_tools)
            _bound(self._policies)
        return self._policies[key]


@asynccontextmanager
async def _inside(c: Connection | Database, tenant: UUID) -> AsyncIterator[Connection]:
    if isinstance(c, Database):
        async with c.tenant(tenant) as opened:
            yield opened
    else:
        yield c


def _bound(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)
