"""The bot's own page: one's open runs, and the approvals that one could decide."""

from __future__ import annotations

from uuid import UUID

from bot.reply import Block, Button, Buttons, Divider, Heading, Paragraph, Reply, Style, Tone
from flows.repair import what_i_can_do
from workers import cards
from workers.approve import Rules
from workers.known import World
from workers.store import approvals
from workers.store.door import Connection
from workers.store.people import Person

MOST = 10


async def page(c: Connection, tenant: UUID, person: Person, world: World, rules: Rules) -> Reply:
    blocks: list[Block] = [Heading(f"Hello {person.name}"), Paragraph(what_i_can_do(world.known.flows))]
    blocks += [
        Divider(),
        Heading("Waiting for your decision"),
        *await _decisions(c, tenant, person, world, rules),
    ]
    blocks += [Divider(), Heading("Your open runs"), *await _open_runs(c, tenant, person)]
    return Reply("Countersign", tuple(blocks))


async def _decisions(c: Connection, tenant: UUID, person: Person, world: World, rules: Rules) -> list[Block]:
    """Only for those whom the policy names: who else may decide is settled by the place of the card."""
    if person.email not in rules.who(world.known.policy):
        return [Paragraph("Nothing waits for you here.", Tone.SUBTLE)]
    drawn: list[Block] = []
    for approval in await approvals.pending(c, tenant, MOST):
        if approval.requester == person.id:
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
    return drawn or [Paragraph("Nothing waits for you.", Tone.SUBTLE)]


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
