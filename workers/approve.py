"""Approvals: asked with the call sealed, decided by presses, told to every copy. The way in to all of it."""

from __future__ import annotations

from workers.approvers.asking import NO_PLACE, ask
from workers.approvers.ending import decided, ended, expire, hasten, tell_copies, where_it_waits, withdraw
from workers.approvers.press import Answer, decide
from workers.approvers.rules import Rules, place_of

__all__ = [
    "NO_PLACE", "Answer", "Rules", "ask", "decide", "decided", "ended", "expire", "hasten", "place_of",
    "tell_copies", "where_it_waits", "withdraw",
]  # fmt: skip
