"""Slack user groups, asked of Slack before they are needed and believed for a while."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

import structlog

from bot.errors import PlatformError
from flows.approval_stages import SLACK
from flows.policy import Policy
from workers.seen import Tools
from workers.store import directory, tenants

log = structlog.get_logger()

FRESH = 300.0  # seconds for which it is not asked again
PATIENCE = 3.0  # seconds for all of them together: somebody waits for the answer to a press


@runtime_checkable
class Groups(Protocol):
    """What Slack's client can besides."""

    async def group_members(self, workspace: str, handle: str) -> tuple[str, ...] | None: ...


def named(policy: Policy) -> tuple[str, ...]:
    terms = [term for stage in policy.approvers.stages for term in stage.any_of]
    return tuple(
        dict.fromkeys(term for term in (*terms, *policy.approvers.escalate) if term.startswith(SLACK))
    )


async def refresh(tools: Tools, tenant: UUID, policy: Policy) -> None:
    """Whoever cannot be asked leaves what was known: it is believed for an hour, and then nobody is in it."""
    wanted = named(policy)
    client: Any = tools.clients.get("slack")
    if not wanted or not isinstance(client, Groups):
        return
    async with tools.db.tenant(tenant) as c:
        known = await directory.listed(c, tenant, wanted)
        there = await tenants.workspace(c, tenant, "slack")
    stale = [term for term in wanted if term not in known or known[term].age > FRESH]
    if not stale or there is None:
        return
    found: dict[str, tuple[str, ...]] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            for term in stale:
                members = await client.group_members(there[0], term.removeprefix(f"{SLACK}@"))
                found[term] = tuple(f"slack|{there[0]}|{user}" for user in members or ())
    except (PlatformError, TimeoutError) as error:
        log.warning("groups.unknown", problem=type(error).__name__)
    async with tools.db.tenant(tenant) as c:
        for term, accounts in found.items():
            await directory.keep(c, tenant, term, accounts)
