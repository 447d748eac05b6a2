"""Who has agreed and who must still: on the card, to the presser, and to whoever asked."""

from __future__ import annotations

from uuid import UUID

from bot.reply import Block, Facts, Reply
from bot.text import for_card
from flows.approval_quorum import Stand, current
from flows.approval_stages import MANAGER, Terms, title
from workers import cards
from workers.approvers.situation import Known
from workers.store import approval_terms
from workers.store.approvals import Approval
from workers.store.door import Connection

MOST_NAMED = 12


def standing(known: Known) -> tuple[Block, ...]:
    """A line for each stage, and what came to it beside the call."""
    return (*_stages(known), *known.beside.blocks())


def _stages(known: Known) -> tuple[Block, ...]:
    """Nothing where one person is enough, whoever it is: that is what a card says."""
    terms = known.terms
    if len(terms.stages) == 1 and terms.stages[0].quorum == 1 and not known.tier:
        return ()
    at = current(terms.quorums, known.votes)
    return (
        Facts(
            tuple(
                (for_card(title(terms.stages, n)), for_card(_line(known, n, at)))
                for n in range(len(terms.stages))
            )
        ),
    )


def _line(known: Known, number: int, at: int) -> str:
    stage = known.terms.stages[number]
    have = [each.words for each in known.voted if each.stage == number]
    said = f"{len(have)} of {stage.quorum}" + (f": {', '.join(have)}" if have else "")
    if number > at:
        return f"{said}, after {_title(known.terms, number - 1)} · {whom(known.terms, number, 0)}"
    if number == at and len(have) < stage.quorum:
        return f"{said}, still needed: {stage.quorum - len(have)} of {whom(known.terms, number, known.tier)}"
    return said


def _title(terms: Terms, number: int) -> str:
    return title(terms.stages, number)


def whom(terms: Terms, number: int, tier: int) -> str:
    """As the policy names them."""
    named = terms.at(number, tier)
    if not named:
        return "those who are asked here"
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return ", ".join(one(each) for each in named[:MOST_NAMED]) + more


def one(term: str) -> str:
    return "the requester's manager" if term == MANAGER else term


def asked(terms: Terms) -> str:
    """Whom it was put to, for whoever asked."""
    parts = []
    for number, stage in enumerate(terms.stages):
        named = whom(terms, number, 0) if stage.any_of else "the approvers"
        parts.append(f"{stage.quorum} of {named}" if stage.quorum > 1 or len(stage.any_of) > 1 else named)
    return ", then ".join(parts)


def counted(known: Known, approval: Approval, *, whole: bool) -> Reply:
    """To whoever just agreed; the whole card where the platform shows the answer in place of it."""
    text = f"Your yes is counted. {missing(known)}"
    if not whole:
        return Reply(text)
    drawn = cards.asking(approval.card, approval.id, standing(known))
    return Reply(text, drawn.blocks, drawn.mentions)


def missing(known: Known) -> str:
    """Who must still agree, in a sentence."""
    at = current(known.terms.quorums, known.votes)
    if at == len(known.terms.stages):
        return "Nobody else is needed."
    stage = known.terms.stages[at]
    short = stage.quorum - sum(each.stage == at for each in known.voted)
    of = f" ({stage.name})" if stage.name else ""
    return f"Still needed: {short} of {whom(known.terms, at, known.tier)}{of}."


def nobody_left(name: str, stage: Stand) -> str:
    """Why nobody could ever decide it, for whoever asked."""
    of = "" if name == "Who decides" else f" for {name}"
    if stage.unknown:
        asked = ", ".join(stage.unknown[:MOST_NAMED])
        return (
            f"Nobody is left who may decide this{of}: I cannot tell who belongs to {asked}."
            " Somebody should name approvers in the policy."
        )
    count = "is nobody" if stage.quorum == 1 else f"are not {stage.quorum} people"
    return (
        f"There {count} left who may decide this{of}: whoever asks, gets or has written the rules of"
        " something never decides it, and each person counts once. Somebody should name more approvers."
    )


async def by(c: Connection, tenant: UUID, approval: str, verdict: str, name: str) -> str:
    """Who approved it: everybody who agreed; of a rejection, the one who pressed."""
    if verdict != "approved":
        return name
    votes = await approval_terms.votes(c, tenant, approval)
    names = list(dict.fromkeys(each.words for each in votes))
    if not names:
        return name
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
