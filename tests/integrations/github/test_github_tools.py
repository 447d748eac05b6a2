"""What GitHub's tools declare, and what a person reads before one of them is carried out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from integrations.base import Reversibility, Risk, Tool
from integrations.github.tools import ASSIGN, CLOSE, COMMENT, CREATE_ISSUE, GITHUB, LABEL, SEARCH

FULL: dict[str, tuple[Tool, dict[str, Any]]] = {
    "create": (
        CREATE_ISSUE,
        {
            "repository": "pizzeria/shop",
            "title": "The oven is cold",
            "body": "Since noon.\n" + "Very cold. " * 500,
            "labels": ["bug", "kitchen"],
            "assignees": ["ada", "lin"],
        },
    ),
    "comment": (COMMENT, {"repository": "pizzeria/shop", "number": 12, "body": "word " * 3000}),
    "label": (
        LABEL,
        {"repository": "pizzeria/shop", "number": 12, "add": ["bug"], "remove": ["menu", "x y"]},
    ),
    "assign": (ASSIGN, {"repository": "pizzeria/shop", "number": 12, "add": ["ada"], "remove": ["lin"]}),
    "close": (CLOSE, {"repository": "pizzeria/shop", "number": 12, "reason": "completed"}),
    "search": (
        SEARCH,
        {
            "repository": "pizzeria/shop",
            "labels": ["bug"],
            "since": "2026-11-01",
            "text": "cold",
            "state": "closed",
        },
    ),
}


def _leaves(value: Any) -> list[str]:
    match value:
        case dict():
            return [leaf for each in value.values() for leaf in _leaves(each)]
        case list():
            return [leaf for each in value for leaf in _leaves(each)]
    return [str(value)]


@pytest.mark.parametrize("name", FULL)
def test_all_that_will_be_sent_stands_on_the_card_and_nothing_is_shortened(name: str) -> None:
    tool, arguments = FULL[name]
    assert tool.describe is not None

    card = " ".join(value for _, value in tool.describe(arguments))
    assert [each for each in _leaves(arguments) if each not in card] == []
    assert tool.describe(tool.arguments.model_validate(arguments)) == tool.describe(arguments)


def test_the_usual_repository_is_named_as_such_on_the_card() -> None:
    assert CLOSE.describe is not None

    assert ("Repository", "the usual one (GITHUB_REPOSITORY)") in CLOSE.describe({"number": 1})


def test_what_writes_elsewhere_says_that_it_carries_data_out() -> None:
    assert {tool.name for tool in GITHUB.tools if tool.egress} == {
        "github.create_issue",
        "github.comment",
        "github.label",
    }


def test_only_the_search_reads_and_the_rest_writes() -> None:
    assert {tool.name: tool.risk for tool in GITHUB.tools if tool.risk is not Risk.WRITE} == {
        "github.search": Risk.READ
    }
    assert SEARCH.reversibility is Reversibility.READ_ONLY


@pytest.mark.parametrize("name", FULL)
def test_arguments_come_as_json_and_are_closed(name: str) -> None:
    tool, arguments = FULL[name]

    tool.arguments.model_validate(json.loads(json.dumps(arguments)))
    with pytest.raises(ValidationError):
        tool.arguments.model_validate(arguments | {"unknown": 1})


@pytest.mark.parametrize(
    ("tool", "wrong"),
    [
        (CREATE_ISSUE, {"title": ""}),
        (CREATE_ISSUE, {"title": "   "}),
        (CREATE_ISSUE, {"title": "x" * 257}),
        (CREATE_ISSUE, {"title": "x", "body": "x" * 30_001}),
        (CREATE_ISSUE, {"title": "x", "labels": ["x"] * 21}),
        (CREATE_ISSUE, {"title": "x", "labels": ["x" * 51]}),
        (CREATE_ISSUE, {"title": "x", "labels": [""]}),
        (CREATE_ISSUE, {"title": "x", "labels": ["a\nb"]}),
        (CREATE_ISSUE, {"title": "x", "assignees": ["a"] * 11}),
        (CREATE_ISSUE, {"title": "x", "assignees": ["a b"]}),
        (CREATE_ISSUE, {"title": "x", "assignees": ["../x"]}),
        (CREATE_ISSUE, {"title": "x", "repository": "o/.."}),
        (CREATE_ISSUE, {"title": "x", "repository": "o/x/issues"}),
        (CREATE_ISSUE, {"title": 1}),
        (COMMENT, {"number": 9, "body": " \n"}),
        (COMMENT, {"number": 0, "body": "x"}),
        (COMMENT, {"number": "9", "body": "x"}),
        (COMMENT, {"number": True, "body": "x"}),
        (COMMENT, {"number": 10**12, "body": "x"}),
        (CLOSE, {"number": 1, "reason": "duplicate"}),
        (SEARCH, {"most": 1001}),
        (SEARCH, {"most": 0}),
        (SEARCH, {"text": "x" * 201}),
        (SEARCH, {"state": "opened"}),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(tool: Tool, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        tool.arguments.model_validate(wrong)


@pytest.mark.parametrize("name", FULL)
def test_what_is_answered_fits_its_own_type(sandbox: Any, name: str) -> None:
    tool, arguments = FULL[name]
    given = arguments | ({"number": 9} if "number" in arguments else {})
    if name == "label":
        given |= {"add": ["menu"], "remove": ["bug"]}

    done = sandbox.do(tool, given)

    assert tool.result.model_validate(done.result).model_dump(mode="json") == done.result
    json.dumps(done.result)
