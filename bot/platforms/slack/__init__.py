"""Slack: `door` hears, with light imports only; client, install and Socket Mode are modules beside it."""

from __future__ import annotations

from bot.platforms.slack.door import SlackDoor
from bot.settings import Settings

__all__ = ["SlackDoor", "door"]


def door(settings: Settings) -> SlackDoor:
    """Without SLACK_SIGNING_SECRET the door stays shut: every request is `Unverified`."""
    return SlackDoor(settings.secret("slack_signing_secret"))
