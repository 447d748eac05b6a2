"""While a person has the matter: what either side says is for the other, with the name, as data.

Whose words they are stands above them, and each of their lines behind a bar, so nothing that is
passed on can pass for us.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.reply import Buttons, Paragraph, Reply, Style, Tone
from flows.effects import Change, Effect, Relay, Say, TakeBack, Whisper
from flows.events import Chose, Lapsed, Nobody, Offered, Passed, Resolved, Spoke, Taken
from flows.run import Run
from flows.scene import Scene

BAR = "│ "
LONGEST_NAME, LONGEST = 80, 12_000
ASKED, HAS = "who asked", "who has this matter"
SOLVED, OPEN, OTHER = "handoff_solved", "handoff_open", "handoff_other"
CHOICES = (SOLVED, OPEN, OTHER)
CARD, QUESTION = "handoff", "handoff.solved"
LATE = "That is no longer in anybody's hands, so the button changes nothing."
_SOLVED = re.compile(
    r"(?:(?:yes|ok|okay|great|perfect|thanks|thank you|super|cool|and) )*"
    r"(?:(?:that|this|it|problem|the problem|everything)(?: is|s| has| was)?(?: been| all| now)?"
    r" (?:solved|fixed|resolved|sorted|worked|works|did it|helped)|solved|resolved|fixed)"
    r"(?: it| this| now| for me| the problem| my problem| thanks| thank you| then)*\Z"
)


def quoted(name: str, role: str, text: str) -> Reply:
    """Somebody's words as they are passed on."""
    who = " ".join(name.split())[:LONGEST_NAME] or "Somebody"
    head = f"{who}, {role}, writes:"
    lines = [line.strip() for line in text.strip()[:LONGEST].splitlines()]
    short = " ".join(" ".join(lines).split())
    body = "\n".join(f"{BAR}{line}" for line in lines)
    return Reply(f"{head} {short[:300]}", (Paragraph(head, Tone.STRONG), Paragraph(body)))


def solves(text: str) -> bool:
    """Whether somebody says in so many words that it is solved; they are asked all the same."""
    words = re.sub(r"[^a-z ]", "", text.lower().replace("'", "").replace("’", ""))
    return len(text) <= 120 and _SOLVED.match(" ".join(words.split())) is not None


def spoken(scene: Scene, event: Spoke) -> tuple[Effect, ...]:
    """What either side said, for the other; in the order in which it came, each once."""
    run = scene.run
    if event.by != run.requester.id:  # it may have been said just before it was over
        return (Say("", quoted(event.name, HAS, event.text)),)
    if not run.helper:
        return ()
    passed: Effect = Relay("", run.handoff, quoted(event.name, ASKED, event.text))
    return (passed, _is_it(scene)) if solves(event.text) else (passed,)


def taken_card(scene: Scene, name: str) -> Effect:
    """What the requester is told, with the ways out."""
    text = (
        f"{name} has taken this over. What you write here goes to {name}, and their answers come here;"
        " I keep quiet until it is resolved."
    )
    buttons = (
        scene.button("It is solved", SOLVED, scene.run.handoff, Style.PRIMARY),
        scene.button("Ask somebody else", OTHER, scene.run.handoff),
    )
    return Say(CARD, Reply(text, (Paragraph(text), Buttons(buttons))))


def closed(run: Run, words: str) -> tuple[Effect, ...]:
    """The cards without what could be pressed."""
    return tuple(Change(name, Reply(words)) for name in (CARD, QUESTION) if name in run.cards)


def withdrawn(run: Run, effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """What is open when the run leaves it behind is taken back."""
    if not run.handoff or any(isinstance(effect, TakeBack) for effect in effects):
        return ()
    return (TakeBack(run.handoff, f"{run.requester.name} does not need it any more."),)


def refused(run: Run, event: Chose) -> tuple[Effect, ...]:
    """Of a press on a hand-over's card: why it does not count, or nothing."""
    if event.by != run.requester.id:
        return (Whisper(event.by, Reply(f"Only {run.requester.name} can answer this.")),)
    if not run.helper or event.value != run.handoff:
        return (Whisper(event.by, Reply(LATE)),)
    return ()


def still_open(run: Run) -> tuple[Effect, ...]:
    """“Not yet”: the question goes, and the matter stays where it is."""
    return (Change(QUESTION, Reply("Not solved yet.")),) if QUESTION in run.cards else ()


def arrived(run: Run, event: object) -> Run:
    """The run as an event of the hand-over leaves it: who has it now, or that nobody does."""
    match event:
        case Taken(by=by):
            return replace(run, helper=by)
        case Nobody() | Passed() | Lapsed() | Resolved():
            return replace(run, handoff="", helper="")
    return run


def stale(run: Run, event: object) -> bool:
    """Of another hand-over than the one that is open."""
    match event:
        case Offered(key=key) | Nobody(key=key) | Taken(key=key) | Lapsed(key=key):
            return key != run.handoff or bool(run.helper)
        case Passed(key=key):
            return key != run.handoff
        case Resolved(key=key):
            return key != run.handoff or not run.helper
    return False


def _is_it(scene: Scene) -> Effect:
    text = "Is it solved, then?"
    buttons = (
        scene.button("Yes, it is solved", SOLVED, scene.run.handoff, Style.PRIMARY),
        scene.button("Not yet", OPEN, scene.run.handoff),
    )
    return Say(QUESTION, Reply(text, (Paragraph(text), Buttons(buttons))))
