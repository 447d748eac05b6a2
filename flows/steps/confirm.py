"""confirm: show it, and go on only when the person it is for says yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bot.reply import Block, Buttons, Paragraph, Reply, Style, Tone
from flows.effects import Change as Replace
from flows.effects import Effect, Say
from flows.events import Chose, Entered, Event, Heard
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.scene import Scene, say
from flows.show import Show
from flows.steps.base import Fields
from flows.templates import Text
from flows.tone import said

LONGEST_LABEL = 75
CHANGE = said("What should I change? For example “make it three” or “drop the cola”.")
CORRECT = said("What should I change? Name it and say what it should be, or say “cancel”.")
UNSURE = said("I did not understand that. Say “yes” if it is right, say what to change, or say “cancel”.")


@dataclass(frozen=True, slots=True)
class Confirm:
    """`yes` is a step, `button` the words on the button that leads there. `change` is the input
    step that takes corrections of the list."""

    kind: ClassVar[str] = "confirm"
    waits: ClassVar[bool] = True

    id: str
    text: Text
    show: Show
    confirmed: Text
    button: str
    yes: str
    change: str

    @classmethod
    def parse(cls, fields: Fields) -> Confirm:
        return cls(
            id=fields.step,
            text=fields.text("text", required=True),
            show=fields.show(),
            confirmed=fields.text("confirmed", "Confirmed."),
            button=_label(fields),
            yes=fields.target("yes"),
            change=fields.string("change"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        return {"yes": self.yes} | ({"change": self.change} if self.change else {})

    @property
    def fills(self) -> frozenset[str]:
        return frozenset()

    @property
    def reads(self) -> frozenset[str]:
        return self.text.names | self.show.names | self.confirmed.names

    def run(self, scene: Scene, event: Event) -> Outcome:
        match event:
            case Entered():
                return Stay((self._card(scene),))
            case Chose() | Heard() if self._is_yes(event):
                return GoTo(self.yes, (self.closed(scene, self.confirmed.render(scene.values)),))
            case Heard(meaning=meaning) if meaning.changes and self.change:
                closed = self.closed(scene, "Changed, see below.")
                return GoTo(self.change, (closed,), carry=event)
            case Chose() | Heard() if self._is_no(event):
                return Stay((say(CHANGE if self.change else CORRECT),))
            case Chose(choice="cancel"):
                return Finish("cancelled", (self.closed(scene, "Cancelled."), say(scene.cancelled)))
            case Heard():
                return Stay((say(UNSURE),))
        return Stay()

    @staticmethod
    def _is_yes(event: Event) -> bool:
        if isinstance(event, Heard):
            return (
                event.meaning.intent == "yes"
                and not event.meaning.changes
                and event.meaning.confidence >= 0.8
            )
        return isinstance(event, Chose) and event.choice == "yes"

    @staticmethod
    def _is_no(event: Event) -> bool:
        if isinstance(event, Heard):
            return event.meaning.intent == "no" and not event.meaning.changes
        return isinstance(event, Chose) and event.choice == "no"

    def _drawn(self, scene: Scene) -> tuple[Block, ...]:
        return (Paragraph(self.text.render(scene.values)), *self.show.blocks(scene.values))

    def _card(self, scene: Scene) -> Effect:
        buttons = Buttons(
            (
                scene.button(self.button, "yes", style=Style.PRIMARY),
                scene.button("Change something", "no"),
                scene.button("Cancel", "cancel", style=Style.DANGER),
            )
        )
        return Say(self.id, Reply(self.text.render(scene.values), (*self._drawn(scene), buttons)))

    def again(self, scene: Scene) -> tuple[Effect, ...]:
        """The card once more, at the end where it is seen."""
        return (self._card(scene),)

    def closed(self, scene: Scene, words: str) -> Effect:
        """The same card, with what became of it in place of its buttons."""
        return Replace(self.id, Reply(words, (*self._drawn(scene), Paragraph(words, Tone.SUBTLE))))


def _label(fields: Fields) -> str:
    label = fields.string("button", "Yes")
    fields.texts.add("button")
    if not 0 < len(label.strip()) <= LONGEST_LABEL:
        fields.wrong("button", f"must have 1 to {LONGEST_LABEL} characters", 'button: "Yes"')
        return "Yes"
    return label
