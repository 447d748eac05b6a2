"""Where a memory was made, and so where it may be used.

In private a person meets all of their own. In a channel, which others read, only what was made in that very
channel: a platform does not tell us with a turn whether a channel is open to everybody, so none is taken
for it.
"""

from __future__ import annotations

from bot.turn import Place

PRIVATE = "private"
_THREAD = ";messageid="  # what Teams puts after a channel's id for a thread of it


def made_in(place: Place) -> str:
    """The name that a memory carries."""
    if place.private:
        return PRIVATE
    return f"{place.platform}:{place.workspace}:{place.channel.partition(_THREAD)[0]}"


def seen_from(place: Place) -> tuple[str, ...] | None:
    """The names of which memories may be used there; None for all of the person's own."""
    return None if place.private else (made_in(place),)


def said(scope: str) -> str:
    """Where it is from, as one says it."""
    if scope == PRIVATE:
        return "in private"
    platform = scope.partition(":")[0].capitalize()
    return f"in a channel of {platform}"
