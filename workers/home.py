"""The bot's own page: one's open runs, the approvals that one could decide, and what became of them.

It is one more copy of those cards: whoever looked at it in the last day sees it anew when they change.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bot.reply import Block, Button, Buttons, Divider, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from bot.turn import Turn
from flows.approval_quorum import Counted, judge_press
from flows.policy import Policy
from flows.repair import what_i_can_do
from workers import cards, tone_words
from workers.approve import Rules
from workers.approvers import load_listed, situation
from workers.approvers.press import terms_of
from workers.commit import Commit
from workers.known import World
from workers.memory import said as memory_said
from workers.seen import Seen, Tools, finish
from workers.store import approvals, homes, people, preferences
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.homes import View
from workers.store.outbox import Message
from workers.store.people import Person

MOST = 10
MOST_LOOKED_AT = 40  # of what waits: each is judged for whoever looks
MOST_OVER = 5
NEEDED = "Approval needed. "  # how a card's text begins, which is not so any more
ENDED_BADLY = ("failed", "unknown", "dead", "withdrawn")  # or nobody knows
NOT_THE_SAME = "what would have run was not what was approved."
LASTS = 60.0  # seconds: a page that could not be shown by then is made anew when somebody looks


async def opened(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """Somebody looks at it."""
    view = View(turn.account, turn.place, person.id)
    async with tools.db.tenant(claimed.tenant) as c:
        await homes.looked(c, claimed.tenant, view)
        drawn = await page(c, claimed.tenant, person, seen.world, tools.rules)
    return await _show(tools, claimed, seen, view, f"home:{turn.id}", drawn)


async def again(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """Something on it changed since they looked."""
    async with tools.db.tenant(claimed.tenant) as c:
        view = await homes.view(c, claimed.tenant, raw)
        person = await people.by_id(c, claimed.tenant, view.person) if view else None
        if view is None or person is None:
            return await finish(tools, claimed, seen, Commit())
        drawn = await page(c, claimed.tenant, person, seen.world, tools.rules)
    return await _show(tools, claimed, seen, view, raw["id"], drawn)


async def _show(tools: Tools, claimed: Claimed, seen: Seen, view: View, id: str, drawn: Reply) -> Commit:
    commit = Commit()
    commit.messages.append(Message(id, "home", view.place, drawn, view.account, lasts=LASTS))
    return await finish(tools, claimed, seen, commit)


async def page(c: Connection, tenant: UUID, person: Person, world: World, rules: Rules) -> Reply:
    blocks: list[Block] = [
        Heading(f"Hello {person.name}"),
        Paragraph(what_i_can_do(world.known.flows, world.known.called)),
    ]
    blocks += [
        Divider(),
        Heading("Waiting for your decision"),
        *await _decisions(c, tenant, person, world, rules),
    ]
    if over := await _over(c, tenant, person, world, rules):
        blocks += [Divider(), Heading("Decided lately"), *over]
    blocks += [Divider(), Heading("Your open runs"), *await _open_runs(c, tenant, person)]
    blocks += [Divider(), *await memory_said.on_home(c, tenant, person.id)]
    tone = (await preferences.of(c, tenant, person.id)).tone
    blocks += [Divider(), tone_words.dial(tone), Paragraph(tone_words.ALIKE, Tone.SUBTLE)]
    return Reply(world.known.called or "Countersign", tuple(blocks))


async def _decisions(c: Connection, tenant: UUID, person: Person, world: World, rules: Rules) -> list[Block]:
    """Where their yes would count now, in their turn; what anybody may decide stands where it was asked."""
    drawn: list[Block] = []
    policy = world.known.policy
    for approval in await load_listed.pending(c, tenant, MOST_LOOKED_AT):
        if not await theirs(c, tenant, approval, person, policy, rules):
            continue
        drawn += [block for block in approval.card.blocks if not isinstance(block, Heading)]
        drawn.append(
            Buttons(
                (
                    Button("Approve", cards.APPROVE, approval.id, Style.PRIMARY),
                    Button("Reject", cards.REJECT, approval.id, Style.DANGER),
                )
            )
        )
        if sum(isinstance(block, Buttons) for block in drawn) == MOST:
            break
    return drawn or [Paragraph("Nothing waits for you.", Tone.SUBTLE)]


async def theirs(
    c: Connection, tenant: UUID, approval: Approval, person: Person, policy: Policy, rules: Rules
) -> bool:
    """Whether they could decide it by now, wherever they press."""
    terms = await terms_of(c, tenant, approval, policy, rules)
    now = await c.fetchval("select now()")
    known = await situation.known(c, tenant, approval, terms, policy, now, [person.id])
    found = judge_press(known.situation(person.id, here=False), known.humans.key(person.id), approving=True)
    return isinstance(found, Counted)


async def _over(c: Connection, tenant: UUID, person: Person, world: World, rules: Rules) -> list[Block]:
    """What a card that stood here has become, as every other copy of it says."""
    if person.email not in rules.who(world.known.policy):
        return []
    rows = await c.fetch(
        "select a.id, p.name, e.state as effect from approvals a left join people p"
        " on p.tenant_id = a.tenant_id and p.id = a.decided_by left join effects e"
        " on e.tenant_id = a.tenant_id and e.key = a.effect_key"
        " where a.tenant_id = $1 and a.decided_at > now() - $2::interval and a.requester <> $3"
        " order by a.decided_at desc limit $4",
        tenant,
        homes.LATELY,
        person.id,
        MOST_OVER,
    )
    drawn: list[Block] = []
    for row in rows:
        if (approval := await approvals.by_id(c, tenant, row["id"])) is not None:
            name = row["name"] or "somebody"
            if approval.state == "used" and row["effect"] in ENDED_BADLY:
                text = f"Approved by {for_card(name)}; what came of it is told where it was asked for."
                text = f"{text} {approval.card.text}"
            else:
                under_way = approval.state == "used" and row["effect"] != "done"
                state = "approved" if under_way else approval.state
                text = cards.settled(approval, state, name, NOT_THE_SAME).text
            drawn.append(Paragraph(text.replace(NEEDED, ""), Tone.SUBTLE))
    return drawn


async def _open_runs(c: Connection, tenant: UUID, person: Person) -> list[Block]:
    rows = await c.fetch(
        "select flow, started_at, state->>'step' as step, (state->>'held')::boolean as held from runs"
        " where tenant_id = $1 and requester = $2 and status = 'waiting' order by started_at desc limit $3",
        tenant,
        person.id,
        MOST,
    )
    said = [
        Paragraph(
            f"{row['flow']} since {row['started_at']:%d %b %H:%M} UTC: "
            + ("waits for an approver" if row["held"] else f"at “{row['step']}”")
        )
        for row in rows
    ]
    return list(said) or [Paragraph("None.", Tone.SUBTLE)]
