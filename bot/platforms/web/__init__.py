"""The web: the door that hears it, the client that speaks to it. The messages are kept by us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.platforms.web.door import WebDoor, door

if TYPE_CHECKING:
    from bot.platforms.web.base import Desk
    from bot.platforms.web.client import WebClient

__all__ = ["WebDoor", "connect", "door"]


def connect(desk: Desk) -> WebClient:
    """The client that writes where `desk` keeps it."""
    from bot.platforms.web.client import WebClient

    return WebClient(desk)
