"""What everybody says in every flow: cancel, what was the question, help, start over, thanks."""

from __future__ import annotations

from dataclasses import replace

from flows.correct import correct
from flows.effects import Digress, Effect, Say
from flows.events import Entered, Heard
from flows.flow import Flow
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.scene import Scene, say
from flows.steps.base import Asking, Closing, Expecting, Helping, Step
from flows.steps.tool import Tool
from flows.tone import Spoken, said

SURE = 0.6
ELSEWHERE, FREE = 0.8, 0.93
DEEPEST = 3


def repair(flow: Flow, scene: Scene, heard: Heard) -> Outcome | None:
    """What to do about it, or None where it is for the step to answer."""
    meaning = heard.meaning
    step = flow.step(scene.run.step)
    if _elsewhere(flow, scene, heard) and not any(change.known for change in meaning.changes):
        return _digressed(flow, scene, heard)
    if corrected := correct(flow, scene, heard):
        return corrected
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
            return GoTo(flow.start, (*closed, say(said("All right, from the start.") + stays)), fresh)
        case "help":
            more = step.help(scene) if isinstance(step, Helping) else ()
            can = what_i_can_do(scene.known.flows, scene.known.called)
            return Stay((say(can), *more, *_again(flow, scene)))
        case "repeat":
            held = "This waits for an approver. There is no question open."
            waiting = held if scene.run.held else said("I am working on it. There is no question open.")
            return Stay(_again(flow, scene) or (say(waiting),))
        case "thanks":
            return Stay((say(said("You are welcome.")),))
        case "greeting":
            return Stay((say(said("Hello!") + " " + _where(flow)), *_again(flow, scene)))
    return None


def _elsewhere(flow: Flow, scene: Scene, heard: Heard) -> bool:
    """Whether it surely asks for another flow; where any words would do for an answer, a command only,
    or words that could hardly be meant otherwise."""
    meaning = heard.meaning
    if not meaning.route or meaning.route == flow.id:
        return False
    step = flow.step(scene.run.step)
    expected = step.expects(scene) if isinstance(step, Expecting) else None
    free = expected is not None and expected.type in ("text", "list")
    command = heard.text.lstrip().startswith(f"/{meaning.route}")
    return meaning.route_confidence >= (FREE if free and not command else ELSEWHERE)


def _digressed(flow: Flow, scene: Scene, heard: Heard) -> Outcome:
    """The other flow first, and then back here, unless that is too deep or there is no such flow."""
    meaning = heard.meaning
    if scene.run.depth >= DEEPEST or meaning.route not in dict(scene.known.flows):
        then = said("Finish it here or say “cancel”, then ask for {other}.", other=meaning.route)
        text = _where(flow) + " " + then
        return Stay((say(text),))
    first = say(said("Let us do that first; then I come back to “{flow}”.", flow=flow.id))
    other = Digress(meaning.route, heard.text, meaning.route_confidence, meaning.route_words)
    return Stay((first, other))


def resumed(flow: Flow, scene: Scene) -> Outcome:
    """Back from another flow: the question once more, or what is waited for."""
    run = scene.run
    open = _again(flow, scene)
    if not open:
        if run.held:
            return Stay((say(f"Back to “{flow.id}”: it waits for an approver."),))
        return Stay((say(said("Back to “{flow}”: I am working on it.", flow=flow.id)),))
    return Stay((say(said("Back to “{flow}”.", flow=flow.id)), *open))


def _closed(step: Step, scene: Scene, words: str) -> tuple[Effect, ...]:
    """The card that is open, without its buttons."""
    return (step.closed(scene, words),) if isinstance(step, Closing) and step.id in scene.run.cards else ()


def what_i_can_do(flows: tuple[tuple[str, str], ...], called: str = "") -> Spoken:
    """Every flow that is active, a line each; first what the bot calls itself, where it has a name."""
    name = said("I am {called}.", called=called) + " " if called else ""
    lines = [f"• /{id} – {description}" for id, description in flows]
    if not lines:
        return name + said("Nothing is set up here yet.")
    listed = "\n" + "\n".join(lines) + "\n"
    return name + said("I can do this:") + listed + said("Say “help” or “cancel” at any point.")


def _where(flow: Flow) -> Spoken:
    return said("We are in the middle of “{flow}”.", flow=flow.id)


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
