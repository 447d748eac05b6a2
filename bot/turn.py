"""What a person did, in words no platform owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

TurnId = NewType("TurnId", str)
TenantId = NewType("TenantId", str)
PersonId = NewType("PersonId", str)


@dataclass(frozen=True, slots=True)
class Account:
    """One identity on one platform. A person may hold several.

    `workspace` is the Slack team id or the Entra tenant id, `user` the Slack user id or the
    Entra object id (Teams' own `29:` id where Entra's is missing).
    """

    platform: str
    workspace: str
    user: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes.

    `thread` is the root message of the thread, or None where a new root message is to be
    posted. `via` is the address that the platform told us to call back (Teams' serviceUrl,
    only ever from a verified activity), empty elsewhere. `private` means one person and us.
    """

    platform: str
    workspace: str
    channel: str
    thread: str | None = None
    via: str = ""
    private: bool = False

    @property
    def conversation(self) -> str:
        """The key under which turns are put in order."""
        return f"{self.platform}:{self.workspace}:{self.channel}:{self.thread or ''}"


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message on a platform: the Slack `ts`, the Teams activity id."""

    channel: str
    id: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with words, as the platform tells of it: none of that is believed before its
    bytes were looked at.

    `url` is where it is fetched, empty where the platform has to be asked first (by `id`). `transcript`
    is what the platform itself heard in it, `transcript_url` where all of that is. `elsewhere`: it is
    kept where we have no right to look.
    """

    id: str
    name: str
    type: str = ""
    size: int = 0
    url: str = ""
    transcript: str = ""
    transcript_url: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Words. `mentioned`: the bot was addressed by name, or the place is private.

    The mention itself is already taken out of `text`; a slash command arrives as its own
    text, slash included ("/order two colas"), with `opens_thread` set where the platform
    gives a command no thread to answer in. `files` came with it; once they were looked at it is
    heard again, with `read` naming what was read in their place.
    """

    text: str
    mentioned: bool = False
    opens_thread: bool = False
    files: tuple[Attached, ...] = ()
    read: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button or a select on a card of ours.

    `action` is the name we gave the control, `value` what it carries: an opaque id, never
    trusted further. `trigger` lets a form be opened while it is fresh (Slack's trigger_id), `instead`
    an answer be put in place of what was pressed, where only this person sees it (its response_url).
    """

    action: str
    value: str
    message: MessageRef | None = None
    trigger: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form sent off. `form` and `value` are what we opened it with."""

    form: str
    value: str
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut: `name` of the shortcut, and the text it was used on."""

    name: str
    text: str
    message: MessageRef
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class OpenedHome:
    """Somebody looks at the bot's own page (Slack's App Home)."""

    tab: str = "home"


@dataclass(frozen=True, slots=True)
class Installed:
    """The bot was added here: say hello once."""


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """The bot was removed from this workspace: forget its credentials.

    `at`: when, in epoch seconds by the platform's clock; it may be told late. 0: it does not say.
    """

    at: float = 0.0


Act = Said | Pressed | Submitted | Shortcut | OpenedHome | Installed | Uninstalled


@dataclass(frozen=True, slots=True)
class Turn:
    """One act, by one account, in one place.

    A redelivery carries the same `id`, which is how the inbox knows a copy; so does a twin
    (Slack sends a mention both as `app_mention` and as `message`).
    `wants_answer`: the platform shows what the HTTP response says (Teams invokes, Slack's
    view_submission), so the door waits a little for the engine's answer.
    """

    id: TurnId
    place: Place
    account: Account
    act: Act
    wants_answer: bool = False


@dataclass(frozen=True, slots=True)
class Ignored:
    """Not for us, and why: a name of few words that a counter can carry."""

    reason: str


@dataclass(frozen=True, slots=True)
class Immediate:
    """Answered at the door without being stored: a challenge, a ping."""

    body: Mapping[str, object]
