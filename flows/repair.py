"""What everybody says in every flow: cancel, what was the question, help, start over, thanks."""

from __future__ import annotations

from dataclasses import replace

from flows.effects import Say
from flows.events import Entered, Heard
from flows.flow import Flow
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.scene import CANCELLED, Scene, say
from flows.steps.tool import Tool

SURE = 0.6


def repair(flow: Flow, scene: Scene, heard: Heard) -> Outcome | None:
    """What to do about it, or None where it is for the step to answer."""
    meaning = heard.meaning
    step = flow.step(scene.run.step)
    if meaning.changes or meaning.confidence < SURE:
        return None
    match meaning.intent:
        case "cancel":
            if isinstance(step, Tool):
                return step.cancelled(scene)
            return Finish("cancelled", (say(CANCELLED),))
        case "restart" if not isinstance(step, Tool):
            fresh = dict.fromkeys(scene.run.slots)
            return GoTo(flow.start, (say("All right, from the start."),), fresh)
        case "help":
            return Stay((say(what_i_can_do(scene.known.flows)), *_again(flow, scene)))
        case "repeat":
            return Stay(_again(flow, scene) or (say("I am working on it; there is no question open."),))
        case "thanks":
            return Stay((say("You are welcome."),))
        case "greeting":
            return Stay((say("Hello! " + _where(flow)), *_again(flow, scene)))
        case "route" if meaning.route and meaning.route != flow.id and meaning.route_confidence >= 0.8:
            return Stay(
                (say(f"{_where(flow)} Finish it here or say “cancel”, then ask for {meaning.route}."),)
            )
    return None


def what_i_can_do(flows: tuple[tuple[str, str], ...]) -> str:
    """Every flow that is active, a line each."""
    lines = [f"• /{id} – {description}" for id, description in flows]
    return "I can do this:\n" + "\n".join(lines) + "\nSay “cancel” at any point, or “help”."


def _where(flow: Flow) -> str:
    return f"We are in the middle of “{flow.id}”."


def _again(flow: Flow, scene: Scene) -> tuple[Say, ...]:
    """The question of the step, once more."""
    step = flow.step(scene.run.step)
    if isinstance(step, Tool):
        return ()
    asked = step.run(replace(scene, run=replace(scene.run, unread="")), Entered())
    return (
        tuple(effect for effect in asked.effects if isinstance(effect, Say))
        if isinstance(asked, Stay)
        else ()
    )
