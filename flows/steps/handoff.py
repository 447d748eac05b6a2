"""handoff: a person takes the matter over, and gives it back when it is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.reply import Heading, Paragraph, Reply
from flows import relay
from flows.effects import Effect, HandOver, Relay, TakeBack
from flows.events import Chose, Entered, Event, Heard, Lapsed, Nobody, Offered, Passed, Resolved, Taken
from flows.outcome import GoTo, Outcome, Stay
from flows.run import Run
from flows.scene import Scene, say
from flows.show import Show
from flows.steps.base import Fields
from flows.templates import Text

STATE = ".handoff"
MOST_MINUTES = 24 * 60
SOLVED, OTHER = "Good. I am back.", "You have asked for somebody else."
MOST_EARLY, LONGEST_EARLY = 10, 2_000


@dataclass(frozen=True, slots=True)
class Handoff:
    """`to` is a group or rota of the policy, or people by e-mail; each has `minutes` to take it.

    `if_taken` is where the flow goes while a person has it (to assign a ticket, say); it must come
    back here. What both sides say is passed on meanwhile, whatever step the run is at. `save` keeps
    whether it was taken, by whom, and who resolved it; `next` follows when it is resolved.
    """

    kind: ClassVar[str] = "handoff"
    waits: ClassVar[bool] = True

    id: str
    to: Text
    message: Text
    show: Show
    minutes: int
    if_taken: str
    if_nobody: str
    save: str
    next: str

    @classmethod
    def parse(cls, fields: Fields) -> Handoff:
        return cls(
            id=fields.step,
            to=fields.text("to", "{{ policy.escalation.to }}"),
            message=fields.text("message", required=True),
            show=fields.show(),
            minutes=fields.whole("wait_minutes", 10, 1, MOST_MINUTES),
            if_taken=fields.string("if_taken"),
            if_nobody=fields.string("if_nobody", required=True),
            save=fields.save(),
            next=fields.target("resolved"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        taken = {"taken": self.if_taken} if self.if_taken else {}
        return {"resolved": self.next, "nobody": self.if_nobody} | taken

    @property
    def fills(self) -> frozenset[str]:
        return frozenset({self.save} if self.save else ()) | {"error"}

    @property
    def reads(self) -> frozenset[str]:
        return self.to.names | self.message.names | self.show.names

    def run(self, scene: Scene, event: Event) -> Outcome:
        match event:
            case Entered():
                return self._entered(scene)
            case Offered(asked=asked, names=names):
                return self._offered(scene, asked, names)
            case Taken(name=name, email=email):
                return self._taken(scene, name, email)
            case Passed(name=name):
                closed = relay.closed(scene.run, _left(name))
                return self._next(scene, *closed, say(f"{name} cannot take it; I am asking the next."))
            case Lapsed():
                return self._next(scene, say("Nobody has taken it yet; I am asking the next."))
            case Nobody(why=why):
                error = {"code": "nobody", "sentence": why}
                kept = {self.save: {"taken": False, "name": "", "email": ""}} if self.save else {}
                return GoTo(self.if_nobody, (), {STATE: None, "error": error, **kept})
            case Resolved(name=name):
                return self._over(scene, _resolved(name))
            case Chose(choice=relay.SOLVED):
                return self._over(scene, SOLVED, _solved(scene.run))
            case Chose(choice=relay.OTHER):
                closed = relay.closed(scene.run, OTHER)
                return self._next(
                    scene, _another(scene.run), *closed, say("All right; I am asking the next.")
                )
            case Heard(opening=False):
                return self._early(scene, event.text)
        return Stay()

    def again(self, scene: Scene) -> tuple[Effect, ...]:
        return (say(self._waiting(scene)),)

    # ── from one to the next ─────────────────────────────────────────────────────────────

    def _entered(self, scene: Scene) -> Outcome:
        state = self._state(scene)
        if scene.run.helper:
            return Stay()  # back from where `if_taken` led
        if over := state.get("over"):
            return self._over(scene, over)
        asked = tuple(state.get("asked") or ()) if state.get("again") else ()
        fresh = {"step": self.id, "asked": list(asked), "early": list(state.get("early") or ())}
        return Stay((self._asking(scene, asked),), {STATE: fresh})

    def _asking(self, scene: Scene, asked: tuple[str, ...]) -> Effect:
        key = scene.run.key(self.id)
        to = self.to.render(scene.values).strip()
        return HandOver(key, to, asked, self.minutes * 60, self._card(scene))

    def _card(self, scene: Scene) -> Reply:
        """What whoever is asked sees; what can be pressed is not ours to draw."""
        text = self.message.render(scene.values)
        head = Heading(f"{scene.run.requester.name} asks for a person")
        return Reply(f"{head.text}: {text}", (head, Paragraph(text), *self.show.blocks(scene.values)))

    def _offered(self, scene: Scene, asked: tuple[str, ...], names: tuple[str, ...]) -> Outcome:
        who = _list(names)
        state = {**self._state(scene), "asked": list(asked), "names": who}
        minutes = f"{self.minutes} minute{'' if self.minutes == 1 else 's'}"
        text = f"I have asked {who} to take this over. If nobody does within {minutes}, I go on to the next."
        return Stay((say(text),), {STATE: state})

    def _taken(self, scene: Scene, name: str, email: str) -> Outcome:
        state = self._state(scene)
        run = scene.run
        who = run.requester.name
        early: tuple[Effect, ...] = tuple(
            Relay("", run.handoff, relay.quoted(who, relay.ASKED, each)) for each in state.get("early") or ()
        )
        slots: dict[str, Any] = {STATE: {**state, "early": [], "taken": True}}
        if self.save:
            slots[self.save] = {"taken": True, "name": name, "email": email}
        effects = (relay.taken_card(scene, name), *early)
        return GoTo(self.if_taken, effects, slots) if self.if_taken else Stay(effects, slots)

    def _next(self, scene: Scene, *effects: Effect) -> Outcome:
        """To the next who can be asked: another entry of this step, so another key."""
        return GoTo(self.id, effects, {STATE: {**self._state(scene), "again": True}})

    def _over(self, scene: Scene, words: str, *before: Effect) -> Outcome:
        closed = relay.closed(scene.run, "This is resolved.")
        return GoTo(self.next, (*before, *closed, say(words)), {STATE: None})

    def _early(self, scene: Scene, text: str) -> Outcome:
        """Nobody has it yet: it is kept for whoever takes it."""
        if scene.run.helper:
            return Stay()
        state = self._state(scene)
        early = list(state.get("early") or ())
        if len(early) >= MOST_EARLY:
            return Stay((say("I have kept a lot for them already; please tell them when they are here."),))
        kept = {**state, "early": [*early, text.strip()[:LONGEST_EARLY]]}
        return Stay((say(f"I pass that on. {self._waiting(scene)}"),), {STATE: kept})

    def _waiting(self, scene: Scene) -> str:
        if scene.run.helper:
            return "A person has this now; what you write goes to them."
        who = self._state(scene).get("names")
        asked = f"I have asked {who}, and nobody has taken it yet." if who else "I am asking somebody."
        return f"{asked} Say “cancel” if you do not need it any more."

    def _state(self, scene: Scene) -> Mapping[str, Any]:
        state = scene.run.slots.get(STATE)
        return state if isinstance(state, Mapping) and state.get("step") == self.id else {}


def elsewhere(run: Run, event: Event) -> Outcome:
    """What happens to the hand-over while the flow is where `if_taken` led: it is known when it comes
    back to the step."""
    state = run.slots.get(STATE)
    if not isinstance(state, Mapping):
        return Stay()
    match event:
        case Resolved(name=name):
            return Stay((), {STATE: {**state, "over": _resolved(name)}})
        case Passed(name=name):
            return Stay(relay.closed(run, _left(name)), {STATE: {**state, "again": True}})
        case Chose(choice=relay.SOLVED):
            return Stay((_solved(run),), {STATE: {**state, "over": SOLVED}})
        case Chose(choice=relay.OTHER):
            back = (_another(run), *relay.closed(run, OTHER))
            return Stay(back, {STATE: {**state, "again": True}})
    return Stay()


def _resolved(name: str) -> str:
    return f"{name} says that this is resolved. I am back."


def _left(name: str) -> str:
    return f"{name} has left this to somebody else."


def _solved(run: Run) -> Effect:
    return TakeBack(run.handoff, f"{run.requester.name} says that it is solved.", "resolved")


def _another(run: Run) -> Effect:
    return TakeBack(run.handoff, f"{run.requester.name} has asked for somebody else.", "passed")


def _list(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return names[0] if names else "somebody"
    return f"{', '.join(names[:-1])} and {names[-1]}"
