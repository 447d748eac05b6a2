"""Who is in a user group, by its handle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

MOST = 500
Call = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


async def members(call: Call, handle: str) -> tuple[str, ...] | None:
    """Their user ids; None where there is no such group, or it is switched off."""
    listed = await call("usergroups.list", {"include_disabled": False, "include_users": False})
    match listed.get("usergroups"):
        case list(groups):
            ids = [_id(group) for group in groups if _handle(group) == handle.lower()]
        case _:
            ids = []
    if len(ids) != 1 or not ids[0]:
        return None
    answer = await call("usergroups.users.list", {"usergroup": ids[0], "include_disabled": False})
    users = answer.get("users")
    if not isinstance(users, list):
        return None
    return tuple(user for user in users[:MOST] if isinstance(user, str) and user)


def _handle(group: object) -> str:
    return str(group.get("handle", "")).lower() if isinstance(group, Mapping) else ""


def _id(group: object) -> str:
    return str(group.get("id", "")) if isinstance(group, Mapping) else ""
