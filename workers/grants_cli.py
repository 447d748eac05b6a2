"""`countersign grants …` and `countersign approvals …`: what runs alone, what waits, and how it is decided.

The program grants nothing: it asks the approvers, as anybody would in the chat.
"""

from __future__ import annotations

import sys
from uuid import UUID, uuid4

from bot.settings import Settings
from flows.grants import Unclear, understood
from workers import ops
from workers.approvers import grants_ended, grants_made, load_listed, odds
from workers.approvers.grants_said import listed
from workers.approvers.rules import place_of
from workers.assemble import rules
from workers.commit import Commit
from workers.known import Library
from workers.store import audit, batches, conversations, enqueue, grants, inbox, timers
from workers.store.door import Connection, Database

MOST = 200


def add(settings: Settings, text: str, tenant: str = "") -> int:
    wanted = understood(text)
    if isinstance(wanted, Unclear):
        return _say(wanted.because, 1)

    async def run(db: Database) -> int:
        whose, asking = await ops.whose(db, tenant), rules(settings)
        async with db.tenant(whose) as c:
            world = await Library(money_tools=settings.money_tools).world(c, whose)
            spots = asking.where(world.known.policy)
            places = [place for spot in spots if (place := await place_of(c, whose, spot)) is not None]
            if not places:
                return _say("There is no place where approvers could be asked. Set APPROVALS_CHANNEL.", 1)
            commit, conversation = Commit(), places[0].conversation
            said = await grants_made.propose(c, whose, commit, conversation, wanted, None, world, asking)
            await _write(c, whose, conversation, commit)
        return _say(said.text, 0 if said.settled else 1)

    return ops.with_database(settings, run)


def revoke(settings: Settings, number: int, reason: str, tenant: str = "") -> int:
    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            grant = await grants.by_id(c, whose, number, lock=True)
            commit = Commit()
            why = f"Ended by an operator: {reason}" if reason else "Ended by an operator."
            if grant is None or not await grants_ended.end(c, whose, commit, grant, "revoked", why):
                return _say("There is no open grant of that number. `countersign grants list` shows them.", 1)
            await _write(c, whose, grant.conversation, commit)
        return _say(f"Grant {number} is revoked: approvers are asked again.")

    return ops.with_database(settings, run)


def list_grants(settings: Settings, tenant: str = "") -> int:
    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            return _say(await listed(c, whose))

    return ops.with_database(settings, run)


def waiting(settings: Settings, tenant: str = "") -> int:
    """What would cost most if we were wrong comes first; the last figure is that cost."""

    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            found = await load_listed.pending(c, whose, MOST)
            queued = await batches.of(c, whose, [each.id for each in found])
            known = await odds.of(c, whose, [each.id for each in found])
            lines = [load_listed.waiting_line(each, queued.get(each.id), known) for each in found]
        return _say("\n".join(lines) or "Nothing waits for a decision.")

    return ops.with_database(settings, run)


def stats(settings: Settings, days: int, tenant: str = "") -> int:
    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            figures = await load_listed.figures(c, whose, days)
            queues = await load_listed.queues(c, whose)
        lines = [f"{'tool':<28} {'decided':>8} {'median':>9} {'overridden':>11} {'under 2 s':>10}"]
        lines += [
            f"{each.tool:<28} {each.decided:>8} {each.median:>7.0f} s {each.overridden:>10.0%}"
            f" {each.instant:>9.0%}"
            for each in figures
        ]
        if not figures:
            lines = [f"Nothing was decided in {days} days."]
        lines += [f"waiting for {name}: {count}" for name, count in queues]
        return _say("\n".join(lines))

    return ops.with_database(settings, run)


async def _write(c: Connection, tenant: UUID, conversation: str, commit: Commit) -> None:
    """As an engine would, of a conversation that nobody holds just now."""
    await conversations.wake(c, tenant, conversation)
    await enqueue.add(c, tenant, conversation, commit.messages)
    for id, at, event in commit.timers:
        await timers.set_at(c, tenant, id, conversation, at, event)
    for to, dedupe, event in commit.events:
        await inbox.add_event(c, tenant, to, f"{dedupe}:{uuid4().hex[:8]}", event)
    for what, details in commit.audit:
        await audit.record(c, tenant, what, **{**details, "by": audit.OPERATOR})


def _say(text: str, status: int = 0) -> int:
    (sys.stderr if status else sys.stdout).write(f"{text}\n")
    return status
