"""A run of which nobody has heard for long is ended, with one sentence."""

from __future__ import annotations

from flows.effects import Effect
from flows.events import Abandoned
from flows.flow import Flow
from flows.outcome import Finish, Outcome, Stay
from flows.scene import Scene, say
from flows.steps.base import Closing


def abandon(flow: Flow, scene: Scene, event: Abandoned) -> Outcome:
    """As if it had been cancelled: the card that is open loses its buttons. Not while it is others'
    turn: of an approver, of whoever has the matter in hand, or of the clock."""
    run = scene.run
    if run.held or run.timed or run.handoff:
        return Stay(())
    step = flow.steps.get(run.step)
    effects: tuple[Effect, ...] = ()
    if isinstance(step, Closing) and step.id in scene.run.cards:
        effects += (step.closed(scene, "Closed."),)
    return Finish(
        "cancelled", (*effects, say(sentence(event.days, scene.nothing))) if event.aloud else effects
    )


def sentence(days: int, nothing: str) -> str:
    what = f"{nothing[:1].lower()}{nothing[1:].rstrip('.')}"
    return f"I have heard nothing here for {days} day{'s' * (days != 1)}, so I closed this: {what}."
