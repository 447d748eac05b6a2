"""The card of a standing grant: what would run alone, how far, until when, and who agreed to it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bot.reply import Block, Button, Buttons, Facts, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from flows.approval_quorum import Vote, current
from flows.grants import in_words
from workers.approvers.grants import names
from workers.approvers.words import whom
from workers.store import grants, outbox
from workers.store.approval_terms import Voted
from workers.store.door import Connection
from workers.store.grants import Grant
from workers.store.outbox import Message

AGREE, DROP, REVOKE, OFFER = "grant.agree", "grant.drop", "grant.revoke", "grant.offer"
MOST_PLACES = 20
FIRST_FAILURE = (
    "It ends by itself at the first failure, doubt, refund or dispute, at its end, and when the policy, the"
    " flow's step or the tool is changed. Rules about confidence go on counting."
)
ENDED = {"revoked": "Revoked", "over": "Over", "dropped": "Not granted"}


def draw(grant: Grant, voted: Sequence[Voted]) -> Reply:
    """With its buttons, as long as there is something to press."""
    scope = tuple((for_card(label), for_card(value)) for label, value in in_words(grant.scope, grant.limits))
    ends = ("Until", f"{grant.ends:%a %d %b %Y %H:%M} UTC")
    title = f"Let run alone? {for_card(grant.scope.tool)}"
    blocks: tuple[Block, ...] = (
        Heading(f"{title} (grant {grant.id})"),
        Facts((*scope, ends, ("Agreed", _agreed(grant, voted)))),
        Paragraph(FIRST_FAILURE, Tone.SUBTLE),
    )
    said, shown = _state(grant, voted)
    return Reply(f"{said} {title} (grant {grant.id}).", (*blocks, *shown))


def _state(grant: Grant, voted: Sequence[Voted]) -> tuple[str, tuple[Block, ...]]:
    value = str(grant.id)
    if grant.state == "proposed":
        pressed = Button("Agree", AGREE, value, Style.PRIMARY), Button("Do not", DROP, value, Style.DANGER)
        return "A standing grant is proposed.", (Buttons(pressed),)
    if grant.state == "active":
        said = f"{names(voted)} let this run alone."
        return said, (
            Paragraph(said, Tone.GOOD),
            Buttons((Button("Revoke", REVOKE, value, Style.DANGER),)),
        )
    said = f"{ENDED.get(grant.state, 'Over')}. {for_card(grant.why or '')}".strip()
    return said, (Paragraph(said, Tone.BAD),)


def _agreed(grant: Grant, voted: Sequence[Voted]) -> str:
    quorums = grant.terms.quorums
    have = f"{len(voted)} of {sum(quorums)}" + (f": {names(voted)}" if voted else "")
    at = current(quorums, [Vote(str(each.person), str(each.seat), each.stage) for each in voted])
    if grant.state != "proposed" or at == len(quorums):
        return have
    return f"{have}, still needed: {for_card(whom(grant.terms, at, 0))}"


def card_id(grant: int, number: int) -> str:
    return f"grant:{grant}:card:{number}"


async def redrawn(c: Connection, tenant: UUID, grant: Grant, mark: str) -> list[Message]:
    """Every copy as it is now; `mark` makes it one change, however often it is asked for."""
    drawn = draw(grant, await grants.votes(c, tenant, grant.id))
    there = await outbox.places(c, tenant, [card_id(grant.id, at) for at in range(MOST_PLACES)])
    return [Message(f"{id}:{mark}", "update", place, drawn, target=id) for id, place in there]
