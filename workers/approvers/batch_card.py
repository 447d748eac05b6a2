"""The card of several requests: a line each with every amount and recipient whole, and what stands out apart.

Drawn from what each request's own card was drawn from; values pass `for_card`, nothing is shortened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.reply import Block, Button, Buttons, Facts, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from flows.money import shown
from workers.store.batches import Member

APPROVE, SINGLE = "batch.approve", "batch.single"
STATES = {
    "pending": "", "approved": "approved", "used": "approved", "rejected": "rejected", "expired": "expired",
    "withdrawn": "taken back", "void": "not carried out", "changed": "changed, so it is decided anew",
}  # fmt: skip


def row_of(
    name: str,
    facts: Sequence[tuple[str, str]],
    amount: tuple[int, str] | None,
    recipient: str,
    code: str,
    because: str,
    until: str,
) -> Mapping[str, Any]:
    """What a line needs, as it is kept."""
    return {
        "name": name,
        "facts": [list(each) for each in facts],
        "minor": amount[0] if amount else None,
        "currency": amount[1].lower() if amount else "",
        "recipient": recipient,
        "code": code,
        "because": because,
        "until": until,
    }


def draw(batch: str, tool: str, members: Sequence[Member], *, closed: bool = False) -> Reply:
    """`closed`: each has a card of its own by now, so nothing is left to press here."""
    together = [each for each in members if not each.outlier]
    open_ = [each for each in together if each.state == "pending"]
    blocks: list[Block] = [Heading(f"Approve {len(together)} alike? {tool}"), _total(open_ or together)]
    blocks.append(Facts(tuple(_line(each) for each in together)))
    why = dict.fromkeys(for_card(each.row["because"]) for each in together)
    blocks.append(Facts((("Why I ask", " ".join(why)),)))
    apart = [each for each in members if each.outlier]
    if apart:
        blocks.append(Paragraph("Not among them; each has a card of its own:", Tone.STRONG))
        blocks.append(Facts(tuple(_apart(each) for each in apart)))
    if open_ and not closed:
        blocks.append(
            Buttons(
                (
                    Button(f"Approve all {len(open_)}", APPROVE, batch, Style.PRIMARY),
                    Button("One by one", SINGLE, batch),
                )
            )
        )
    elif closed:
        blocks.append(Paragraph("Each of them has a card of its own now.", Tone.SUBTLE))
    said = f"{len(open_)} of {len(together)} requests wait" if open_ else "All of these are decided"
    return Reply(f"{said}: {tool}.", tuple(blocks))


def _total(members: Sequence[Member]) -> Block:
    """The sum of each currency, in its own."""
    sums: dict[str, int] = {}
    for each in members:
        if each.row["minor"] is not None:
            sums[each.row["currency"]] = sums.get(each.row["currency"], 0) + each.row["minor"]
    words = ", ".join(shown(minor, currency) for currency, minor in sorted(sums.items()))
    return Facts((("Together", words or "no money moves"),))


def _line(member: Member) -> tuple[str, str]:
    row = member.row
    facts = "; ".join(f"{for_card(label)}: {for_card(value)}" for label, value in row["facts"])
    state = STATES.get(member.state, member.state)
    return f"{member.number}. {for_card(row['name'])}", (
        f"{facts} · code {row['code']} · " + (state or f"decide before {row['until']}")
    )


def _apart(member: Member) -> tuple[str, str]:
    label, words = _line(member)
    return label, f"{words}. {for_card(member.outlier)}"
