"""All that a step may look at, and the few phrases that steps share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.reply import Block, Button, Buttons, Paragraph, Reply, Style
from flows.effects import Say
from flows.policy import Policy, ToolCard
from flows.policy_facts import UNKNOWN, Facts
from flows.run import Run
from flows.scopes import within
from flows.tone import said

if TYPE_CHECKING:
    from flows.flow import Flow

NOTHING_CHARGED = "Nothing was ordered or charged."
NOTHING_DONE = "Nothing was done."


@dataclass(frozen=True, slots=True)
class Known:
    """What is the same for every run of a tenant at this moment.

    `flows` are id and description of what can be started. `bar` is the confidence below which
    we ask back instead of going on. `stopped` are arms of experiments that nobody new is to get.
    `facts` are what rules may look at beside a call, `shadow` is a policy that is only tried out.
    """

    policy: Policy
    tools: Mapping[str, ToolCard]
    flows: tuple[tuple[str, str], ...] = ()
    bar: float = 0.6
    stopped: frozenset[str] = frozenset()
    facts: Facts = UNKNOWN
    shadow: Policy | None = None
    called: str = ""  # what the bot calls itself here, where that is not its own name


@dataclass(frozen=True, slots=True)
class Scene:
    """One step's view: the run as it is now, and what is known."""

    run: Run
    known: Known
    values: Mapping[str, Any] = field(default_factory=dict)
    flow: Flow | None = None
    whole: Run | None = None  # with the slots of every flow inside, where `run` holds those of one

    @property
    def nothing(self) -> str:
        """What cancelling leaves behind, truly: whether money could have moved, and what was done."""
        if self.run.did:
            return f"What was done before stays done: {', '.join(self.run.did)}."
        steps = self.flow.steps.values() if self.flow else ()
        calls = [self.known.tools.get(getattr(step, "call", "")) for step in steps]
        money = any(card is not None and card.risk == "money" for card in calls)
        return NOTHING_CHARGED if money else NOTHING_DONE

    @property
    def cancelled(self) -> str:
        return said("Cancelled.") + f" {self.nothing}"

    def button(self, label: str, choice: str, value: str = "", style: Style = Style.PLAIN) -> Button:
        """A button of the present step; pressed later than that, it is out of date."""
        run = self.run
        return Button(
            label, f"run.{choice}", f"{run.id}|{run.step}:{run.entries.get(run.step, 0)}|{value}", style
        )


def scene(run: Run, known: Known, flow: Flow | None = None) -> Scene:
    """`requester`, `run`, `conversation` and `policy` join the slots as values that templates can read."""
    whole, run, who = run, within(run), run.requester
    return Scene(
        run,
        known,
        {
            **run.slots,
            "requester": {"name": who.name, "email": who.email},
            "run": {"id": run.id, "unread": run.unread},
            "conversation": run.conversation,
            "policy": {"escalation": known.policy.duty.values},
        },
        flow,
        whole,
    )


def say(text: str, *blocks: Block, name: str = "") -> Say:
    """A message; with a `name` a later step can replace it."""
    return Say(name, Reply(text, blocks))


def with_buttons(text: str, *buttons: Button, name: str = "") -> Say:
    return Say(name, Reply(text, (Paragraph(text), Buttons(buttons)) if buttons else ()))
