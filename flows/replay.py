"""Plays a recorded run again: the same events through the same flow, or through another version of it.

Deciding is pure, so on its own version a run decides what it decided; where it does not, the code
changed since. On another version the events are addressed anew: a press on the card that was open, a
result of the tool that was called. Where the recording has no answer to what is asked, it ends.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from flows.effects import AskApproval, Call, Change, Effect, Read, Release, Say, Whisper, Withdraw
from flows.engine import advance
from flows.events import (
    Approved,
    Began,
    Chose,
    Edited,
    Event,
    Expired,
    Failed,
    Finished,
    Fired,
    Heard,
    Rejected,
)
from flows.flow import Flow
from flows.plain import in_lines
from flows.run import Run, from_json, to_json
from flows.scene import Known

LONGEST = 500
MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Decided:
    """What one event brought about. `lines` say it in words; `digest` covers all of it."""

    before: str
    after: str
    status: str
    lines: tuple[str, ...]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event that a run took, with what was known then. `turn`: those of one turn share it,
    because between two turns a run is stored."""

    turn: int
    event: Event
    known: Known
    before: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Played:
    """One recorded event played again. None: it never came to it, because `why`."""

    recorded: Recorded
    decided: Decided | None
    effects: tuple[Effect, ...] = ()
    why: str = ""

    @property
    def details(self) -> tuple[str, ...]:
        """Each effect in words, messages with all that they show."""
        return tuple(_detail(each) for each in self.effects)


def decided(before: Run, after: Run, effects: Sequence[Effect]) -> Decided:
    return Decided(before.step, after.step, after.status, in_words(effects), digest(before, after, effects))


def digest(before: Run, after: Run, effects: Sequence[Effect]) -> bytes:
    """Over where it stands, what it now waits for, the slots that changed, and every effect."""
    old = before.slots
    slots = {
        name: value for name, value in after.slots.items() if name not in old or not _same(old[name], value)
    }
    content = [
        after.step, after.status, after.waiting, after.held, slots,
        [[type(each).__name__, each] for each in effects],
    ]  # fmt: skip
    plain = orjson.dumps(content, default=_plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(plain, digest_size=16).digest()


def in_words(effects: Sequence[Effect]) -> tuple[str, ...]:
    """A line for each effect, bounded, for people who read what was decided."""
    lines = (_line(each) for each in effects[:MOST_LINES])
    return tuple(line[:LONGEST].replace("\0", "") for line in lines)


def replay(flow: Flow, began: Run, recorded: Sequence[Recorded]) -> list[Played]:
    """On the version that the run was of, event by event as they came."""
    run, played, turn = began, list[Played](), recorded[0].turn if recorded else 0
    for each in recorded:
        if each.turn != turn:
            run, turn = stored(run), each.turn
        after, effects = advance(flow, run, each.event, each.known)
        played.append(Played(each, decided(run, after, effects), effects))
        run = after
    return played


def differing(played: Sequence[Played]) -> list[Played]:
    """Those that are decided otherwise now than when they were recorded."""
    return [each for each in played if each.decided and each.decided.digest != each.recorded.digest]


def transplant(
    own: Flow, other: Flow, began: Run, recorded: Sequence[Recorded]
) -> list[tuple[Played, Played]]:
    """Each event on its own version and on another, side by side.

    The other's run begins in the same words. It ends early where the recording has no answer to
    what the other version asks; what it does not ask for is skipped.
    """
    run, twin = began, replace(began, flow_version=other.version)
    turn = recorded[0].turn if recorded else 0
    stopped, pairs = "", list[tuple[Played, Played]]()
    for each in recorded:
        if each.turn != turn:
            run, twin, turn = stored(run), stored(twin), each.turn
        after, effects = advance(own, run, each.event, each.known)
        mine = Played(each, decided(run, after, effects), effects)
        event, why = (None, stopped) if stopped else _addressed(own, other, run, twin, each.event)
        if event is None:
            pairs.append((mine, Played(each, None, why=why)))
            stopped = stopped or ("" if why.startswith(SKIPPED) else why)
        else:
            then, others = advance(other, twin, event, each.known)
            pairs.append((mine, Played(each, decided(twin, then, others), others)))
            twin = then
        run = after
    return pairs


SKIPPED = "not asked for"


def _addressed(own: Flow, other: Flow, run: Run, twin: Run, event: Event) -> tuple[Event | None, str]:
    """The event as it would have come to the other version, or why it would not have come."""
    if twin.over and not run.over:
        return None, "it is over already"
    if isinstance(event, Heard | Chose) and twin.step != run.step and run.step in other.steps:
        return None, f"it waits at {twin.step}, and the recording goes on from {run.step}"
    match event:
        case Chose(at=at) if at == _now(run):
            return replace(event, at=_now(twin)), ""
        case Finished(key=key) | Began(key=key) | Failed(key=key) if key == run.waiting:
            if twin.held:
                return None, "it waits for an approval, which the recording does not have"
            tool, wanted = _tool(own, run), _tool(other, twin)
            if not twin.waiting or tool != wanted:
                what = f"{wanted or 'nothing'} is called" if twin.waiting else "nothing is called"
                return None, f"{what} where the recording has an answer of {tool}"
            return replace(event, key=twin.waiting), ""
        case Approved(key=key) | Rejected(key=key) | Edited(key=key) | Expired(key=key) if (
            key == run.waiting and run.held
        ):
            if not twin.held:
                return None, f"{SKIPPED}: no approval"
            return replace(event, key=twin.waiting), ""
        case Fired(timer=timer) if timer == run.waiting:
            return (replace(event, timer=twin.waiting), "") if twin.timed else (None, f"{SKIPPED}: no timer")
        case Heard(opening=True) if twin.unread:
            return None, f"{SKIPPED}: nothing is read here"
    return event, ""


def _now(run: Run) -> str:
    return f"{run.step}:{run.entries.get(run.step, 0)}"


def _tool(flow: Flow, run: Run) -> str:
    return str(getattr(flow.steps.get(run.waiting.split(":")[-2] if ":" in run.waiting else ""), "call", ""))


def stored(run: Run) -> Run:
    """As it comes back from the database, where keys stand in another order: shorter ones first.

    Which of two equals is the first of a mapping can depend on that.
    """
    state = _ordered(orjson.loads(orjson.dumps(to_json(run))))
    return from_json(run.id, run.flow, run.flow_version, run.status, state)


def _ordered(value: Any) -> Any:
    match value:
        case dict():
            names = sorted((name.encode() for name in value), key=lambda name: (len(name), name))
            return {name.decode(): _ordered(value[name.decode()]) for name in names}
        case list():
            return [_ordered(each) for each in value]
    return value


def _same(one: Any, other: Any) -> bool:
    return one is other or bool(one == other)


def _plain(value: Any) -> Any:
    match value:
        case frozenset() | set():
            return sorted(value)
        case Mapping():
            return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    raise TypeError(type(value).__name__)


def _detail(effect: Effect) -> str:
    match effect:
        case Say(reply=reply) | Change(reply=reply) | Whisper(reply=reply):
            return "\n".join([_line(effect), *in_lines(reply)[1:]])
    return _line(effect)


def _line(effect: Effect) -> str:
    match effect:
        case Say(reply=reply):
            return f"said: {reply.text}"
        case Change(reply=reply):
            return f"changed: {reply.text}"
        case Whisper(reply=reply):
            return f"whispered: {reply.text}"
        case Read():
            return "read what was said"
        case Call(tool=tool, arguments=arguments):
            return f"called {tool}: {_arguments(arguments)}"
        case AskApproval(call=call, verdict=verdict):
            return f"asked approval of {call.tool}: {verdict.because} {_arguments(call.arguments)}"
        case Release():
            return "let the approved call run"
        case Withdraw():
            return "withdrew the call"
    return type(effect).__name__


def _arguments(arguments: Mapping[str, Any]) -> str:
    return orjson.dumps(arguments, default=_plain, option=orjson.OPT_SORT_KEYS).decode("utf-8", "replace")
