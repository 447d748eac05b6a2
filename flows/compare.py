"""What would be decided otherwise by another version, from the same recorded events played through both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flows.effects import AskApproval, Call, Change, Effect, Say, Whisper
from flows.replay import SKIPPED, Played, in_words

Kind = Literal["approval", "called", "arguments", "ends", "goes to", "said", "otherwise", "stops"]
# The gravest first: that is the order in which they are told.
KINDS: tuple[Kind, ...] = ("approval", "called", "arguments", "ends", "goes to", "said", "otherwise", "stops")


@dataclass(frozen=True, slots=True)
class Changed:
    """One difference. `turn` counts from 1, `number` is the event's of the run, from 0; several may
    belong to one decision. `stops`: the recording has nothing to say from here on."""

    run: str
    number: int
    turn: int
    step: str
    kind: Kind
    before: tuple[str, ...]
    after: tuple[str, ...]


def changes(run: str, old: Sequence[Played], new: Sequence[Played]) -> list[Changed]:
    """Every decision that both came to and differ in, and where one of them could not go on."""
    found: list[Changed] = []
    for number, (one, other) in enumerate(zip(old, new, strict=True)):
        at = (run, number, one.recorded.turn + 1, one.recorded.before)
        if one.decided is None or other.decided is None:
            here = other if other.decided is None else one
            if one.decided is not other.decided and not here.why.startswith(SKIPPED):
                found.append(Changed(*at, "stops", (), (here.why,)))
                return found
            continue
        found += [Changed(*at, kind, before, after) for kind, before, after in _differences(one, other)]
    return found


def counted(found: Sequence[Changed]) -> Mapping[tuple[Kind, str], list[Changed]]:
    """By what changed and at which step, the gravest first."""
    groups: dict[tuple[Kind, str], list[Changed]] = {}
    for each in sorted(found, key=lambda one: (KINDS.index(one.kind), one.step)):
        groups.setdefault((each.kind, each.step), []).append(each)
    return groups


def _differences(one: Played, other: Played) -> list[tuple[Kind, tuple[str, ...], tuple[str, ...]]]:
    assert one.decided is not None
    assert other.decided is not None
    found: list[tuple[Kind, tuple[str, ...], tuple[str, ...]]] = []
    for kind, of in (("approval", AskApproval), ("called", Call)):
        mine, theirs = _of(one, of), _of(other, of)
        tools, others = [_tool(each) for each in mine], [_tool(each) for each in theirs]
        if tools != others:
            found.append((kind, in_words(mine), in_words(theirs)))  # type: ignore[arg-type]  # both are kinds
        elif in_words(mine) != in_words(theirs):
            found.append(("arguments", in_words(mine), in_words(theirs)))
    if one.decided.status != other.decided.status:
        found.append(("ends", (one.decided.status,), (other.decided.status,)))
    elif one.decided.after != other.decided.after:
        found.append(("goes to", (one.decided.after,), (other.decided.after,)))
    said, others_said = _messages(one), _messages(other)
    if said != others_said:
        found.append(("said", *_apart(said, others_said)))
    if not found and [type(each) for each in one.effects] != [type(each) for each in other.effects]:
        found.append(("otherwise", one.details, other.details))
    return found


def _of(played: Played, kind: type[Effect]) -> list[Effect]:
    return [each for each in played.effects if isinstance(each, kind)]


def _tool(effect: Effect) -> str:
    match effect:
        case AskApproval(call=call) | (Call() as call):
            return call.tool
    return ""


def _messages(played: Played) -> tuple[str, ...]:
    shown = zip(played.effects, played.details, strict=True)
    return tuple(detail for effect, detail in shown if isinstance(effect, Say | Change | Whisper))


def _apart(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Without the lines that both have in common at their beginning and end."""
    first = [line for text in old for line in text.splitlines()]
    second = [line for text in new for line in text.splitlines()]
    while first and second and first[0] == second[0]:
        first, second = first[1:], second[1:]
    while first and second and first[-1] == second[-1]:
        first, second = first[:-1], second[:-1]
    return tuple(first), tuple(second)
