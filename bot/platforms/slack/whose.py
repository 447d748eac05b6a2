"""Whose event is it: which installation of ours, which account, which bot user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import Malformed
from bot.platforms.base import Payload
from bot.platforms.slack.fields import checked, ident
from bot.turn import Account

PLATFORM = "slack"


def workspace_of(payload: Payload) -> str:
    """Of our installation: in a shared channel the message may be somebody else's.

    Bolt's order: the view's own installation, the interactive `team`, the authorization, the envelope.
    """
    authorization = _authorization(payload)
    view = payload.get("view")
    match payload:
        case {"team": {"id": str(team)}}:
            pass
        case _:
            team = ""
    user = payload.get("user")
    for found in (
        view.get("app_installed_team_id") if isinstance(view, Mapping) else None,
        team,
        authorization.get("team_id"),
        payload.get("context_team_id"),
        payload.get("team_id"),
        user.get("team_id") if isinstance(user, Mapping) else None,
        authorization.get("enterprise_id"),
        payload.get("enterprise_id"),
    ):
        if isinstance(found, str) and found:
            return checked(found, "team")
    raise Malformed("the payload names no workspace")


def account_of(user: str, workspace: str) -> Account:
    """The person as our installation sees them, always under our own workspace.

    Slack names a person's team differently from one kind of event to the next (their home
    workspace, the channel's, their enterprise), and a requester who becomes another account by
    pressing a button could approve their own request. User ids are unique among all whom an
    installation can see, people of other companies in shared channels included.
    """
    return Account(PLATFORM, workspace, user)


def bot_user(payload: Payload) -> str:
    authorization = _authorization(payload)
    return ident(authorization, "user_id", missing="") if authorization.get("is_bot") else ""


def _authorization(payload: Payload) -> Mapping[str, Any]:
    match payload:
        case {"authorizations": [dict(first), *_]}:
            return first
        case _:
            return {}
