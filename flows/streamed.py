"""Which words of a model may be shown while it writes them: those that the next step says."""

from __future__ import annotations

from flows.flow import Flow
from flows.steps.message import Message
from flows.steps.think import CALL, Think

__all__ = ["CALL", "step_of", "streamed"]


def streamed(flow: Flow, step: str) -> bool:
    """The step asks a model, and what follows is a message of its own that says the answer for certain."""
    thinking = flow.steps.get(step)
    if not isinstance(thinking, Think):
        return False
    said = flow.steps.get(thinking.next)
    return (
        isinstance(said, Message)
        and said.when is None
        and not said.replaces
        and thinking.save in said.text.names | said.show.names
    )


def step_of(key: str) -> str:
    """The step of an effect's key, `run:step:generation`."""
    return key.rpartition(":")[0].partition(":")[2]
