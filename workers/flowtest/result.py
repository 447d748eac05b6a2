"""What came of a test file: for each conversation whether it passed, and if not, where and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.flow import Flow
from workers.flowtest.check import Finding, check
from workers.flowtest.coverage import Coverage
from workers.flowtest.play import Stuck, Walked, beginning
from workers.flowtest.script import Conversation, Script, Turn
from workers.flowtest.seen import Happened
from workers.known import World


@dataclass(frozen=True, slots=True)
class Failure:
    """At which turn, counted from 1, and what was expected and was there instead."""

    file: str
    line: int
    conversation: str
    turn: int
    act: str
    findings: tuple[Finding, ...]
    order: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}: “{self.conversation}”, turn {self.turn} ({self.act})"]
        for each in self.findings:
            lines.append(f"    expected {each.expected}")
            lines += [f"        {line}" for text in each.instead for line in text.splitlines() or [""]]
        if self.order:
            lines.append("    what happened in this turn:")
            lines += [f"        {line}" for text in self.order for line in text.splitlines() or [""]]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Played:
    conversation: Conversation
    failure: Failure | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """Of one file."""

    script: Script
    played: tuple[Played, ...]
    walked: frozenset[Walked]

    @property
    def failures(self) -> tuple[Failure, ...]:
        return tuple(each.failure for each in self.played if each.failure)


@dataclass(frozen=True, slots=True)
class FlowResult:
    """Of one flow, by all its files. `files` that could not be read count as failed."""

    flow: Flow
    passed: int
    failed: int
    coverage: Coverage


def play(script: Script, told: Conversation, world: World) -> tuple[Failure | None, frozenset[Walked]]:
    """To its end, or to the first turn after which something is not as it was expected."""
    player = beginning(world, script, told)
    for number, turn in enumerate(told.turns, 1):
        try:
            happened = player.take(turn)
        except Stuck as stuck:
            found = [Finding("to be able to go on", (str(stuck),))]
            happened = player.happened
        else:
            found = check(turn.expect, happened, player) if turn.expect else []
        if found:
            return _failure(script, told, number, turn, found, happened), frozenset(player.walked)
    return None, frozenset(player.walked)


def _failure(
    script: Script, told: Conversation, number: int, turn: Turn, found: Sequence[Finding], happened: Happened
) -> Failure:
    line = turn.expect.line if turn.expect else turn.line
    return Failure(
        str(script.file), line, told.name, number, str(turn.act), tuple(found), tuple(happened.order)
    )
