"""One line of the doctor's: what was looked at, how it is, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from bot.settings import Settings

SHORTEST_SECRET = 6


class Level(Enum):
    """The values are what is printed in front."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """`fix` is empty where there is nothing to do."""

    level: Level
    what: str
    told: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.level.value} {self.what:<9} {self.told}" + (f" → {self.fix}" if self.fix else "")


def good(what: str, told: str) -> Finding:
    return Finding(Level.GOOD, what, told)


def note(what: str, told: str, fix: str = "") -> Finding:
    return Finding(Level.NOTE, what, told, fix)


def bad(what: str, told: str, fix: str = "") -> Finding:
    return Finding(Level.BAD, what, told, fix)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Whatever a service or a library said: none of our secrets leaves in it."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return text


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret setting, the parts of an address that are one too, the longest first."""
    from urllib.parse import urlsplit

    found: set[str] = set()
    for name, field in type(settings).model_fields.items():
        if "SecretStr" in str(field.annotation) and (value := settings.secret(name)):
            found.update([value, *(part.strip() for part in value.split(","))])
            if "://" in value and (password := urlsplit(value).password):
                found.add(password)
    return tuple(sorted((each for each in found if len(each) >= SHORTEST_SECRET), key=len, reverse=True))
