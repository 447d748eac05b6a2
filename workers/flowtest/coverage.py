"""Which steps and which ways of a flow its conversations took, and which none did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.flow import Flow, edges
from workers.flowtest.play import Walked

Edge = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one flow. An edge is from, to and its label."""

    steps: int
    edges: int
    missed_steps: tuple[str, ...]
    missed_edges: tuple[Edge, ...]

    @property
    def percent(self) -> int:
        """Of its steps, rounded down: 100 means all."""
        return 100 * (self.steps - len(self.missed_steps)) // self.steps


def coverage(flow: Flow, walked: Iterable[Walked]) -> Coverage:
    ways = {each for each in walked if each.flow == flow.id}
    entered = {each.target for each in ways}
    every = edges(flow)
    taken = {edge for each in ways for edge in _taken(every, each)}
    return Coverage(
        len(flow.steps),
        len(every),
        tuple(id for id in flow.steps if id not in entered),
        tuple(edge for edge in every if edge not in taken),
    )


def _taken(every: list[Edge], way: Walked) -> list[Edge]:
    """One way may stand for several edges; an error's code then tells which it was."""
    between = [edge for edge in every if edge[:2] == (way.source, way.target)]
    if len(between) > 1:
        for label in (f"on {way.code}", "on *"):
            if named := [edge for edge in between if edge[2] == label]:
                return named
    return between
