"""What the web needs of whoever keeps its people and its messages: there, the platform is us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.platforms.base import Profile

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody whose token was checked. `credential` names the token or the issuer, and opens nothing.

    `expires` is in Unix seconds; from then on it counts for nothing, whatever was checked before.
    """

    tenant: str
    user: str
    credential: str
    expires: float


@dataclass(frozen=True, slots=True)
class Row:
    """A message as it stands. `seq` grew with every change of it, `first` is the one it was said with."""

    id: str
    seq: int
    first: int
    kind: str
    body: Body


class Keys(Protocol):
    """Whose token it is."""

    async def who(self, token: str) -> Who:
        """Raises `Unverified`, or `InboxRefused` where it cannot be told now."""
        ...

    async def still(self, who: Who) -> bool:
        """Whether it counts yet: not revoked, not over. Raises `InboxRefused`."""
        ...


class Lobby(Protocol):
    """What the front does with messages: for somebody who was verified, in their own conversations."""

    async def said(self, who: Who, channel: str, id: str, body: Body) -> int:
        """Their own words, for their other screens; the number before the first of what follows.

        Raises `Malformed` where they have too many conversations.
        """
        ...

    async def unsaid(self, who: Who, channel: str, id: str) -> None:
        """They could not be stored, so nobody heard them."""
        ...

    async def close_form(self, who: Who, channel: str, id: str) -> None:
        """It was sent off, or put away."""
        ...

    async def missed(self, who: Who, channel: str, after: int, most: int) -> Sequence[Row]:
        """What is newer than `after`, in order; of more than `most` the oldest. -1: the newest `most`."""
        ...

    async def last(self, who: Who, channel: str) -> int:
        """The number of the newest, or 0."""
        ...

    async def settled(self, who: Who, channel: str) -> bool:
        """Nothing waits to be dealt with, called or said there, but for what people or the clock decide."""
        ...


class Desk(Protocol):
    """What the engine does with messages. Raises `PlatformError` and nothing else."""

    async def put(self, tenant: str, channel: str, id: str, kind: str, body: Body) -> int:
        """A new message; one that is there already stays as it is. Its number."""
        ...

    async def change(self, tenant: str, channel: str, id: str, kind: str, body: Body) -> int:
        """In place of what it said. Raises `PlatformError(gone=True)` where there is none."""
        ...

    async def show(self, tenant: str, channel: str, id: str, kind: str, body: Body) -> int:
        """New, or in place of what it said."""
        ...

    async def there(self, tenant: str, channel: str, id: str) -> Row | None: ...

    async def profile(self, tenant: str, user: str) -> Profile | None: ...

    async def tell(self, tenant: str, channel: str, news: Body) -> None:
        """To those who look at the moment, and to nobody later: may be lost."""
        ...
