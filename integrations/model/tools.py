"""The model's one tool: it reads what it is given and nothing else, and changes nothing."""

from __future__ import annotations

from integrations.base import Integration, Reversibility, Risk, Tool
from integrations.model.think import ThinkArguments, Thought, think
from integrations.models.writing import writer

THINK = Tool(
    name="model.think",
    summary="Answer from material, in words of a model or as an extract",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=ThinkArguments,
    result=Thought,
    perform=think,
)

MODEL = Integration(name="model", tools=(THINK,), connect=writer, required=())
