"""The approval card, drawn from the stored call by our code, never from words of a model.

All values pass `for_card`, which shows what tries to hide. Nothing is shortened.
"""

from __future__ import annotations

from bot.reply import Ask, Block, Button, Buttons, Facts, Heading, Paragraph, Reply, Style, Tone
from bot.text import for_card
from workers.store.approvals import Approval

APPROVE, REJECT, REJECT_FORM = "approval.approve", "approval.reject", "approval.reject_form"
WHY_NOT = Ask("reason", "Reason, if you reject")


def body(
    summary: str,
    amount: str,
    requester: str,
    facts: tuple[tuple[str, str], ...],
    because: str,
    words: str,
    code: str,
    flow: str,
    expires: str,
) -> Reply:
    """What is to be decided, without buttons: how much and for whom, what exactly, why it asks.

    `amount` is in words, empty where no money moves; `expires` is a time in words, `flow` its name and
    version. Drawn from what is given and nothing else, because it is drawn again before the call runs.
    """
    name = for_card(requester)
    title = f"{summary}: {amount} for {name}" if amount else f"{summary} for {name}"
    why = [("Why I ask", for_card(because))] + ([("It rests on", f"“{for_card(words)}”")] if words else [])
    blocks: tuple[Block, ...] = (
        Heading(f"Approve? {title}"),
        Facts((("Asked by", name), *((for_card(label), for_card(value)) for label, value in facts))),
        Facts(tuple(why)),
        Paragraph(f"Decide before {expires} · code {code} · flow {flow}", Tone.SUBTLE),
    )
    return Reply(f"Approval needed. {title}.", blocks)


def asking(card: Reply, id: str, standing: tuple[Block, ...] = ()) -> Reply:
    """The card with its buttons. `standing`: who has agreed, who must still, and what came to it beside
    the call; what can be filled in or pressed in it comes last, so that the two that decide come first."""
    buttons = Buttons(
        (
            Button("Approve", APPROVE, id, Style.PRIMARY),
            Button("Reject", REJECT, id, Style.DANGER),
        )
    )
    said = tuple(block for block in standing if not isinstance(block, Ask | Buttons))
    asks = tuple(block for block in standing if isinstance(block, Ask)) or (WHY_NOT,)
    more = tuple(block for block in standing if isinstance(block, Buttons))
    return Reply(card.text, (*card.blocks, *said, *asks, buttons, *more), card.mentions)


def settled(
    approval: Approval, state: str, by: str, reason: str, notes: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """The card with what became of it, for every copy. `notes`: what came to it beside the call."""
    name = for_card(by)
    match state:
        case "approved":
            words, tone = f"Approved by {name}. Working on it…", Tone.GOOD
        case "rejected":
            words = f"Rejected by {name}." + (f" Reason: {for_card(reason)}" if reason else "")
            tone = Tone.BAD
        case "expired":
            words, tone = "Expired: nobody decided in time. That is no rejection; nothing was done.", Tone.BAD
        case "withdrawn":
            words, tone = f"Withdrawn by {name}. Nothing was done.", Tone.BAD
        case "void" | "failed":
            words, tone = f"Approved by {name}, but not carried out: {for_card(reason)}", Tone.BAD
        case "changed":
            words, tone = f"Changed by {name}. {reason}".strip(), Tone.STRONG
        case _:
            words, tone = f"Approved by {name} and carried out.", Tone.GOOD
    blocks = tuple(b for b in approval.card.blocks if not isinstance(b, Buttons | Ask))
    noted = (Facts(notes),) if notes else ()
    return Reply(f"{words} {approval.card.text}", (*blocks, *noted, Paragraph(words, tone)))
