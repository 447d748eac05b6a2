"""Does this press count, and is it settled? Decided over people, whatever accounts they hold.

A person is a key here, the same for all accounts of one human. Whoever counted once, by their own
press or through somebody who stands in for them, counts in no other stage and for nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNKNOWN_MOST = 3


@dataclass(frozen=True, slots=True)
class Vote:
    """A yes that counted: who pressed, and in whose stead (themselves, mostly)."""

    by: str
    seat: str
    stage: int


@dataclass(frozen=True, slots=True)
class Stand:
    """One stage as it is now: whose word counts in it. `anyone`: whoever is where it was asked.

    `unknown` are terms that nobody could be found for, as the policy writes them.
    """

    quorum: int
    people: frozenset[str] = frozenset()
    anyone: bool = False
    unknown: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a press is judged by. `excluded` says of people why they may not decide this one.

    `own` are the stages in which the presser may speak for themselves, `stands_in` those in whose
    stead they may besides; `here`: it was pressed where approvers were asked.
    """

    stages: tuple[Stand, ...]
    votes: tuple[Vote, ...] = ()
    excluded: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[int] = frozenset()
    stands_in: tuple[str, ...] = ()
    here: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """`settles`: nobody else is needed."""

    seat: str
    stage: int
    settles: bool


@dataclass(frozen=True, slots=True)
class Refused:
    because: str


def current(quorums: Sequence[int], votes: Sequence[Vote]) -> int:
    """The stage that is open; as many as there are stages: all have agreed."""
    for at, quorum in enumerate(quorums):
        if sum(vote.stage == at for vote in votes) < quorum:
            return at
    return len(quorums)


def judge_press(now: Situation, by: str, *, approving: bool) -> Counted | Refused:
    """A yes counts in the open stage, a no in the open one and in those to come: it ends it anyway."""
    if by in now.excluded:
        return Refused(now.excluded[by])
    at = current([stage.quorum for stage in now.stages], now.votes)
    if at == len(now.stages):
        return Refused("This is decided already.")
    if not approving:
        found = (seat_in(now, by, later) for later in range(at, len(now.stages)))
        seat = next((each for each in found if each), "")
        return Counted(seat, at, True) if seat else Refused(_may_not(now, by, at))
    seat = _free_seat(now, by, at)
    if not seat:
        if any(by in (vote.by, vote.seat) for vote in now.votes):
            return Refused("You have agreed already, and each person counts once. Somebody else is needed.")
        return Refused(_may_not(now, by, at))
    after = (*now.votes, Vote(by, seat, at))
    if not _can_end(now, after) and _can_end(now, now.votes):
        return Refused("You are needed for what comes after this, so somebody else has to agree here.")
    return Counted(seat, at, current([stage.quorum for stage in now.stages], after) == len(now.stages))


def seat_in(now: Situation, by: str, at: int) -> str:
    """In whose stead this person may speak in a stage: their own, else somebody's; empty: nobody's."""
    seats = seats_in(now, by, at)
    return seats[0] if seats else ""


def seats_in(now: Situation, by: str, at: int) -> tuple[str, ...]:
    stage = now.stages[at]
    if by in now.excluded:
        return ()
    own = (by,) if at in now.own or (stage.anyone and now.here) else ()
    lent = (each for each in now.stands_in if each in stage.people and each not in now.excluded)
    return (*own, *(each for each in lent if each != by))


def stands(now: Situation, vote: Vote) -> bool:
    """Whether what counted would count again: asked when what was approved is about to run."""
    return vote.stage < len(now.stages) and vote.seat in seats_in(now, vote.by, vote.stage)


def enough(quorums: Sequence[int], votes: Sequence[Vote]) -> bool:
    """Every stage has its people, and nobody counts twice."""
    keys = [key for vote in votes for key in {vote.by, vote.seat}]
    return len(keys) == len(set(keys)) and current(quorums, votes) == len(quorums)


def _free_seat(now: Situation, by: str, at: int) -> str:
    """One that did not count yet, of somebody who did not count yet."""
    used = {key for vote in now.votes for key in (vote.by, vote.seat)}
    if by in used:
        return ""
    return next((each for each in seats_in(now, by, at) if each not in used), "")


def _may_not(now: Situation, by: str, at: int) -> str:
    stage = now.stages[at]
    if any(seats_in(now, by, later) for later in range(at + 1, len(now.stages))):
        return f"It is not your turn yet: first {name_of(now, at)} has to agree."
    if any(seats_in(now, by, before) for before in range(at)):
        return f"{name_of(now, at - 1)} has agreed already; now it is for {name_of(now, at)} to decide."
    if any(seats_in(now, by, at)):
        return "Whoever you stand in for has agreed already, and each person counts once."
    if stage.unknown:
        asked = ", ".join(stage.unknown[:UNKNOWN_MOST])
        return f"I cannot tell just now who belongs to {asked}, so somebody who is named has to decide this."
    if stage.anyone:
        return "This can only be decided where the approvers were asked."
    return "Only the named approvers can decide this."


def name_of(now: Situation, at: int) -> str:
    return now.stages[at].name or f"stage {at + 1}"


def _can_end(now: Situation, votes: Sequence[Vote]) -> bool:
    return unfilled(now.stages, now.excluded, votes) is None


def unfilled(stages: Sequence[Stand], excluded: Mapping[str, str], votes: Sequence[Vote] = ()) -> int | None:
    """The first stage for which nobody is left, where each person counts once; None: all can be filled.

    Stand-ins add nobody: each of them speaks for one who could speak. Found by letting those who
    were given a place already make room for others, as long as that helps.
    """
    used = {key for vote in votes for key in (vote.by, vote.seat)}
    places = [
        (at, stage.people - used - excluded.keys())
        for at, stage in enumerate(stages)
        if not stage.anyone
        for _ in range(stage.quorum - sum(vote.stage == at for vote in votes))
    ]
    holder: dict[str, int] = {}
    for place, (at, _) in enumerate(places):
        if not _given(place, places, holder, set()):
            return at
    return None


def _given(
    place: int, places: Sequence[tuple[int, frozenset[str]]], holder: dict[str, int], asked: set[str]
) -> bool:
    for person in sorted(places[place][1] - asked):
        asked.add(person)
        if person not in holder or _given(holder[person], places, holder, asked):
            holder[person] = place
            return True
    return False
