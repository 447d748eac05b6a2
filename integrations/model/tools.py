"""The model's one tool: it reads what it is given and nothing else, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.base import Integration, Reversibility, Risk, Tool
from integrations.model.think import ThinkArguments, Thought, think
from integrations.models.writing import Writer

THINK = Tool(
    name="model.think",
    summary="Answer from material, in words of a model or as an extract",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=ThinkArguments,
    result=Thought,
    perform=think,
)


def connect(settings: Mapping[str, str]) -> Writer | None:
    """None where MODEL is offline. Raises `NotConfigured` naming what is missing."""
    from integrations.models.writing import writer

    return writer(settings)


MODEL = Integration(name="model", tools=(THINK,), connect=connect, required=())
