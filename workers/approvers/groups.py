"""Groups of Slack and Entra, and Entra's managers: asked for before they are needed, believed for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

import structlog

from bot.errors import PlatformError
from flows.approval_stages import ENTRA, MANAGER, SLACK
from flows.policy import Policy
from workers.approvers import managers
from workers.seen import Tools
from workers.store import directory, tenants
from workers.store.directory import Listed
from workers.store.door import Connection

log = structlog.get_logger()

FRESH = 300.0  # seconds for which it is not asked again
PATIENCE = 3.0  # seconds for all of a platform's together: somebody waits for the answer to a press


@runtime_checkable
class Groups(Protocol):
    """What a platform's client can besides: by handle in Slack, by object id in Entra."""

    async def group_members(self, workspace: str, group: str) -> tuple[str, ...] | None: ...


@runtime_checkable
class Managers(Protocol):
    """What Teams' client can besides: a manager's object id and verified address."""

    async def manager_of(self, workspace: str, user: str) -> tuple[str, str] | None: ...


@dataclass
class Found:
    """What a platform said, by term; of what it refused, why."""

    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def named(policy: Policy) -> tuple[str, ...]:
    """The terms of which somebody else has to be asked."""
    terms = [term for stage in policy.approvers.stages for term in stage.any_of]
    asked = (*terms, *policy.approvers.escalate)
    return tuple(dict.fromkeys(term for term in asked if term.startswith((SLACK, ENTRA))))


async def refresh(tools: Tools, tenant: UUID, policy: Policy, requesters: Sequence[str] = ()) -> None:
    """Whoever cannot be asked leaves what was known: it is believed for an hour, and then nobody is in it.

    `requesters` are those who are about to ask for an approval; whoever waits for one is known.
    """
    wanted = named(policy)
    slack = [term for term in wanted if term.startswith(SLACK)]
    entra = [term for term in wanted if term.startswith(ENTRA)]
    if slack:
        await _refresh(tools, tenant, "slack", slack, {})
    bosses = _names_manager(policy) and isinstance(tools.clients.get("teams"), Managers)
    people = await managers.wanted(tools.db, tenant, requesters) if bosses else {}
    if entra or people:
        await _refresh(tools, tenant, "teams", entra, people)


def _names_manager(policy: Policy) -> bool:
    """A group or rota of that name is nobody's manager."""
    duty, approvers = policy.duty, policy.approvers
    terms = [term for stage in approvers.stages for term in stage.any_of]
    meant = MANAGER in (*terms, *approvers.escalate)
    return meant and MANAGER not in duty.groups and MANAGER not in duty.rotas


async def _refresh(
    tools: Tools, tenant: UUID, platform: str, groups: list[str], people: Mapping[str, str]
) -> None:
    client: Any = tools.clients.get(platform)
    if not isinstance(client, Groups):
        return
    async with tools.db.tenant(tenant) as c:
        known = await directory.listed(c, tenant, [*groups, *people])
        there = await tenants.workspace(c, tenant, platform)
    stale = [term for term in (*groups, *people) if term not in known or known[term].age > FRESH]
    if not stale or there is None:
        return
    found = Found()
    try:
        async with asyncio.timeout(PATIENCE):
            for term in stale:
                await _ask(client, there[0], platform, term, people.get(term, ""), found)
    except TimeoutError:
        log.warning("groups.unknown", problem="TimeoutError")
    async with tools.db.tenant(tenant) as c:
        await _keep(c, tenant, found, known)


async def _ask(client: Any, workspace: str, platform: str, term: str, user: str, found: Found) -> None:
    """One that cannot be asked does not stand in the way of the next."""
    try:
        if user:
            boss = await client.manager_of(workspace, user)
            found.members[term] = managers.as_members(workspace, boss)
            return
        group = term.removeprefix(f"{SLACK}@").removeprefix(ENTRA)
        members = await client.group_members(workspace, group)
        found.members[term] = tuple(f"{platform}|{workspace}|{each}" for each in members or ())
    except PlatformError as error:
        log.warning("groups.unknown", problem=type(error).__name__)
        found.refused[term] = str(error)


async def _keep(c: Connection, tenant: UUID, found: Found, known: Mapping[str, Listed]) -> None:
    for term, members in found.members.items():
        await directory.keep(c, tenant, term, members)
    for term, why in found.refused.items():
        if term not in known or known[term].problem != why:
            await directory.troubled(c, tenant, term, why)
