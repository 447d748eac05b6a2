"""When a month's budget is used up, and how that is said. Pure."""

from __future__ import annotations

from datetime import datetime

from workers.store.model_use import Budget

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WHOEVER = "whoever runs me here"


def spent_sentence(budget: Budget, used: tuple[int, int], own: tuple[int, int], now: datetime) -> str:
    """Cost and tokens, of all and of the one person. Empty while there is something left."""
    limits = (
        ("", used[0], budget.cost, dollars),
        ("", used[1], budget.tokens, tokens),
        ("your part of ", own[0], budget.person_cost, dollars),
        ("your part of ", own[1], budget.person_tokens, tokens),
    )
    for whose, so_far, limit, told in limits:
        if limit is not None and so_far >= limit:
            until = f"it is there again on 1 {MONTHS[now.month % 12]}"
            raised = f"{budget.ask or WHOEVER} can raise it; otherwise {until}"
            return f"has used up {whose}this month's budget of {told(limit)}: {raised}."
    return ""


def dollars(millionths: int) -> str:
    return f"{millionths / 1_000_000:,.2f} US dollars" if millionths >= 5_000 else f"${millionths / 1e6:.6f}"


def tokens(number: int) -> str:
    return f"{number:,} tokens"
