"""advance: one run, one event, what follows. Nothing here acts, sleeps or looks at the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.reply import Reply
from flows import relay, trouble
from flows.abandon import abandon
from flows.arms import advanced
from flows.correct import arrived, kept
from flows.effects import (
    AskApproval,
    Call,
    CancelTimer,
    Change,
    Effect,
    HandOver,
    Read,
    Relay,
    Release,
    Resume,
    Say,
    SetTimer,
    TakeBack,
    Whisper,
    Withdraw,
)
from flows.egress import marked
from flows.errors import TemplateError
from flows.events import (
    Abandoned,
    Approved,
    Began,
    Chose,
    Edited,
    Entered,
    Event,
    Expired,
    Failed,
    Finished,
    Fired,
    Heard,
    Passed,
    Progressed,
    Rejected,
    Resolved,
    Resumed,
    Spoke,
)
from flows.flow import Flow
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.repair import repair, resumed
from flows.run import Requester, Run
from flows.scene import Known, say, scene
from flows.scopes import scope_of, with_slots, within
from flows.steps.handoff import Handoff, elsewhere
from flows.steps.subflow import ENDED, Subflow
from flows.tone import said

MOST_STEPS = 50
TRAIL = 60
NOTHING_OUTSIDE = ("flow.approve",)


def start(
    flow: Flow, id: str, requester: Requester, unread: str, confidence: float = 1.0, words: str = ""
) -> Run:
    """A run that has not entered its first step yet."""
    return Run(
        id=id,
        flow=flow.id,
        flow_version=flow.version,
        requester=requester,
        unread=unread,
        route_confidence=confidence,
        route_words=words,
    )


def advance(flow: Flow, run: Run, event: Event, known: Known) -> tuple[Run, tuple[Effect, ...]]:
    """The run after the event, and all that should happen, in order.

    The same arguments give the same answer. An event that the run no longer waits for (a
    late result, a card of an earlier step) changes nothing. It never raises: a text that cannot
    be filled in ends the run, and says at which step. Where the flow has variants, the person gets
    theirs, and the run notes those that made a difference.
    """
    after, effects = advanced(_watched, flow, run, event, known)
    return after, marked(effects, after.slots)


def _watched(flow: Flow, run: Run, event: Event, known: Known) -> tuple[Run, tuple[Effect, ...]]:
    """Where it goes wrong again and again, a person is offered, never without being asked for."""
    after, effects = _advance(flow, run, event, known)
    after = trouble.counted(run, event, after)
    if after.trouble < trouble.MOST or (offer := trouble.offer(flow, scene(after, known, flow))) is None:
        return after, effects
    after, numbered = _numbered(replace(after, trouble=trouble.OFFERED), offer)
    return after, (*effects, numbered)


def _advance(flow: Flow, run: Run, event: Event, known: Known) -> tuple[Run, tuple[Effect, ...]]:
    if isinstance(event, Spoke):
        return _passed_on(flow, run, event, known)
    if run.over:
        return run, _too_late(event)
    if refusal := _refused(run, event):
        return run, refusal
    if _stale(run, event):
        return run, ()
    if isinstance(event, Chose) and event.choice == trouble.CHOICE:
        return _with_ids(*trouble.accepted(run, event))
    run = relay.arrived(run, event)
    effects: list[Effect] = []
    if isinstance(event, Fired):
        run = replace(run, timed=False)
    if isinstance(event, Finished | Failed):
        run = _noted(flow, run, known, event)
    if not run.step:
        run, event = _enter(run, flow.start), Entered()
    if isinstance(event, Heard) and event.meaning.recalled:
        run, recalled = _numbered(run, say(event.meaning.recalled))
        effects.append(recalled)
    outcome = _answer(flow, run, event, known)
    for _ in range(MOST_STEPS):
        run = _applied(run, outcome, effects)
        if not isinstance(outcome, GoTo):
            return run, tuple(effects) or _unheard(event)
        run = _enter(run, outcome.step)
        outcome = _step(flow, run, outcome.carry or Entered(), known)
    run = _applied(run, Finish("failed", (say("This flow went in circles, so I stopped it."),)), effects)
    return run, tuple(effects)


def _with_ids(run: Run, effects: tuple[Effect, ...]) -> tuple[Run, tuple[Effect, ...]]:
    numbered = []
    for effect in effects:
        run, final = _numbered(run, effect)
        numbered.append(final)
    return run, tuple(numbered)


def _passed_on(flow: Flow, run: Run, event: Spoke, known: Known) -> tuple[Run, tuple[Effect, ...]]:
    """No step hears what is said between two people."""
    return _with_ids(run, relay.spoken(scene(run, known, flow), event))


def _handed(flow: Flow, run: Run, event: Event) -> Outcome | None:
    """What concerns the hand-over and not the step, where the flow is at another step meanwhile."""
    if isinstance(event, Chose) and event.choice == relay.OPEN:
        return Stay(relay.still_open(run))
    theirs = isinstance(event, Resolved | Passed) or (
        isinstance(event, Chose) and event.choice in relay.CHOICES
    )
    return elsewhere(within(run), event) if theirs and not isinstance(flow.step(run.step), Handoff) else None


def _answer(flow: Flow, run: Run, event: Event, known: Known) -> Outcome:
    if (handed := _handed(flow, run, event)) is not None:
        return handed
    if isinstance(event, Abandoned):
        try:
            return abandon(flow, scene(run, known, flow), event)
        except TemplateError as error:
            return _broken(run, error)
    if isinstance(event, Resumed):
        try:
            return resumed(flow, scene(run, known, flow))
        except TemplateError as error:
            return _broken(run, error)
    if isinstance(event, Heard) and not event.opening:
        try:
            repaired = repair(flow, scene(run, known, flow), event)
        except TemplateError as error:
            return _broken(run, error)
        if repaired is not None:
            return repaired
    return _step(flow, run, event, known)


def _step(flow: Flow, run: Run, event: Event, known: Known) -> Outcome:
    if (past := kept(within(run), event)) is not None:
        return past
    try:
        outcome = flow.step(run.step).run(scene(run, known, flow), event)
    except TemplateError as error:
        outcome = _broken(run, error)
    if isinstance(outcome, Finish) and outcome.status == "failed" and (scope := scope_of(run.step)):
        around = flow.step(scope)
        if isinstance(around, Subflow) and around.on_error.keys() & {"failed", "*"}:
            return GoTo(around.leave, outcome.effects, {**outcome.slots, ENDED: "failed"})
    return outcome


def _broken(run: Run, error: TemplateError) -> Outcome:
    """A fault of the flow's author. What was held is taken back."""
    text = f"I had to stop here: step “{run.step}” of this flow has a fault, {error}. Its owner can mend it."
    withdrawn = (Withdraw(run.waiting),) if run.held else ()
    return Finish("failed", (*withdrawn, say(text)))


def _noted(flow: Flow, run: Run, known: Known, event: Finished | Failed) -> Run:
    """What was changed outside is remembered, so that nobody is told later that nothing was done."""
    call = getattr(flow.steps.get(run.step), "call", "")
    card = known.tools.get(call)
    if card is None or card.risk == "read" or call in NOTHING_OUTSIDE:
        return run
    if isinstance(event, Failed) and event.code != "unknown":
        return run
    done = call if isinstance(event, Finished) else f"{call} (perhaps)"
    return run if done in run.did else replace(run, did=(*run.did, done)[-TRAIL:])


def _enter(run: Run, step: str) -> Run:
    entries = {**run.entries, step: run.entries.get(step, 0) + 1}
    trail = (*run.trail, step)[-TRAIL:]
    run = replace(run, step=step, entries=entries, waiting="", held=False, timed=False, trail=trail)
    return with_slots(run, arrived(within(run)))


def _applied(run: Run, outcome: Outcome, effects: list[Effect]) -> Run:
    """The run with the outcome's slots and bookkeeping; its effects with their final ids."""
    run = with_slots(run, outcome.slots)
    if run.timed and not isinstance(outcome, Stay):
        effects.append(CancelTimer(run.waiting))
    if isinstance(outcome, Finish) or (isinstance(outcome, GoTo) and not run.helper):
        for effect in relay.withdrawn(run, outcome.effects):
            run, back = _numbered(run, effect)
            effects.append(back)
    for effect in outcome.effects:
        run, numbered = _numbered(run, effect)
        effects.append(numbered)
    if isinstance(outcome, Finish):
        run = replace(run, status=outcome.status, waiting="", held=False, timed=False)
        if run.returns_to:
            effects.append(Resume(run.returns_to))
    return run


def _numbered(run: Run, effect: Effect) -> tuple[Run, Effect]:
    match effect:
        case Say(id=name, reply=reply):
            id = f"{run.id}:{run.said}"
            cards: Mapping[str, str] = {**run.cards, name: id} if name else run.cards
            return replace(run, said=run.said + 1, cards=cards), Say(id, reply)
        case Change(id=name, reply=reply):
            if name in run.cards:
                return run, Change(run.cards[name], reply)
            return _numbered(run, Say("", reply))
        case Call(key=key):
            return replace(run, waiting=key, held=False, timed=False), effect
        case SetTimer(key=key):
            return replace(run, waiting=key, held=False, timed=True), effect
        case AskApproval(call=call):
            return replace(run, waiting=call.key, held=True, timed=False), effect
        case Release():
            return replace(run, held=False), effect
        case Withdraw():
            return replace(run, waiting="", held=False), effect
        case Read():
            return replace(run, unread=""), effect
        case HandOver(key=key):
            return replace(run, handoff=key, helper=""), effect
        case Relay(key=key, reply=reply):
            return replace(run, said=run.said + 1), Relay(f"{run.id}:{run.said}", key, reply)
        case TakeBack():
            return replace(run, handoff="", helper=""), effect
    return run, effect


def _stale(run: Run, event: Event) -> bool:
    """A result or decision for something that the run no longer waits for, or a second beginning."""
    match event:
        case Entered():
            return bool(run.step)
        case Finished(key=key) | Began(key=key) | Failed(key=key):
            return key != run.waiting
        case Progressed(key=key):
            return key != run.waiting or run.held or run.timed
        case Fired(timer=key):
            return key != run.waiting or not run.timed
        case Approved(key=key) | Rejected(key=key) | Edited(key=key) | Expired(key=key):
            return key != run.waiting or not run.held
    return relay.stale(run, event)


def _refused(run: Run, event: Event) -> tuple[Effect, ...]:
    """Only the person it is for may steer it, and only by the card that is open."""
    match event:
        case Chose(choice=choice) if choice in relay.CHOICES:
            return relay.refused(run, event)
        case Chose(by=by) | Heard(by=by) if by != run.requester.id:
            return (Whisper(by, Reply(f"Only {run.requester.name} can answer this.")),)
        case Chose(by=by, at=at) if at != f"{run.step}:{run.entries.get(run.step, 0)}":
            return (Whisper(by, Reply(said("That card is out of date; the newest one is further down."))),)
    return ()


def _unheard(event: Event) -> tuple[Effect, ...]:
    """No press goes unanswered, not even one that means nothing here."""
    match event:
        case Chose(by=by):
            return (Whisper(by, Reply(said("That button changes nothing now."))),)
    return ()


def _too_late(event: Event) -> tuple[Effect, ...]:
    match event:
        case Chose(by=by):
            return (Whisper(by, Reply("This is finished already, so the button changes nothing.")),)
    return ()
