"""What everybody says in every flow: cancel, what was the question, help, start over, thanks."""

from __future__ import annotations

from dataclasses import replace

from flows.effects import Effect, Say
from flows.events import Entered, Heard
from flows.flow import Flow
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.scene import Scene, say
from flows.steps.base import Asking, Closing, Helping, Step
from flows.steps.tool import Tool
from flows.understanding import Meaning

SURE = 0.6


def repair(flow: Flow, scene: Scene, heard: Heard) -> Outcome | None:
    """What to do about it, or None where it is for the step to answer."""
    meaning = heard.meaning
    step = flow.step(scene.run.step)
    if _elsewhere(flow, meaning) and not any(change.known for change in meaning.changes):
        text = f"{_where(flow)} Finish it here or say “cancel”, then ask for {meaning.route}."
        return Stay((say(text),))
    if meaning.changes or meaning.confidence < SURE:
        return None
    match meaning.intent:
        case "cancel":
            if isinstance(step, Tool):
                return step.cancelled(scene)
            return Finish("cancelled", (*_closed(step, scene, "Cancelled."), say(scene.cancelled)))
        case "restart" if not isinstance(step, Tool):
            fresh = dict.fromkeys(scene.run.slots)
            closed = _closed(step, scene, "Started over.")
            stays = f" {scene.nothing}" if scene.run.did else ""
            return GoTo(flow.start, (*closed, say(f"All right, from the start.{stays}")), fresh)
        case "help":
            more = step.help(scene) if isinstance(step, Helping) else ()
            return Stay((say(what_i_can_do(scene.known.flows)), *more, *_again(flow, scene)))
        case "repeat":
            return Stay(_again(flow, scene) or (say("I am working on it; there is no question open."),))
        case "thanks":
            return Stay((say("You are welcome."),))
        case "greeting":
            return Stay((say("Hello! " + _where(flow)), *_again(flow, scene)))
    return None


def _elsewhere(flow: Flow, meaning: Meaning) -> bool:
    """Whether it surely asks for another flow."""
    return bool(meaning.route) and meaning.route != flow.id and meaning.route_confidence >= 0.8


def _closed(step: Step, scene: Scene, words: str) -> tuple[Effect, ...]:
    """The card that is open, without its buttons."""
    return (step.closed(scene, words),) if isinstance(step, Closing) and step.id in scene.run.cards else ()


def what_i_can_do(flows: tuple[tuple[str, str], ...]) -> str:
    """Every flow that is active, a line each."""
    lines = [f"• /{id} – {description}" for id, description in flows]
    if not lines:
        return "Nothing is set up here yet."
    return "I can do this:\n" + "\n".join(lines) + "\nSay “help” or “cancel” at any point."


def _where(flow: Flow) -> str:
    return f"We are in the middle of “{flow.id}”."


def _again(flow: Flow, scene: Scene) -> tuple[Effect, ...]:
    """The question of the step, once more."""
    step = flow.step(scene.run.step)
    if isinstance(step, Tool):
        return ()
    if isinstance(step, Asking):
        return step.again(scene)
    asked = step.run(replace(scene, run=replace(scene.run, unread="")), Entered())
    return (
        tuple(effect for effect in asked.effects if isinstance(effect, Say))
        if isinstance(asked, Stay)
        else ()
    )
