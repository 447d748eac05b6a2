"""Who is being forgotten, and all that they are known by. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from bot.turn import Account

GONE = "a person who asked to be forgotten"
SHORTEST_NAME = 3  # a shorter one stands in too many words


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that cannot go yet: a call that is under way, or one that may have to be given back."""

    effect: str
    run: str
    conversation: str
    tool: str
    why: str
    until: str = ""  # ISO date; empty: until it is over


@dataclass(frozen=True, slots=True)
class Subject:
    """`people` are all rows that are this one human. `private` leads from a conversation that nobody else
    is in to the name that what stays of it gets. `rows` and `cut` are how far back it reaches: what comes
    later is somebody new's."""

    people: tuple[UUID, ...]
    accounts: tuple[Account, ...] = ()
    emails: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    private: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    rows: int = 0
    cut: datetime | None = None

    @property
    def users(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(account.user for account in self.accounts))

    @property
    def ids(self) -> tuple[str, ...]:
        """What is theirs and nobody else's wherever it stands."""
        return tuple(dict.fromkeys([*self.users, *self.emails, *self.channels]))

    @property
    def said_names(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if len(name) >= SHORTEST_NAME and name not in self.ids)

    def binds(self) -> dict[str, Any]:
        """By the names that the queries have for them."""
        return {
            "people": list(self.people),
            "users": list(self.users),
            "texts": [*self.ids, *(str(person) for person in self.people)],
            "emails": list(self.emails),
            "private": list(self.private),
            "channels": list(self.channels),
            "effects": [each.effect for each in self.kept],
            "runs": list(dict.fromkeys(each.run for each in self.kept if each.run)),
            "rows": self.rows,
            "cut": self.cut,
            "gone": GONE,
        }


def to_json(subject: Subject) -> str:
    return orjson.dumps(
        {
            "people": [str(person) for person in subject.people],
            "accounts": [[a.platform, a.workspace, a.user] for a in subject.accounts],
            "emails": subject.emails,
            "names": subject.names,
            "private": dict(subject.private),
            "channels": subject.channels,
            "kept": [
                [each.effect, each.run, each.conversation, each.tool, each.why, each.until]
                for each in subject.kept
            ],
            "rows": subject.rows,
            "cut": subject.cut,
        }
    ).decode()


def from_json(text: str) -> Subject:
    """Of one that is done there is nothing but the numbers of the people."""
    raw = orjson.loads(text)
    return Subject(
        tuple(UUID(person) for person in raw["people"]),
        tuple(Account(*each) for each in raw.get("accounts", ())),
        tuple(raw.get("emails", ())),
        tuple(raw.get("names", ())),
        raw.get("private", {}),
        tuple(raw.get("channels", ())),
        tuple(Kept(*each) for each in raw.get("kept", ())),
        raw.get("rows", 0),
        datetime.fromisoformat(raw["cut"]) if raw.get("cut") else None,
    )


def renamed() -> str:
    """What a conversation is called of which nobody shall know any more whose it was."""
    return f"forgotten:{uuid4().hex}"
