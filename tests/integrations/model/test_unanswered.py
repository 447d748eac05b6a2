"""A model that gave no answer, as whoever waits is told it: who can raise a budget, what may pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.errors import IntegrationError, NotReached, Refused
from integrations.model.think import ThinkArguments, think
from integrations.model.unanswered import unanswered
from integrations.models.base import ModelUnavailable, Problem
from integrations.models.writing import Task, Text

SPENT = "has used up this month's budget of 5.00 US dollars: Grace can raise it."


def test_a_spent_budget_is_said_with_who_can_raise_it_and_is_not_tried_again() -> None:
    found = unanswered(ModelUnavailable("x", Problem.SPENT, told=SPENT))

    assert isinstance(found, Refused)
    assert str(found) == f"The model {SPENT}"
    assert (found.retryable, found.code) == (False, "budget_spent")


@pytest.mark.parametrize("problem", [each for each in Problem if each is not Problem.SPENT])
def test_everything_else_may_pass_and_is_tried_again(problem: Problem) -> None:
    found = unanswered(ModelUnavailable("a secret of the log", problem))

    assert isinstance(found, NotReached)
    assert found.retryable
    assert str(found) == "The model gave no answer in time."


def test_think_hands_that_sentence_on() -> None:
    class Spent:
        def write(
            self, task: Task, batches: Sequence[Sequence[Text]], progress: Callable[[str], None], **_: Any
        ) -> str:
            raise ModelUnavailable("x", Problem.SPENT, told=SPENT)

    asked = ThinkArguments.model_validate(
        {"instructions": "Sum up", "material": [{"name": "A", "text": "b"}]}
    )
    with pytest.raises(IntegrationError, match="Grace can raise it"):
        think(Spent(), asked, Attempt("k", 1, datetime(2026, 1, 1, tzinfo=UTC)))
