"""Reminders: each in private, at a time of day that is theirs to work; late once rather than twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.reply import Reply
from bot.turn import Account, Place
from flows.approval_quorum import current
from flows.approval_stages import Hours
from workers import audit_notes, cards
from workers.approvers import calendar, copies, words
from workers.approvers.private import private
from workers.approvers.reminding import Reminding, Someone, remind
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.seen import Tools
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.outbox import Message

MOST = 20  # that are told at once; with more, it is said where it was asked


@dataclass(frozen=True, slots=True)
class Reminder:
    """Whom it is for now, and where and by which account each is told; `aloud`: it is said where it was
    asked."""

    found: Reminding
    places: Mapping[str, tuple[Place, Account]]
    aloud: bool


async def accounts(
    c: Connection, tenant: UUID, known: Known, only: Sequence[str] | None
) -> Mapping[str, tuple[str, Account]]:
    """Of each who may still agree in the open stage: their zone, and the account that they used last."""
    stage = current(known.terms.quorums, known.votes)
    if stage == len(known.stages):
        return {}
    used = {key for vote in known.votes for key in (vote.by, vote.seat)}
    wanted = known.stages[stage].people - used - known.excluded.keys()
    wanted |= _stand_ins(known, wanted) - used - known.excluded.keys()
    keys = wanted if only is None else wanted & set(only)
    ids = [id for id in known.humans.roots if known.humans.key(id) in keys]
    rows = await c.fetch(
        "select p.id, p.time_zone, a.platform, a.workspace, a.user_id from people p join accounts a"
        " on a.tenant_id = p.tenant_id and a.person_id = p.id"
        " where p.tenant_id = $1 and p.id = any($2) order by a.seen_at, a.platform",
        tenant,
        ids,
    )
    return {
        known.humans.key(row["id"]): (
            row["time_zone"],
            Account(row["platform"], row["workspace"], row["user_id"]),
        )
        for row in rows
    }


def _stand_ins(known: Known, people: frozenset[str]) -> frozenset[str]:
    key = known.humans.key
    return frozenset(key(each.delegate) for each in known.lent if key(each.person) in people)


async def prepared(
    tools: Tools,
    there: Mapping[str, tuple[str, Account]],
    hours: Hours,
    now: datetime,
    raw: Mapping[str, Any],
) -> Reminder:
    """Asks the platforms for the private places, with no transaction open."""
    people = [Someone(key, zone) for key, (zone, _) in there.items()]
    aloud = raw.get("only") is None and not 0 < len(people) <= MOST
    if aloud:
        people = [Someone("", hours.time_zone)]
    found = remind(people, hours, now, datetime.fromisoformat(raw["over"]))
    places: dict[str, tuple[Place, Account]] = {}
    for key in found.now:
        place = await private(tools, there[key][1]) if key in there else None
        if place is not None:
            places[key] = (place, there[key][1])
    return Reminder(found, places, bool(found.now) and (aloud or not places))


async def say(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    approval: Approval,
    known: Known,
    reminder: Reminder,
    raw: Mapping[str, Any],
) -> None:
    """A card in private is one more copy: it changes with the others."""
    text = f"Reminder: this waits for a decision. {approval.card.text}"
    drawn = cards.asking(approval.card, approval.id, words.standing(known))
    waited = int(raw.get("waited", 0))
    first = (
        10_000 * int(raw["number"]) + 100 * waited
    )  # cards are numbered, and those of one place come first
    for at, (_, (place, account)) in enumerate(sorted(reminder.places.items()), first):
        id = f"{approval.id}:{at}"
        commit.messages.append(Message(id, "post", place, Reply(text, drawn.blocks, drawn.mentions), account))
        commit.copies.append((approval.id, id))
    if reminder.aloud:
        for at, copy in enumerate(await copies.there(c, tenant, approval.id)):
            id = f"{approval.id}:reminder{raw['number']}:{at}"
            commit.messages.append(Message(id, "post", copy.place, Reply(text)))
    if reminder.found.now:
        commit.note("approval.reminded", number=raw["number"], **audit_notes.over(approval))
    if reminder.found.later is not None:
        event = {**raw, "only": list(reminder.found.rest), "waited": waited + 1}
        name = f"{approval.id}:remind:{raw['number']}{calendar.LATER}{waited}"
        commit.timers.append((name, reminder.found.later, event))
