"""What may be decided together, what stands out of it, and that the worst part of a chain rules it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.batch import SEVERITY, Batching, Part, why_alone, worst
from flows.errors import FlowError
from flows.outliers import Item, bound, standing_out
from flows.policy_file import stored_policy

SECTION = Batching(("stripe.*",), frozenset({"write", "money"}), "20.00")
CHARGE = Part("stripe.charge", "money", "externally-reversible")
READ = Part("stripe.catalogue", "read", "read-only")


def test_without_a_section_nothing_is_ever_batched() -> None:
    assert not Batching()
    assert why_alone(Batching(), CHARGE, (100, "usd"), [])
    assert not stored_policy({"rules": [rule()]}).batch


def test_small_amounts_of_a_listed_tool_may_be() -> None:
    assert why_alone(SECTION, CHARGE, (1_999, "usd"), [READ, CHARGE]) == ""


@pytest.mark.parametrize(
    ("part", "amount"),
    [
        (CHARGE, (2_000, "usd")),
        (CHARGE, (-1, "usd")),
        (CHARGE, None),
        (replace(CHARGE, tool="other.charge"), (100, "usd")),
        (replace(CHARGE, risk="destructive"), (100, "usd")),
        (replace(CHARGE, risk="never heard of"), (100, "usd")),
        (replace(CHARGE, risk="read"), (100, "usd")),
        (replace(CHARGE, reversibility="irreversible"), (100, "usd")),
    ],
)
def test_large_destructive_and_irreversible_never_are(part: Part, amount: Any) -> None:
    assert why_alone(SECTION, part, amount, [])


def test_a_currency_that_the_section_does_not_name_is_decided_alone() -> None:
    section = replace(SECTION, below=(("usd", "20.00"),))
    assert why_alone(section, CHARGE, (100, "usd"), []) == ""
    assert "EUR" in why_alone(section, CHARGE, (100, "eur"), [])


# ── the worst step rules the chain (AISVS 9.2.10) ────────────────────────────────────────

PARTS = st.builds(
    Part,
    st.sampled_from(["a.x", "b.y", "stripe.z"]),
    st.sampled_from(sorted(SEVERITY)),
    st.sampled_from(["read-only", "reversible", "externally-reversible", "irreversible"]),
)


@given(st.lists(PARTS, max_size=8), st.permutations(range(8)))
def test_the_class_of_a_chain_is_that_of_its_worst_part_in_any_order(
    chain: list[Part], order: list[int]
) -> None:
    heaviest = worst(chain)
    mixed = worst([chain[at] for at in order if at < len(chain)])
    if heaviest is None or mixed is None:
        assert chain == []
        return
    assert (heaviest.reversibility == "irreversible") == any(
        part.reversibility == "irreversible" for part in chain
    )
    assert (heaviest.reversibility, heaviest.risk) == (mixed.reversibility, mixed.risk) or (
        SEVERITY[heaviest.risk] == SEVERITY[mixed.risk]
    )
    if heaviest.reversibility != "irreversible":
        assert SEVERITY[heaviest.risk] == max(SEVERITY[part.risk] for part in chain)


@given(st.lists(PARTS, max_size=8))
def test_nothing_with_a_heavy_part_anywhere_in_its_chain_is_batched(chain: list[Part]) -> None:
    heavy = any(
        part.risk == "destructive" or part.reversibility == "irreversible" or
        (part.risk == "money" and part.tool != CHARGE.tool) for part in chain
    )  # fmt: skip
    assert bool(why_alone(SECTION, CHARGE, (100, "usd"), chain)) is heavy


@pytest.mark.twin
def test_were_only_the_call_itself_looked_at_an_irreversible_chain_would_be_batched() -> None:
    chain = [READ, CHARGE, Part("stripe.refund", "money", "irreversible")]
    assert why_alone(SECTION, CHARGE, (100, "usd"), chain)
    assert why_alone(SECTION, CHARGE, (100, "usd"), []) == ""


# ── outliers ─────────────────────────────────────────────────────────────────────────────


def items(*amounts: int, **more: Any) -> list[Item]:
    return [
        Item(f"r{at}", "ada", amount, "usd", "cus_1", sure=0.9, **more) for at, amount in enumerate(amounts)
    ]


def test_what_is_alike_has_nothing_that_stands_out() -> None:
    assert standing_out(items(1_000, 1_100, 900, 1_050), {}) == {}
    assert standing_out(items(500, 500, 500), {}) == {}


def test_an_amount_far_beyond_the_others_stands_out_and_only_it() -> None:
    found = standing_out(items(1_000, 1_100, 900, 1_050, 1_900), {})
    assert found == {"r4": "$19.00 is far more than the others."}


def test_one_huge_amount_does_not_hide_another() -> None:
    found = standing_out(items(1_000, 1_000, 1_000, 1_000, 90_000, 1_000, 5_000), {})
    assert set(found) == {"r4", "r6"}


@pytest.mark.twin
def test_by_the_mean_the_second_would_be_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from statistics import mean, pstdev

    monkeypatch.setattr("flows.outliers.bound", lambda amounts: mean(amounts) + 1.5 * pstdev(amounts))
    found = standing_out(items(1_000, 1_000, 1_000, 1_000, 90_000, 1_000, 5_000), {})
    assert set(found) == {"r4"}


def test_what_was_usual_so_far_counts_too() -> None:
    before = {"usd": [200, 210, 190, 205, 195, 200, 200, 199]}
    found = standing_out(items(1_000, 1_000, 1_000), before)
    assert set(found) == {"r0", "r1", "r2"}
    assert "usual so far" in found["r0"]
    assert standing_out(items(1_000, 1_000, 1_000), {"usd": [200] * 7}) == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"first_time": True}, "never did this for this recipient"),
        ({"sure": 0.74}, "only 74% sure"),
        ({"sure": None}, "not known"),
        ({"currency": "eur"}, "It is in EUR, the others in USD"),
        ({"requester": "omar"}, "Somebody else than the rest"),
    ],
)
def test_each_reason_is_said_in_words(change: dict[str, Any], reason: str) -> None:
    listed = items(1_000, 1_000, 1_000, 1_000)
    listed[2] = replace(listed[2], **change)
    found = standing_out(listed, {})
    assert set(found) == {"r2"}
    assert reason in found["r2"]


def test_where_no_requester_is_most_of_them_nobody_is_odd() -> None:
    listed = [replace(each, requester=f"p{at}") for at, each in enumerate(items(1_000, 1_000, 1_000))]
    assert standing_out(listed, {}) == {}


@given(st.lists(st.integers(0, 10**9), min_size=3, max_size=20))
def test_the_middle_never_stands_out_and_what_is_smaller_never_more(amounts: list[int]) -> None:
    assert sorted(amounts)[len(amounts) // 2 - (len(amounts) + 1) % 2] <= bound(amounts)
    found = standing_out(items(*amounts), {})
    if found:
        least = min(amounts[int(id[1:])] for id in found)
        assert all(f"r{at}" in found for at, each in enumerate(amounts) if each >= least)


# ── the file ─────────────────────────────────────────────────────────────────────────────


def rule() -> dict[str, Any]:
    return {"name": "r", "outcome": "ask", "because": "x"}


def read(**section: Any) -> Batching:
    return stored_policy({"rules": [rule()], "batch": section}).batch


def test_a_section_is_read_with_what_is_usual() -> None:
    found = read(tools=["stripe.charge"], below="20.00")
    assert found == Batching(("stripe.charge",), frozenset({"write", "money"}), "20.00", 3, 20, 60)


@pytest.mark.parametrize(
    "section",
    [
        {}, {"tools": []}, {"tools": "stripe.charge"}, {"tools": ["x"]},
        {"tools": ["x"], "risks": ["destructive"]}, {"tools": ["x"], "risks": []},
        {"tools": ["x"], "below": "a"}, {"tools": ["x"], "below": "20.00", "at_least": 1},
        {"tools": ["x"], "below": "20.00", "at_most": 21},
        {"tools": ["x"], "below": "20.00", "at_most": True},
        {"tools": ["x"], "below": "20.00", "at_least": 10, "at_most": 5},
        {"tools": ["x"], "below": "20.00", "within_seconds": 601},
        {"tools": ["x"], "below": "20.00", "more": 1},
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_section_is_named(section: dict[str, Any]) -> None:
    with pytest.raises(FlowError):
        read(**section)
