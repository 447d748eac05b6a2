"""Microsoft Teams: the door that hears it, the client that speaks to it.

The door imports no vendor SDK. botbuilder is imported by `runtime` alone, and only for those
who register a handler of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.platforms.teams.door import TeamsDoor, door

if TYPE_CHECKING:
    import aiohttp

    from bot.platforms.teams.client import TeamsClient
    from bot.settings import Settings

__all__ = ["TeamsDoor", "connect", "door"]


def connect(settings: Settings, session: aiohttp.ClientSession) -> TeamsClient:
    """The client that speaks as our bot, over the session given; it does not close that session."""
    from bot.platforms.teams.client import connect as connect_client

    return connect_client(settings, session)
