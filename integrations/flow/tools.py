"""flow.approve: a call that changes nothing, so that a question can be approved like any other call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from integrations.base import (
    Arguments,
    Attempt,
    Done,
    Integration,
    Performed,
    Result,
    Reversibility,
    Risk,
    Tool,
)

Words = Annotated[str, Field(max_length=2_000)]
Email = Annotated[str, Field(max_length=254)]
NAME = "flow.approve"


class Fact(Arguments):
    label: Words
    value: Words


class ApproveArguments(Arguments):
    """`approvers` are e-mail addresses; empty: whoever the policy names."""

    question: Annotated[str, Field(min_length=1, max_length=2_000)]
    facts: Annotated[list[Fact], Field(max_length=20, default_factory=list)]
    approvers: Annotated[list[Email], Field(max_length=50, default_factory=list)]


class Approved(Result):
    approved: bool


def approvers_of(tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom this call itself names as those who may decide; nobody for any other tool."""
    if tool != NAME:
        return ()
    return tuple(str(each).lower() for each in arguments.get("approvers") or ())


def _facts(given: Any) -> tuple[tuple[str, str], ...]:
    """All of it: what is not on the card is not approved."""
    asked = given if isinstance(given, ApproveArguments) else ApproveArguments.model_validate(dict(given))
    named = (("Who may decide", ", ".join(asked.approvers)),) if asked.approvers else ()
    return (("Question", asked.question), *((fact.label, fact.value) for fact in asked.facts), *named)


def _approved(client: None, asked: ApproveArguments, attempt: Attempt) -> Performed:
    """It could only be claimed because somebody entitled said yes; there is nothing else to do."""
    return Done({"approved": True})


APPROVE = Tool(
    name=NAME,
    summary="Answer a question of a flow",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=ApproveArguments,
    result=Approved,
    perform=_approved,
    describe=_facts,
)

FLOW = Integration(name="flow", tools=(APPROVE,), connect=lambda settings: None, required=())
