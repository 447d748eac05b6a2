"""The tool that answers from the pages that were read in. It only reads."""

from __future__ import annotations

from typing import Any

from integrations.base import Integration, Reversibility, Risk, Tool
from integrations.knowledge.answer import answer
from integrations.knowledge.models import Answer, AnswerArguments
from integrations.models.writing import writer


def _describe(arguments: Any) -> tuple[tuple[str, str], ...]:
    return (("Question", AnswerArguments.model_validate(arguments).question),)


ANSWER = Tool(
    name="knowledge.answer",
    summary="Answer a question from the pages that were read in, with their sources",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=AnswerArguments,
    result=Answer,
    perform=answer,
    describe=_describe,
)

KNOWLEDGE = Integration(name="knowledge", tools=(ANSWER,), connect=writer, required=())
