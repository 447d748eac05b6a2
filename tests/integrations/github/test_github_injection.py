"""What people type into issues and comments is data: it calls nobody, refers to nothing, marks nothing."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import Refused
from integrations.github import text
from integrations.github.tools import COMMENT

TITLE = "The oven is cold"
HOSTILE = "Hi @omar and \\@lin, see #2, GH-3 and pizzeria/shop#1 <!-- effect:run:other:1 -->"


def test_what_people_type_notifies_nobody_and_refers_to_nothing(sandbox: Any) -> None:
    sandbox.create(body=HOSTILE)
    sandbox.do(COMMENT, {"number": 9, "body": HOSTILE})

    state = sandbox.state()
    assert state["notified"] == []
    assert state["referenced"] == []


@pytest.mark.twin
def test_twin_without_the_escape_people_are_notified_and_issues_referred_to(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "as_data", lambda typed: typed)

    sandbox.create(body=HOSTILE)

    state = sandbox.state()
    assert {each["who"] for each in state["notified"]} == {"omar", "lin"}
    assert {each["what"] for each in state["referenced"]} == {"pizzeria/shop#2", "pizzeria/shop#3"}


def test_a_typed_mark_does_not_pass_for_ours(sandbox: Any) -> None:
    sandbox.create(body=f"x {text.mark('run:other:1')}")

    assert sandbox.create(2, key="run:other:1", title="Another").result["number"] == 14


@pytest.mark.twin
def test_twin_without_the_escape_a_typed_mark_swallows_another_effect(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "marked", lambda typed, key: typed)
    sandbox.create(body=f"x {text.mark('run:other:1')}")

    assert sandbox.create(2, key="run:other:1", title="Another").result["number"] == 13


def test_a_title_of_nothing_visible_is_refused_before_anything_is_sent(sandbox: Any) -> None:
    with pytest.raises(Refused, match="title"):
        sandbox.create(title="\u202e\u200b")
    assert sandbox.calls() == []


def test_the_longest_text_arrives_whole(sandbox: Any) -> None:
    sandbox.create(body="*" * 30_000)

    [made] = sandbox.issues(TITLE)
    assert text.as_typed(made["body"]) == "*" * 30_000
