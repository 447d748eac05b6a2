"""The tools as the mind sees them: name, risk, and how much money a call moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from flows.policy import Unreadable
from integrations import tools
from integrations.base import Arguments, Tool

MOST_NAMED = 5  # of what does not fit a tool's arguments


@dataclass(frozen=True, slots=True)
class Card:
    """A tool, for `flows.policy.judge`."""

    tool: Tool

    @property
    def name(self) -> str:
        return self.tool.name

    @property
    def risk(self) -> str:
        return self.tool.risk.value

    @property
    def egress(self) -> bool:
        return self.tool.egress

    def amount(self, arguments: Mapping[str, Any]) -> tuple[int, str] | None:
        """Raises `Unreadable` for arguments that do not fit the tool's schema."""
        checked = self._checked(arguments)
        return self.tool.amount(checked) if self.tool.amount else None

    def recipient(self, arguments: Mapping[str, Any]) -> str | None:
        """Whom it reaches. Raises `Unreadable`."""
        return self.tool.recipient(self._checked(arguments)) if self.tool.recipient else None

    def facts(self, arguments: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """What would be done, label by label, from the arguments and nothing else."""
        checked = self._checked(arguments)
        if self.tool.describe:
            return self.tool.describe(checked)
        return tuple((name, str(value)) for name, value in checked.model_dump(mode="json").items())

    def _checked(self, arguments: Mapping[str, Any]) -> Arguments:
        try:
            return self.tool.arguments.model_validate(dict(arguments))
        except ValidationError as error:
            found = [".".join(map(str, each["loc"])) for each in error.errors(include_url=False)]
            raise Unreadable(tuple(dict.fromkeys(found))[:MOST_NAMED]) from None


class Cards(Mapping[str, Card]):
    """As `integrations.tools()`: an operation of a document is there as soon as it is asked for."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = tools

    def __getitem__(self, name: str) -> Card:
        return Card(self._tools[name])

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)


def meaning(tool: str) -> str:
    """A tool's name, and what it stands for where a document says so: part of what is approved."""
    found = tools().get(tool)
    return f"{tool}@{found.version}" if found is not None and found.version else tool


def cards() -> Mapping[str, Card]:
    return Cards(tools())
