"""What a platform is to the rest of us: a door that hears, and a client that speaks.

They are two, because the front imports doors only: no vendor SDK, little memory, a quick start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from bot.reply import Form, Reply
from bot.turn import Account, Ignored, Immediate, Place, Turn

Payload = Mapping[str, Any]

# Presses that no card of a flow has: Stop below a message that grows, and what somebody thinks of one.
STOP = "stream.stop"
FEEDBACK = "feedback"
UP, DOWN = "up", "down"

# Slack takes 80 characters for a name, Entra 256.
LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the door writes back. `body` None is an empty body."""

    status: int = 200
    body: Any = None


class Door(Protocol):
    """Hears: verify on the raw bytes, then translate. Pure but for fetching public keys."""

    name: str
    path: str

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Payload:
        """The parsed payload of a genuine request.

        Headers are looked up without regard to case.
        Raises `Unverified` (401) before anything is parsed that need not be, `Malformed` (400).
        """
        ...

    def to_turn(self, payload: Payload) -> Turn | Ignored | Immediate: ...

    def answer(self, turn: Turn, reply: Reply | Form | None) -> HttpAnswer:
        """The response to a turn with `wants_answer`; `reply` None: the engine was not in time. A `Form`
        is the one that was sent off, shown again because something in it is wrong.

        For every other turn: the empty acknowledgement of the platform.
        """
        ...


def bounded(name: str) -> str:
    """At most so many characters, with "…" where there were more: what hides in the rest is told by it."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


@dataclass(frozen=True, slots=True)
class Profile:
    """Who an account is, as the platform vouches for it. `email` is empty unless verified.

    `name` is what its owner chose, and is bounded here, for everything that is ever drawn of it.
    """

    name: str
    email: str = ""
    time_zone: str = "UTC"
    is_bot: bool = False
    is_guest: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", bounded(self.name))


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that is there now: its id, and the thread it is in or started."""

    id: str
    thread: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Replaces(Protocol):
    """A client that can put a whisper in place of one of ours that was pressed."""

    async def whisper_instead(self, place: Place, account: Account, reply: Reply, *, instead: str) -> None:
        """`instead` is what the press brought along. Where it is too late for that, a whisper of its own."""
        ...


class Client(Protocol):
    """Speaks. Every method raises `PlatformError` and nothing else; each has a total deadline.

    `marker` is our own id of the message, put where the platform keeps it (Slack metadata,
    Teams channelData), so that `find` can tell after a crash whether it was posted.
    One call of ours is at most one message: long text has been split before, by `parts`.
    """

    name: str

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        """The reply within this platform's limits: as many replies as needed, nothing cut."""
        ...

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent: ...

    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None: ...

    async def whisper(self, place: Place, account: Account, reply: Reply) -> None:
        """Only `account` sees it. Not stored by the platform, so never the only copy of anything."""
        ...

    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None:
        """The message with this marker, if it was posted after `since` (Unix seconds).

        Raises `PlatformError(unknown=True)` where the platform has no look-up.
        """
        ...

    async def open_form(self, place: Place, account: Account, trigger: str, form: Form) -> None: ...

    async def show_home(self, account: Account, reply: Reply) -> None: ...

    async def working(self, place: Place, account: Account) -> None:
        """Shows that an answer is coming (typing, status). Best effort: may do nothing."""
        ...

    async def direct(self, account: Account) -> Place:
        """The private place of this account with the bot, opened where needed."""
        ...

    async def profile(self, account: Account, place: Place) -> Profile: ...

    def saw(self, place: Place) -> None:
        """A verified turn came from here: where its `via` leads, this workspace can be called."""
        ...

    async def close(self) -> None: ...
