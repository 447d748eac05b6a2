"""Who else is told, in private, that there is nothing to decide any more; and whom that would only wake.

At eleven at night a person who was asked five minutes ago wants to know that they may lie down again; one
who was asked at noon wants to sleep. So a line goes to those who were asked in a message of their own, for
that has rung already; once to each, where they were last seen, whatever accounts they hold; in the hours
in which they would be reminded, for outside of those the changed card waits silently until morning. Nobody
is told who decided it, who shares a channel with the card, who only looked at our page, or of what ran
out: the card says so where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.reply import Reply
from bot.text import for_card, one_line
from bot.turn import Place
from flows.approval_stages import Hours
from flows.policy_file import stored_policy
from workers.approvers.hours import next_working
from workers.store import codec, definitions, links
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.outbox import Message

TOLD = {"approved": "{by} approved it", "rejected": "{by} rejected it", "withdrawn": "{by} took it back"}


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody with a copy of their own: `key` is the same for all accounts of one human."""

    key: str
    time_zone: str
    place: Place
    seen_at: datetime


async def others(c: Connection, tenant: UUID, approval: Approval, state: str, by: str) -> list[Message]:
    """At most a line for each. Nothing for whoever decided it, and what has no place here."""
    if state not in TOLD:
        return []
    rows = await _rows(c, tenant, approval.id)
    if not rows:
        return []
    people = {row["person_id"] for row in rows}
    done = {approval.requester, *([approval.decided_by] if approval.decided_by else [])}
    roots = links.roots(people | done, await links.around(c, tenant, list(people | done)))
    held = [
        Held(str(roots[row["person_id"]]), row["time_zone"], codec.loads(row["place"]), row["seen_at"])
        for row in rows
    ]
    now: datetime = await c.fetchval("select now()")
    hours = await _hours(c, tenant, approval.policy_version)
    told = whom(held, frozenset(str(roots[each]) for each in done), hours, now)
    reply = Reply(line(state, by, approval.card.text))
    return [Message(f"{approval.id}:over:{each.key}", "post", each.place, reply) for each in told]


def whom(held: Sequence[Held], done: frozenset[str], hours: Hours, now: datetime) -> list[Held]:
    """One place for each human, the one they used last."""
    last: dict[str, Held] = {}
    for each in sorted(held, key=lambda one: (one.seen_at, one.place.conversation)):
        last[each.key] = each
    return [
        each
        for key, each in sorted(last.items())
        if key not in done and next_working(now, hours, each.time_zone) <= now
    ]


def line(state: str, by: str, about: str) -> str:
    """What was asked stands in it, because a line is read alone. `about` begins as every card does."""
    what = about.removeprefix("Approval needed. ").partition("\n")[0]
    who = for_card(one_line(by)) or "Somebody"
    return f"{TOLD[state].format(by=who)}, so there is nothing left for you to do: {what}"


async def _rows(c: Connection, tenant: UUID, approval: str) -> list[Mapping[str, Any]]:
    """The copies that belong to one account each, with whose it is now."""
    rows: list[Mapping[str, Any]] = await c.fetch(
        "select p.id as person_id, p.time_zone, o.place, a.seen_at from approval_cards k"
        " join outbox o on o.tenant_id = k.tenant_id and o.id = k.outbox_id"
        "  and o.state in ('queued', 'sending', 'sent')"
        " join accounts a on a.tenant_id = o.tenant_id and a.platform = o.account->>'platform'"
        "  and a.workspace = o.account->>'workspace' and a.user_id = o.account->>'user'"
        " join people p on p.tenant_id = a.tenant_id and p.id = a.person_id"
        " where k.tenant_id = $1 and k.approval_id = $2",
        tenant,
        approval,
    )
    return rows


async def _hours(c: Connection, tenant: UUID, version: str) -> Hours:
    """Of the policy that it was asked under; a version is what it says, so it is read once."""
    known = _known.get(version)
    if known is None:
        document = await definitions.policy_document(c, tenant, version)
        known = stored_policy(document).approvers.times.hours if document else Hours()
        _remember(version, known)
    return known


_known: dict[str, Hours] = {}
MOST_KNOWN = 200


def _remember(version: str, hours: Hours) -> None:
    while len(_known) >= MOST_KNOWN:
        del _known[next(iter(_known))]
    _known[version] = hours
