"""The worst step rules the chain: what cannot be undone, in flows, inside of flows and in batches."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from flows.batch import Batching, Part, why_alone, worst
from flows.flow import Flow
from flows.loader import load
from flows.yaml_source import Source
from integrations import tools
from tests.workers.example_calls import arguments
from workers.approvers.load import chain_of
from workers.tools import cards

READ, WRITE, MONEY, FINAL = "jira.search", "jira.comment", "stripe.charge", "stripe.refund"
ORDER = (READ, WRITE, MONEY, FINAL)  # from what does least to what cannot be undone
SMALL = Batching(("stripe.*", "jira.*"), frozenset({"read", "write", "money"}), "50.00")


def flow(calls: tuple[str, ...], depth: int) -> Flow:
    """These calls one after the other; the last of them so deep inside of other flows."""
    inner = [_one(level, calls[-1:] if level == depth else (), depth) for level in range(1, depth + 1)]
    raw = _one(0, calls[:-1] if depth else calls, depth)
    if inner:
        raw["subflows"] = {each["id"]: each for each in inner}
    return load(Source("level0.yaml", raw, {}), tools())


def _one(level: int, calls: tuple[str, ...], depth: int) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [
        {"id": f"s{at}", "type": "tool", "call": name, "with": given(name)} for at, name in enumerate(calls)
    ]
    if level < depth:
        steps.append({"id": "sub", "type": "subflow", "flow": f"level{level + 1}"})
    end = {"id": "end", "type": "end"}
    return {"id": f"level{level}", "description": "A chain", "steps": [*steps, end]}


def given(name: str) -> dict[str, Any]:
    return {"text": "x"} if name == READ else arguments(tools()[name])


def part(name: str) -> Part:
    return Part(name, tools()[name].risk.value, tools()[name].reversibility.value)


CHAINS = [calls for size in (1, 2, 3, 4) for calls in permutations(ORDER, size)]


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_class_of_a_flow_is_that_of_its_worst_call_wherever_it_stands(depth: int) -> None:
    for calls in CHAINS:
        chain = chain_of(flow(calls, depth), cards())
        assert chain is not None
        assert {each.tool for each in chain} == set(calls)
        heaviest = worst(chain)
        assert heaviest is not None
        assert heaviest.tool == max(calls, key=ORDER.index), calls


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_no_call_of_a_chain_is_batched_that_ends_in_what_cannot_be_undone(depth: int) -> None:
    for calls in CHAINS:
        chain = chain_of(flow(calls, depth), cards())
        assert chain is not None
        for name in calls:
            amount = (100, "usd") if name in (MONEY, FINAL) else None
            alone = why_alone(SMALL, part(name), amount, chain)
            if FINAL in calls:
                assert alone == f"{FINAL} cannot be undone"
            elif name == MONEY:
                assert alone == ""


@pytest.mark.twin
def test_looking_at_the_flow_s_own_steps_alone_it_would_be() -> None:
    calls = (MONEY, FINAL)
    whole = flow(calls, 2)
    own = [part(step["call"]) for step in whole.source["steps"] if "call" in step]
    assert why_alone(SMALL, part(MONEY), (100, "usd"), own) == ""
