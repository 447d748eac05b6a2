"""Begins what is due by the clock: once for each time, in the place where it was asked for, as whoever asked.

A time that passed while nothing of ours ran is made up for once, not once for each that was missed.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.errors import PlatformError
from bot.platforms.teams.envelope import CHANNEL_ENDINGS
from bot.reply import Reply
from bot.turn import Account, Place, Said, Turn, TurnId
from integrations.schedule.rule import next_after
from integrations.schedule.words import rule_of
from workers.commit import Commit
from workers.seen import Seen, Tools, finish, write_all
from workers.store import inbox, runs, schedules, timers
from workers.store.audit import Personal
from workers.store.conversations import Claimed
from workers.store.door import Connection, Database
from workers.store.outbox import Message
from workers.store.schedules import Scheduled

Wait = Callable[[Coroutine[Any, Any, Any]], Any]
DUE = schedules.DUE
AGAIN = "Ask me for it again when that is mended."


async def due(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """A schedule's timer went off."""
    tenant = claimed.tenant
    async with tools.db.tenant(tenant) as c:
        found = await schedules.by_id(c, tenant, str(raw["id"]))
    if found is None or found.state != "on" or found.occurrence != raw["occurrence"]:
        return await finish(tools, claimed, seen, Commit())
    problem = await _cannot(tools, seen, found)
    commit = Commit()
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        if problem:
            await _pause(c, tenant, commit, found, problem)
        else:
            await _begin(c, tenant, commit, found)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _cannot(tools: Tools, seen: Seen, found: Scheduled) -> str:
    """Why it cannot be done in this person's name any more; empty where it can.

    What may pass (a platform that does not answer) is raised, and tried again.
    """
    if found.flow not in seen.world.flows:
        return f"there is no /{found.flow} here any more"
    client = tools.clients.get(found.place.platform)
    if client is None:
        return f"{found.place.platform.capitalize()} is not connected any more"
    try:
        await client.profile(found.account, found.place)
    except PlatformError as error:
        if not error.gone:
            if error.retryable or error.unknown:
                raise
            return ""
        return f"{found.name} is not here any more"
    return ""


async def _pause(c: Connection, tenant: UUID, commit: Commit, found: Scheduled, problem: str) -> None:
    if not await schedules.pause(c, tenant, found.id, problem):
        return
    text = f"I paused “{found.command}, {found.rule}”: {problem}. {AGAIN}"
    commit.messages.append(Message(f"{found.timer}:paused", "post", found.place, Reply(text)))
    commit.note("schedule.paused", schedule=found.id, because=Personal(found.requester, problem))


async def _begin(c: Connection, tenant: UUID, commit: Commit, found: Scheduled) -> None:
    now: datetime = await c.fetchval("select now()")
    next_at = next_after(rule_of(found.rule), now, found.zone)
    if not await schedules.begun(c, tenant, found.id, found.occurrence, next_at):
        return
    following = found.occurrence + 1
    commit.timers.append(
        (schedules.timer_id(found.id, following), next_at, schedules.event(found.id, following))
    )
    turn = Turn(TurnId(found.timer), found.place, found.account, Said(found.command, mentioned=True))
    says = Reply(f"{found.command}: {found.rule}, as {found.name} asked.")
    inside = turn if opens_thread(found.place) else None
    commit.messages.append(
        Message(f"{found.timer}:root", "post", found.place, says, found.account, then_turn=inside)
    )
    if inside is None:
        await inbox.add_turn(c, tenant, found.conversation, str(turn.id), turn)
    commit.note("schedule.begun", schedule=found.id, occurrence=found.occurrence, flow=found.flow)


def opens_thread(place: Place) -> bool:
    """A message of ours begins a thread there, in which one can answer; elsewhere the chat itself goes on."""
    return place.platform == "slack" or place.channel.endswith(CHANNEL_ENDINGS)


class Book:
    """The schedules of whoever's run it is: what the tools for them are handed. `wait` blocks."""

    def __init__(self, db: Database, tenant: UUID, run: str, wait: Wait) -> None:
        self._db, self._tenant, self._run, self._wait = db, tenant, run, wait

    def zone(self) -> str:
        return str(self._wait(self._person())["zone"])

    def mine(self, flow: str) -> list[Scheduled]:
        found: list[Scheduled] = self._wait(self._mine(flow))
        return found

    def add(self, id: str, flow: str, request: str, rule: str, first: datetime) -> None:
        self._wait(self._add(id, flow, request, rule, first))

    def stop(self, ids: list[str]) -> int:
        return int(self._wait(self._stop(ids)))

    def began_this(self) -> bool:
        return bool(self._wait(self._began_this()))

    def pause_this(self, reason: str) -> bool:
        return bool(self._wait(self._pause_this(reason)))

    async def _person(self) -> dict[str, Any]:
        async with self._db.tenant(self._tenant) as c:
            return await self._requester(c)

    async def _requester(self, c: Connection) -> dict[str, Any]:
        row = await c.fetchrow(
            "select p.id, p.name, p.time_zone as zone from runs r join people p"
            " on p.tenant_id = r.tenant_id and p.id = r.requester where r.tenant_id = $1 and r.id = $2",
            self._tenant,
            self._run,
        )
        return dict(row)

    async def _mine(self, flow: str) -> list[Scheduled]:
        async with self._db.tenant(self._tenant) as c:
            return await schedules.of_person(c, self._tenant, (await self._requester(c))["id"], flow)

    async def _add(self, id: str, flow: str, request: str, rule: str, first: datetime) -> None:
        """The same again in the same place takes the place of the one before."""
        async with self._db.tenant(self._tenant) as c:
            stored = await runs.by_id(c, self._tenant, self._run)
            assert stored is not None
            person = (await self._requester(c))["id"]
            place = replace(stored.place, thread=None)
            there = await schedules.of_person(c, self._tenant, person, flow)
            account = await account_of(c, self._tenant, person, place)
            made = await schedules.add(
                c, self._tenant, id, place, account, person, flow, request, rule, first
            )
            if made:
                alike = [
                    each.id
                    for each in there
                    if (each.request, each.rule, each.place) == (request, rule, place)
                ]
                await schedules.stop(c, self._tenant, alike)
                await timers.set_at(
                    c,
                    self._tenant,
                    schedules.timer_id(id, 0),
                    place.conversation,
                    first,
                    schedules.event(id, 0),
                )

    async def _stop(self, ids: list[str]) -> int:
        async with self._db.tenant(self._tenant) as c:
            person = (await self._requester(c))["id"]
            return len(await schedules.stop(c, self._tenant, ids, person))

    async def _began_this(self) -> bool:
        async with self._db.tenant(self._tenant) as c:
            return await schedules.that_began(c, self._tenant, self._run) is not None

    async def _pause_this(self, reason: str) -> bool:
        async with self._db.tenant(self._tenant) as c:
            id = await schedules.that_began(c, self._tenant, self._run)
            return id is not None and await schedules.pause(c, self._tenant, id, reason)


async def account_of(c: Connection, tenant: UUID, person: UUID, place: Place) -> Account:
    """The account by which this person is in this place: of its workspace, the one seen last."""
    row = await c.fetchrow(
        "select platform, workspace, user_id from accounts where tenant_id = $1 and person_id = $2"
        " and platform = $3 order by (workspace = $4) desc, seen_at desc limit 1",
        tenant,
        person,
        place.platform,
        place.workspace,
    )
    return Account(row["platform"], row["workspace"], row["user_id"])
