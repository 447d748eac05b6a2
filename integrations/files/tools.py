"""The tool that answers from files that somebody sent. It only reads."""

from __future__ import annotations

from typing import Any

from integrations.base import Integration, Reversibility, Risk, Tool
from integrations.files.answer import answer
from integrations.files.models import Answer, AnswerArguments
from integrations.models.writing import writer


def _describe(arguments: Any) -> tuple[tuple[str, str], ...]:
    return (("Question", AnswerArguments.model_validate(arguments).question),)


ANSWER = Tool(
    name="files.answer",
    summary="Sum up what was sent in this thread, or answer a question from it",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=AnswerArguments,
    result=Answer,
    perform=answer,
    describe=_describe,
)

FILES = Integration(name="files", tools=(ANSWER,), connect=writer, required=())
