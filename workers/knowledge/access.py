"""Who may find a document, and what somebody may find who asks in some place.

An answer is read by everybody in the place where it is given. So a document of a channel is found in
that channel only, and one of a group only where a member of it asks in private.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bot.errors import ConfigurationError
from bot.turn import Place
from flows.duty import Group

EVERYBODY = "everybody"
_CHANNEL = re.compile(r"(slack|teams):\S{1,300}\Z")
_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}\Z")
_THREAD = ";messageid="  # what Teams puts after a channel's id for a thread of it


def of_document(channels: Iterable[str], groups: Iterable[str]) -> tuple[str, ...]:
    """Everybody, unless channels or groups are named. Raises `ConfigurationError` for what is neither."""
    found = []
    for channel in channels:
        if not _CHANNEL.match(channel):
            raise ConfigurationError(
                f"{channel[:60]!r} is no channel: write the platform before its id, as in slack:C0123ABCD."
            )
        found.append(f"channel:{channel}")
    for group in groups:
        if not _GROUP.match(group):
            raise ConfigurationError(f"{group[:60]!r} is no name of a group of the policy.")
        found.append(f"group:{group}")
    return tuple(sorted(set(found))) or (EVERYBODY,)


def of_place(place: Place, email: str, groups: Mapping[str, Group]) -> tuple[str, ...]:
    """What can be found by whoever asks there."""
    if not place.private:
        channel = place.channel.partition(_THREAD)[0]
        return (EVERYBODY, f"channel:{place.platform}:{channel}")
    mine = email.strip().lower()
    return (EVERYBODY, *(f"group:{name}" for name, each in groups.items() if mine and mine in each.people))
