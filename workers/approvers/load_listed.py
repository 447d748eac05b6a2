"""What waits, the costly first: on the bot's own page, for /approvals, and for the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.reply import Block, Button, Buttons, Divider, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from bot.turn import Said, Turn
from flows.approval_quorum import Counted, judge_press
from flows.load import expected_cost, in_order
from workers import cards
from workers.approvers import odds, situation
from workers.approvers.press import terms_of
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approvals, batches
from workers.store.approvals import Approval
from workers.store.batches import Queued
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.people import Person

MOST_LOOKED_AT, MOST_DRAWN, MOST_LINES = 200, 5, 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One tool of late: `median` in seconds, shares from 0 to 1."""

    tool: str
    decided: int
    median: float
    overridden: float
    instant: float


async def pending(
    c: Connection,
    tenant: UUID,
    most: int,
    p_wrong: Callable[[float | None], float] | None = None,
) -> list[Approval]:
    """By what a mistake of ours would cost, as experience says where it does; of equals, who waits longest.
    `p_wrong` takes the place of both."""
    found = await approvals.pending(c, tenant, MOST_LOOKED_AT)
    ids = [each.id for each in found]
    queued, known = await batches.of(c, tenant, ids), await odds.of(c, tenant, ids)

    def cost(approval: Approval) -> float:
        one = queued.get(approval.id)
        if one is None:
            return 0.0
        return expected_cost(one.confidence, one.stake, p_wrong) if p_wrong else odds.cost(one, known)

    return in_order(found, cost)[:most]


async def said(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """/approvals: what waits for whoever asks, to them alone, held back or not."""
    assert isinstance(turn.act, Said)
    tenant, commit = claimed.tenant, Commit()
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        mine = await for_person(c, tenant, turn, person, seen, tools)
        tell(commit, turn, drawn(mine))
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def for_person(
    c: Connection, tenant: UUID, turn: Turn, person: Person, seen: Seen, tools: Tools
) -> list[Approval]:
    """Where their yes would count now. Of what anybody may decide where it was asked: typed there."""
    policy = seen.world.known.policy
    now: datetime = await c.fetchval("select now()")
    found = []
    for approval in await pending(c, tenant, MOST_LOOKED_AT):
        terms = await terms_of(c, tenant, approval, policy, tools.rules)
        known = await situation.known(c, tenant, approval, terms, policy, now, [person.id])
        there = [place for _, place in await approvals.cards(c, tenant, approval.id)]
        there += await batches.places(c, tenant, approval.id)
        here = any(
            each.platform == turn.place.platform and each.channel == turn.place.channel for each in there
        )
        judged = judge_press(
            known.situation(person.id, here=here), known.humans.key(person.id), approving=True
        )
        if isinstance(judged, Counted):
            found.append(approval)
        if len(found) >= MOST_LINES:
            break
    return found


def drawn(mine: Sequence[Approval]) -> Reply:
    """The first few whole and with their buttons, the others in a line."""
    if not mine:
        return Reply("Nothing waits for you.")
    said = f"{len(mine)} wait for you, what would cost most if I were wrong first."
    blocks: list[Block] = [Heading(said)]
    for approval in mine[:MOST_DRAWN]:
        blocks += [Divider(), *(each for each in approval.card.blocks if not isinstance(each, Heading))]
        blocks.append(
            Buttons(
                (
                    Button("Approve", cards.APPROVE, approval.id, Style.PRIMARY),
                    Button("Reject", cards.REJECT, approval.id, Style.DANGER),
                )
            )
        )
    rest = [line(each) for each in mine[MOST_DRAWN:]]
    if rest:
        blocks += [Divider(), Paragraph("\n".join(rest), Tone.SUBTLE)]
    return Reply(said, tuple(blocks))


def line(approval: Approval) -> str:
    what = approval.card.text.removeprefix("Approval needed. ").split("\n")[0].rstrip(".")
    return f"{for_card(what)} · code {approval.code} · until {approval.expires_at:%d %b %H:%M} UTC"


def waiting_line(approval: Approval, queued: Queued | None, known: odds.Odds = odds.NONE) -> str:
    """For whoever runs the bot."""
    state = "held back" if queued is not None and queued.waits else "shown"
    asked = queued.approvers if queued is not None and queued.approvers else "approvers"
    cost = odds.cost(queued, known) / 100 if queued is not None else 0.0
    return f"{approval.id}  {line(approval)} · {asked} · {state} · {cost:.2f}"


async def figures(c: Connection, tenant: UUID, days: int) -> list[Figure]:
    """By tool, as everybody together decided. Those decided together with others are left out."""
    rows = await c.fetch(
        "with decided as (select a.tool, a.state, extract(epoch from a.decided_at"
        " - coalesce(q.shown_at, a.created_at)) as took from approvals a left join approval_queue q"
        " on q.tenant_id = a.tenant_id and q.approval_id = a.id where a.tenant_id = $1"
        " and a.decided_at > now() - make_interval(days => $2) and a.decided_by is not null"
        " and a.state in ('approved', 'used', 'void', 'rejected', 'changed')"
        " and not exists (select 1 from batch_decisions b where b.tenant_id = a.tenant_id"
        "  and b.approval_id = a.id))"
        " select tool, count(*) as decided, percentile_cont(0.5) within group (order by took) as median,"
        " avg((state in ('rejected', 'changed'))::int)::float8 as overridden,"
        " avg((took < 2)::int)::float8 as instant from decided group by tool order by tool",
        tenant,
        days,
    )
    return [
        Figure(row["tool"], row["decided"], float(row["median"]), row["overridden"], row["instant"])
        for row in rows
    ]


async def queues(c: Connection, tenant: UUID) -> list[tuple[str, int]]:
    """How much waits for each group of approvers, what is held back included."""
    rows = await c.fetch(
        "select coalesce(q.approvers, '') as approvers, count(*) as waiting from approvals a"
        " left join approval_queue q on q.tenant_id = a.tenant_id and q.approval_id = a.id"
        " where a.tenant_id = $1 and a.state = 'pending' group by 1 order by 2 desc, 1",
        tenant,
    )
    return [(row["approvers"] or "approvers", row["waiting"]) for row in rows]
