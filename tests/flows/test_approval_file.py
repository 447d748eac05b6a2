"""approvers of a policy: every way to say who decides, and every mistake with its name."""

from __future__ import annotations

from typing import Any

import pytest

from flows.approval_stages import Hours, Stage, Terms, Times, from_json, title, to_json
from flows.errors import FlowError
from flows.policy import Approvers
from flows.policy_file import parse_policy
from flows.yaml_source import Source

RULE = {"name": "all", "outcome": "ask", "because": "So."}
GROUPS = {"finance": {"people": ["Grace@example.com", "omar@example.com"]}, "empty": {}}
ROTAS = {"on-call": {"line": [{"who": "grace@example.com"}]}}


def parsed(approvers: Any) -> Approvers:
    document = {"rules": [RULE], "groups": GROUPS, "rotas": ROTAS, "approvers": approvers}
    return parse_policy(Source("policy.yaml", document, {})).approvers


def mistakes(approvers: Any) -> str:
    with pytest.raises(FlowError) as found:
        parsed(approvers)
    return str(found.value)


def test_people_and_places_alone_are_as_they_were() -> None:
    assert parsed({"people": ["a@x.com"], "places": ["slack:C1"]}) == Approvers(("a@x.com",), ("slack:C1",))
    assert parsed({}) == Approvers()


def test_so_many_of_some() -> None:
    found = parsed(
        {"any_of": ["finance", "Linus@example.com", "on-call", "slack:@Treasury", "manager"], "quorum": 2}
    )
    assert found.stages == (
        Stage(("finance", "linus@example.com", "on-call", "slack:@treasury", "manager"), 2),
    )


def test_a_quorum_of_the_people_named_and_of_whoever_is_there() -> None:
    assert parsed({"people": ["a@x.com", "b@x.com"], "quorum": 2}).stages == (
        Stage(("a@x.com", "b@x.com"), 2),
    )
    assert parsed({"quorum": 2}).stages == (Stage((), 2),)


def test_stages_in_their_order() -> None:
    found = parsed(
        {"stages": [{"name": "finance", "any_of": ["finance"]}, {"any_of": ["manager"], "quorum": 1}]}
    )
    assert found.stages == (Stage(("finance",), 1, "finance"), Stage(("manager",), 1))
    assert [title(found.stages, n) for n in range(2)] == ["finance", "Stage 2"]


def test_when_they_are_reminded_and_who_comes_next() -> None:
    hours = {"days": ["mon", "tue"], "from": "09:00", "to": "17:30", "time_zone": "Europe/Berlin"}
    found = parsed({"any_of": ["finance"], "remind": [80, 50], "escalate": ["on-call"], "expired": "escalate",
                    "hours": hours, "clock": "working"})  # fmt: skip
    assert found.escalate == ("on-call",)
    assert found.times == Times(
        (50, 80), Hours(frozenset({"mon", "tue"}), (540, 1050), "Europe/Berlin"), True
    )


TREASURY = "0F0F0F0F-1111-4222-8333-444444444444"


@pytest.mark.parametrize(
    "term", [f"entra:{TREASURY}", {"entra_group": TREASURY}, {"entra_group": TREASURY.lower()}]
)
def test_an_entra_group_is_named_by_its_object_id(term: Any) -> None:
    found = parsed({"any_of": [term, "finance"], "escalate": [term], "expired": "escalate"})
    assert found.stages[0].any_of == (f"entra:{TREASURY.lower()}", "finance")
    assert found.escalate == (f"entra:{TREASURY.lower()}",)


@pytest.mark.parametrize(
    "term",
    [
        "entra:treasury",
        {"entra_group": "treasury"},
        {"entra_group": None},
        {"entra_group": TREASURY, "more": 1},
        {"entra_group": f"{TREASURY}/../x"},
    ],
)
def test_an_entra_group_by_another_name_is_a_mistake_that_says_how(term: Any) -> None:
    said = mistakes({"any_of": [term]})
    assert "is no group of Entra" in said
    assert "object id" in said


@pytest.mark.parametrize(
    ("approvers", "words"),
    [
        ([], "must be a mapping"),
        ({"everybody": True}, "is not a field of approvers"),
        ({"any_of": []}, "names nobody"),
        ({"any_of": ["nobody"]}, "'nobody' is nobody"),
        ({"any_of": ["empty"]}, "a group with people"),
        ({"any_of": ["slack:finance"]}, "is nobody"),
        ({"any_of": [3]}, "is nobody"),
        ({"any_of": ["finance"] * 51}, "at most 50"),
        ({"people": ["a@x.com"], "any_of": ["finance"]}, "stands beside people"),
        ({"any_of": ["finance"], "stages": [{"any_of": ["finance"]}]}, "stand beside people"),
        ({"any_of": ["finance"], "quorum": 0}, "whole number"),
        ({"any_of": ["finance"], "quorum": True}, "whole number"),
        ({"any_of": ["a@x.com"], "quorum": 2}, "of 1 people"),
        ({"stages": []}, "1 to 8"),
        ({"stages": [{"any_of": ["finance"], "when": "now"}]}, "and nothing else"),
        ({"stages": [{"any_of": ["finance"], "name": "x" * 61}]}, "60 characters"),
        ({"any_of": ["finance"], "remind": [0]}, "percentages"),
        ({"any_of": ["finance"], "remind": [1, 2, 3, 4, 5, 6]}, "percentages"),
        ({"any_of": ["finance"], "expired": "escalate"}, "do not fit"),
        ({"any_of": ["finance"], "expired": "reject", "escalate": ["on-call"]}, "do not fit"),
        ({"any_of": ["finance"], "expired": "approve"}, "reject or escalate"),
        ({"any_of": ["finance"], "clock": "working"}, "there are none"),
        ({"any_of": ["finance"], "clock": "never"}, "always or working"),
        ({"any_of": ["finance"], "hours": {"from": "17:00", "to": "09:00"}}, "begin before they end"),
        ({"any_of": ["finance"], "hours": {"days": ["someday"]}}, "days are some of"),
        ({"any_of": ["finance"], "hours": {"time_zone": "a b"}}, "no time zone"),
        ({"any_of": ["finance"], "hours": {"at": "noon"}}, "and nothing else"),
    ],
)
def test_a_mistake_is_named(approvers: Any, words: str) -> None:
    assert words in mistakes(approvers)


def test_terms_come_back_as_they_were_stored() -> None:
    terms = Terms((Stage(("finance",), 2, "finance"), Stage(("manager",))), ("on-call",))
    assert from_json(to_json(terms)) == terms
    assert from_json({}).stages == ()


def test_who_it_was_escalated_to_joins_those_who_are_named_and_nobody_s_place() -> None:
    terms = Terms((Stage(("finance",)), Stage()), ("on-call", "boss@x.com"))
    assert terms.at(0, 0) == ("finance",)
    assert terms.at(0, 2) == ("finance", "on-call", "boss@x.com")
    assert terms.at(1, 2) == ()
