"""What fails or is not understood again and again in one run: a person is offered, by a button, once."""

from __future__ import annotations

from dataclasses import replace

from bot.reply import Button, Buttons, Paragraph, Reply
from flows.effects import Change, Digress, Effect, Say, Whisper
from flows.events import Chose, Event, Failed, Heard
from flows.flow import Flow
from flows.repairs import MISSES
from flows.run import Run
from flows.scene import Scene
from flows.scopes import within

MOST = 3
ESCALATE, CHOICE, CARD = "escalate", "person", ".person"
OFFERED, DONE = -1, -2
TEXT = "This does not seem to work out between us. Shall I hand it to a person?"
LABEL = "Hand it to a person"
NO_FAULT = frozenset({"rejected", "expired", "denied", "sealed", "unknown", "nobody"})


def counted(before: Run, event: Event, after: Run) -> Run:
    """The run with one more trouble, if this was one. What the flow tries again by itself is none yet."""
    if before.trouble < 0 or before.over:
        return after
    failed = isinstance(event, Failed) and event.key == before.waiting and event.code not in NO_FAULT
    failed = failed and (after.over or after.step != before.step)
    missed = isinstance(event, Heard) and _misses(after) > _misses(before)
    return replace(after, trouble=before.trouble + 1) if failed or missed else after


def offer(flow: Flow, scene: Scene) -> Effect | None:
    """The question, when it is time for it. A flow that is over can be followed by another only."""
    run = scene.run
    if run.trouble < MOST or flow.id == ESCALATE or ESCALATE not in dict(scene.known.flows):
        return None
    if run.handoff:
        return None
    button = Button(LABEL, "start", ESCALATE) if run.over else scene.button(LABEL, CHOICE)
    return Say(CARD, Reply(TEXT, (Paragraph(TEXT), Buttons((button,)))))


def accepted(run: Run, event: Chose) -> tuple[Run, tuple[Effect, ...]]:
    """The button was pressed: first a person, and then, if it is still wanted, back here."""
    if run.trouble != OFFERED:
        return run, (Whisper(event.by, Reply("I am on it already.")),)
    closed = Change(CARD, Reply("I hand it to a person; then I come back to this."))
    return replace(run, trouble=DONE), (closed, Digress(ESCALATE, "", 1.0, ""))


def _misses(run: Run) -> int:
    found = within(run).slots.get(MISSES) or {}
    return sum(found.values()) if isinstance(found, dict) else 0
