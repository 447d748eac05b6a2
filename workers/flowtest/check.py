"""What was expected of a turn against what came of it: a finding for each thing that is not so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.reply import Reply
from flows.effects import AskApproval, Call
from workers.flowtest.match import difference, fits, in_order, lacking
from workers.flowtest.play import Player
from workers.flowtest.script import Asked, Called, Card, Expect, Matches
from workers.flowtest.seen import Happened, Told, buttons, call_in_words, told


@dataclass(frozen=True, slots=True)
class Finding:
    """What was expected, and what was there instead, in lines."""

    expected: str
    instead: tuple[str, ...]


def check(expect: Expect, happened: Happened, player: Player) -> list[Finding]:
    found = [
        *_texts("to be said", expect.said, happened.said),
        *_texts("a message changed to be", expect.changed, happened.changed),
        *_texts("to be whispered", expect.whispered, happened.whispered),
        *_texts("to be passed on to the helper", expect.relayed, happened.relayed),
        *_unsaid(expect.not_said, [*happened.said, *happened.changed, *happened.whispered]),
        *(_card(expect.card, player.cards) if expect.card else ()),
        *(_asked(expect.asked, happened.asked) if expect.asked else ()),
        *_called(expect.called, happened.called),
    ]
    for tool in expect.not_called:
        calls = [call for call in happened.called if call.tool == tool]
        if calls:
            words = tuple(call_in_words(call.tool, call.arguments) for call in calls)
            found.append(Finding(f"{tool} not to be called", words))
    return found + _state(expect, player)


def _state(expect: Expect, player: Player) -> list[Finding]:
    run = player.run
    found = []
    status, step = (run.status, run.step) if run else ("no run", "no step")
    if expect.ends and expect.ends != status:
        found.append(Finding(f"the run to be {expect.ends}", (f"it is {status}, at step {step!r}",)))
    if expect.at and expect.at != step:
        found.append(Finding(f"the run to be at step {expect.at!r}", (f"it is at {step!r} ({status})",)))
    if expect.slots and (differs := lacking(expect.slots, run.slots if run else {})):
        found.append(Finding("these slots", tuple(differs)))
    return found


def _texts(what: str, wanted: Sequence[Matches], there: Sequence[Told]) -> list[Finding]:
    """In the order given; others may come between."""
    missing = in_order(wanted, there)
    if missing is None:
        return []
    said = tuple(f"“{each}”" for each in there) or ("nothing",)
    return [Finding(f"{what}: {missing}", (*said, *difference(missing, there)))]


def _unsaid(unwanted: Sequence[Matches], there: Sequence[Told]) -> list[Finding]:
    return [
        Finding(f"nothing to be said {each}", tuple(f"“{one}”" for one in there if fits(each, one)))
        for each in unwanted
        if any(fits(each, one) for one in there)
    ]


def _card(wanted: Card, cards: Sequence[Reply]) -> list[Finding]:
    """The newest open card is meant: the one that somebody would press."""
    if not cards:
        return [Finding(f"a card {wanted.text or 'with buttons'}", ("no card is open",))]
    newest = told(cards[-1])
    found = []
    if wanted.text and not fits(wanted.text, newest):
        found.append(Finding(f"a card {wanted.text}", (f"“{newest}”", *difference(wanted.text, [newest]))))
    labels = [label for label, *_ in buttons(cards[-1])]
    missing = [label for label in wanted.buttons if label not in labels]
    if missing:
        words = ", ".join(f"“{label}”" for label in missing)
        found.append(Finding(f"the buttons {words}", (", ".join(f"“{label}”" for label in labels),)))
    return found


def _asked(wanted: Asked, asked: Sequence[AskApproval]) -> list[Finding]:
    expected = f"an approval of {wanted.tool or 'something'} to be asked"
    if not asked:
        return [Finding(expected, ("none was asked",))]
    newest = asked[-1]
    found = []
    if wanted.tool and wanted.tool != newest.call.tool:
        found.append(Finding(expected, (f"it was asked for {newest.call.tool}",)))
    if differs := lacking(wanted.arguments, newest.call.arguments):
        found.append(Finding(f"{expected} with", tuple(differs)))
    because = newest.verdict.because
    if wanted.because and not fits(wanted.because, Told(because, because)):
        words = difference(wanted.because, [Told(because, because)])
        found.append(Finding(f"{expected} because {wanted.because}", (f"“{because}”", *words)))
    return found


def _called(wanted: Sequence[Called], called: Sequence[Call]) -> list[Finding]:
    """In the order given; others may come between."""
    at = 0
    for each in wanted:
        later = range(at, len(called))
        fitting = next(
            (n for n in later if called[n].tool == each.tool and not _differs(each, called[n])), None
        )
        if fitting is None:
            return [
                Finding(f"{call_in_words(each.tool, each.arguments)} to be called", _nearest(each, called))
            ]
        at = fitting + 1
    return []


def _nearest(wanted: Called, called: Sequence[Call]) -> tuple[str, ...]:
    of_tool = [call for call in called if call.tool == wanted.tool]
    if of_tool:
        return tuple(_differs(wanted, of_tool[-1])) or ("it was called before, not once more",)
    return tuple(f"{call.tool} was called" for call in called) or ("nothing was called",)


def _differs(wanted: Called, call: Call) -> list[str]:
    return lacking(wanted.arguments, call.arguments)
