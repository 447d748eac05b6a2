"""`countersign flows test`: plays the conversations that are written beside the flows.

Pure: no database and no network. A folder `tests` beside the flows holds a file for each of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.errors import FlowError, Mistake
from flows.flow import Flow
from workers.flowtest.coverage import Coverage, coverage
from workers.flowtest.junit import junit
from workers.flowtest.library import Library
from workers.flowtest.parse import Stage, load_script
from workers.flowtest.play import Walked
from workers.flowtest.result import FlowResult, Played, Result, play
from workers.flowtest.script import Script
from workers.known import World
from workers.push import CATALOG


@dataclass(frozen=True, slots=True)
class Outcome:
    """All of it: what was played, by file and by flow, and what could not be read."""

    results: tuple[Result, ...]
    flows: tuple[FlowResult, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def good(self) -> bool:
        return not self.mistakes and not any(result.failures for result in self.results)


def play_all(paths: Sequence[Path], least: int = 0, xml: Path | None = None) -> int:
    """The exit status: 1 where something is not as expected, or fewer than `least` percent are covered."""
    found = run(paths)
    if xml is not None:
        xml.write_bytes(junit(found.results, found.mistakes))
    for line in report(found):
        sys.stdout.write(line + "\n")
    short = [each for each in found.flows if each.coverage.percent < least]
    for each in short:
        sys.stdout.write(f"{each.flow.id}: {each.coverage.percent} % of its steps; {least} % are wanted.\n")
    return 0 if found.good and not short else 1


def run(paths: Sequence[Path] = ()) -> Outcome:
    """Raises ConfigurationError where there is nothing to test."""
    library = Library(tuple(Path(path) for path in paths) or (CATALOG,))
    results: list[Result] = []
    mistakes = list(library.mistakes)
    for file in library.scripts:
        try:
            script = load_script(file, Stage(library.find, library.tools))
            results.append(_played(script, library.world(script)))
        except FlowError as error:
            mistakes += error.mistakes
    return Outcome(tuple(results), tuple(_by_flow(results, library.wanted)), tuple(mistakes))


def _played(script: Script, world: World) -> Result:
    played: list[Played] = []
    walked: set[Walked] = set()
    for told in script.conversations:
        began = time.perf_counter()
        failure, ways = play(script, told, world)
        walked |= ways
        played.append(Played(told, failure, time.perf_counter() - began))
    return Result(script, tuple(played), frozenset(walked))


def _by_flow(results: Sequence[Result], wanted: Mapping[str, Flow]) -> list[FlowResult]:
    """Flows without any conversation too: nothing of them is covered."""
    flows = {**wanted, **{each.script.flow.id: each.script.flow for each in results}}
    found = []
    for flow in flows.values():
        mine = [result for result in results if result.script.flow.id == flow.id]
        failed = sum(len(result.failures) for result in mine)
        played = sum(len(result.played) for result in mine)
        walked = {way for result in results for way in result.walked}
        found.append(FlowResult(flow, played - failed, failed, coverage(flow, walked)))
    return found


def report(found: Outcome) -> list[str]:
    lines = [str(mistake) for mistake in found.mistakes]
    lines += [str(failure) for result in found.results for failure in result.failures]
    for each in found.flows:
        covered = each.coverage
        told = f"{each.passed} of {each.passed + each.failed} conversations passed"
        lines.append(f"{each.flow.id}: {told}, {covered.percent} % of {covered.steps} steps")
        lines += _never(covered)
    return lines


def _never(covered: Coverage) -> list[str]:
    lines = [f"    never entered: {', '.join(covered.missed_steps)}"] if covered.missed_steps else []
    if covered.missed_edges:
        ways = [f"{a} → {b}" + (f" ({label})" if label else "") for a, b, label in covered.missed_edges]
        lines.append(f"    never taken: {', '.join(ways)}")
    return lines
