"""flow.approve: all of the question is on the card, and only it may name who decides."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from integrations.flow import tools
from integrations.flow.tools import APPROVE, ApproveArguments, approvers_of

ASKED = {
    "question": "May I?",
    "facts": [{"label": "Who", "value": "Ada"}],
    "approvers": ["Grace@example.com"],
}


def test_the_card_holds_the_question_the_facts_and_who_may_decide() -> None:
    assert APPROVE.describe is not None
    assert APPROVE.describe(ASKED) == (
        ("Question", "May I?"), ("Who", "Ada"), ("Who may decide", "grace@example.com".replace("g", "G", 1)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "more", [{"question": ""}, {"question": "x" * 2_001}, {"facts": [{"label": "a"}]}, {"x": 1}]
)
def test_arguments_are_closed_and_bounded(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ApproveArguments.model_validate({**ASKED, **more})


def test_no_other_call_names_those_who_approve_it() -> None:
    assert approvers_of("flow.approve", ASKED) == ("grace@example.com",)
    assert approvers_of("stripe.charge", {"approvers": ["mallory@example.com"]}) == ()


@pytest.mark.twin
def test_twin_without_that_a_charge_could_name_its_own_approver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "NAME", "stripe.charge")
    assert approvers_of("stripe.charge", {"approvers": ["mallory@example.com"]}) == ("mallory@example.com",)
