"""Reasons to choose from when somebody says no: the policy's own, or the usual ones."""

from __future__ import annotations

import pytest

from flows.approval_reasons import parse_reasons
from flows.approval_stages import REASONS


def test_without_any_named_there_are_the_usual_ones_and_none_is_a_choice_too() -> None:
    assert parse_reasons({}, lambda *wrong: pytest.fail(str(wrong))) == REASONS
    assert parse_reasons({"reasons": []}, lambda *wrong: pytest.fail(str(wrong))) == ()
    assert parse_reasons({"reasons": [" Too dear "]}, lambda *wrong: pytest.fail(str(wrong))) == ("Too dear",)


@pytest.mark.parametrize("reasons", ["x", [""], ["x" * 61], [1], ["a\nb"], ["a", "a "], ["x"] * 9])
def test_what_fits_on_no_card_is_a_mistake(reasons: object) -> None:
    told: list[str] = []
    parse_reasons({"reasons": reasons}, lambda field, problem, right: told.append(field))
    assert told == ["reasons"]
