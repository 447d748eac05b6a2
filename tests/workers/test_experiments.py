"""Outcomes are noted with the run's end, a harmful arm is stopped, and the read-out is honest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.metrics import Metrics
from bot.turn import PersonId, Place
from flows.arms import Outcome, Taken
from flows.loader import load
from flows.run import Requester, Run
from flows.yaml_source import read
from tests.workers.store.conftest import There
from workers import commit as committing
from workers import evidence, experiments
from workers.commit import Commit
from workers.experiments import changes, ended, read_out
from workers.known import Library
from workers.store import definitions, look
from workers.store import experiments as stored_experiments
from workers.store.conversations import Claimed
from workers.store.door import Database, Lost
from workers.store.experiments import State, Tally
from workers.store.runs import Stored

NAME = "greet.hello.text"
GREET = """
id: greet
description: Say hello
steps:
  - {{id: hello, type: message, text: {text}}}
  - {{id: done, type: end}}
"""
NOBODY = str(UUID(int=0))
PLACE = Place("slack", "T1", "C1", "17.1")


def greet(text: str = "{variants: {a: Hello, b: Hi}}") -> Any:
    return load(read("greet.yaml", GREET.format(text=text).encode()), frozenset())


def taken(arm: str = "b", outcome: Outcome = "done", **more: Any) -> Taken:
    fields: dict[str, Any] = {"good": outcome == "done", "bad": outcome not in ("done", "expired")}
    return Taken(NOBODY, NAME, "a:1 b:1", "a", ("a", "b"), arm, outcome, **{**fields, **more})


async def somebody(there: There) -> UUID:
    [[id]] = await there.fetch(
        "insert into people (tenant_id, name) values ($1, 'Somebody') returning id", there.tenant
    )
    return UUID(str(id))


async def note(there: There, what: Taken, person: UUID | None = None) -> None:
    whose = person or await somebody(there)
    async with there.db.tenant(there.tenant) as c:
        await ended(c, there.tenant, [replace(what, person=str(whose))])


async def tallies(there: There) -> list[Tally]:
    async with there.db.tenant(there.tenant) as c:
        return await stored_experiments.tallies(c, there.tenant, NAME)


async def stopped(there: There) -> tuple[str, ...]:
    async with there.db.tenant(there.tenant) as c:
        return await stored_experiments.stopped(c, there.tenant)


# ── noting ───────────────────────────────────────────────────────────────────────────────


async def test_a_person_counts_once_by_what_came_of_their_first_run(there: There) -> None:
    ada = await somebody(there)
    for outcome in ("cancelled", "done", "done"):
        await note(there, taken("b", outcome), ada)  # type: ignore[arg-type]  # each is an outcome
    [found] = await tallies(there)
    assert found == Tally(NAME, "a:1 b:1", 0, "b", people=1, good=0, bad=1, runs=3)


async def test_several_experiments_of_a_run_are_noted_at_once(there: There) -> None:
    ada = await somebody(there)
    other = replace(taken("a"), experiment="greet.ask.text")
    async with there.db.tenant(there.tenant) as c:
        both = [replace(each, person=str(ada)) for each in (taken("b"), other)]
        noted = await stored_experiments.note(c, there.tenant, both)
    assert {each.experiment for each in noted} == {NAME, "greet.ask.text"}
    assert all(each.first for each in noted)


async def test_two_runs_of_one_person_that_end_in_one_turn_count_once_by_the_first(there: There) -> None:
    ada = str(await somebody(there))
    both = [replace(taken("b", outcome), person=ada) for outcome in ("done", "failed")]  # type: ignore[arg-type]
    async with there.db.tenant(there.tenant) as c:
        await ended(c, there.tenant, both)
    [found] = await tallies(there)
    assert (found.people, found.good) == (1, 1)


async def test_other_weights_are_counted_apart(there: There) -> None:
    ada = await somebody(there)
    await note(there, taken("b"), ada)
    await note(there, replace(taken("b"), series="a:9 b:1"), ada)
    assert sorted(each.series for each in await tallies(there)) == ["a:1 b:1", "a:9 b:1"]


def run_of(there: There, flow: str, version: str, status: Any) -> Run:
    return Run(
        str(uuid4()),
        flow,
        version,
        Requester(PersonId(str(there.person)), "Ada"),
        status=status,
        arms={NAME: "b"},
    )


async def written(there: There, commit: Commit, claimed: Claimed) -> None:
    [row] = await there.fetch("select min(id) from inbox")
    async with there.db.tenant(there.tenant) as c:
        await committing.write(c, claimed, 30.0, row[0], commit, at_once=False)


async def test_the_outcome_is_written_with_the_end_of_the_run(there: There) -> None:
    flow, version = (await there.fetch("select flow, version from flow_versions"))[0]
    run = run_of(there, flow, version, "done")
    commit = Commit(
        runs=[(Stored(run, there.conversation, PLACE, 0), run)],
        taken=(replace(taken("b"), person=str(there.person)),),
    )
    await written(there, commit, await there.claimed())
    assert [each.people for each in await tallies(there)] == [1]


async def test_a_run_that_somebody_else_moved_leaves_no_outcome(there: There) -> None:
    flow, version = (await there.fetch("select flow, version from flow_versions"))[0]
    run = run_of(there, flow, version, "done")
    commit = Commit(
        runs=[(Stored(run, there.conversation, PLACE, 7), run)],
        taken=(replace(taken("b"), person=str(there.person)),),
    )
    with pytest.raises(Lost):
        await written(there, commit, await there.claimed())
    assert await tallies(there) == []


async def test_a_turn_without_variants_asks_the_database_for_nothing_more(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unwanted(*_: Any) -> None:
        raise AssertionError("nobody was shown anything")

    monkeypatch.setattr(experiments, "ended", unwanted)
    flow, version = (await there.fetch("select flow, version from flow_versions"))[0]
    run = replace(run_of(there, flow, version, "done"), arms={})
    await written(
        there, Commit(runs=[(Stored(run, there.conversation, PLACE, 0), run)]), await there.claimed()
    )


# ── the guardrail ────────────────────────────────────────────────────────────────────────


async def harm(there: There, people: int, bad_of_b: Outcome = "rejected") -> None:
    """People in turn, of whom those with a are content and those with b are not."""
    for number in range(people):
        await note(there, taken("b", bad_of_b) if number % 2 else taken("a"))


async def test_an_arm_that_does_harm_is_stopped_and_it_is_told(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Metrics()
    monkeypatch.setattr(experiments, "metrics", lambda: counted)
    await harm(there, 30)
    assert await stopped(there) == (f"{NAME}=b",)
    [state] = [each for each in await _states(there) if each.stopped]
    assert state.by == "guardrail"
    assert "people came to a bad end, against 0 of" in state.reason
    entries = [bytes(row[0]).decode() for row in await there.fetch("select entry from audit")]
    assert len([entry for entry in entries if "experiment.stopped" in entry]) == 1
    assert "countersign_experiments_stopped_total 1.0" in counted.text().decode()


@pytest.mark.parametrize("outcome", ["handed_over", "rejected", "complaint", "failed", "cancelled"])
async def test_whatever_bad_end_there_is_more_of_stops_it(there: There, outcome: Outcome) -> None:
    await harm(there, 24, outcome)
    assert await stopped(there) == (f"{NAME}=b",)


async def test_an_arm_after_which_nobody_decided_in_time_is_not_stopped(there: There) -> None:
    await harm(there, 24, "expired")
    assert await stopped(there) == ()


async def test_a_few_bad_ends_stop_nothing(there: There) -> None:
    await harm(there, 6)
    assert await stopped(there) == ()


async def test_bad_ends_in_both_arms_alike_stop_nothing(there: There) -> None:
    for number in range(40):
        await note(there, taken("b" if number % 2 else "a", "failed"))
    assert await stopped(there) == ()


async def test_the_control_is_never_stopped(there: There) -> None:
    for number in range(40):
        await note(there, taken("b") if number % 2 else taken("a", "failed"))
    assert await stopped(there) == ()


@pytest.mark.twin
async def test_twin_without_the_guardrail_harm_goes_on(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "rises", lambda *_: False)
    await harm(there, 30)
    assert await stopped(there) == ()


async def test_one_person_who_fails_again_and_again_is_one_person(there: There) -> None:
    ada = await somebody(there)
    for _ in range(10):
        await note(there, taken("a"))
    for _ in range(40):
        await note(there, taken("b", "failed"), ada)
    assert await stopped(there) == ()


# ── everybody obeys ──────────────────────────────────────────────────────────────────────


async def test_the_next_turn_of_any_process_knows_that_an_arm_is_stopped(there: There) -> None:
    claimed = await there.claimed()
    library = Library(money_tools=True)
    async with there.db.tenant(there.tenant) as c:
        before = await look.look(c, claimed)
        await definitions.keep_policy(c, there.tenant, "p", _policy())
        await stored_experiments.stop(c, there.tenant, NAME, "b", "operator", "")
        after = await look.look(c, claimed)
        worlds = [await library.world_of(c, there.tenant, {}, "p", each.stopped) for each in (before, after)]
        asked = await library.world_of(c, there.tenant, {}, "p", frozenset({f"{NAME}=b"}))
    assert [world.known.stopped for world in worlds] == [frozenset(), frozenset({f"{NAME}=b"})]
    assert asked is worlds[1]


def _policy() -> dict[str, Any]:
    rule = {"name": "all", "risk": ["read"], "outcome": "ask", "because": "Always."}
    return {"rules": [rule], "approvers": {}}


async def test_what_one_tenant_stops_another_goes_on_with(there: There, tenant: UUID, db: Database) -> None:
    async with there.db.tenant(there.tenant) as c:
        await stored_experiments.stop(c, there.tenant, NAME, "b", "operator", "")
    async with db.tenant(tenant) as c:
        assert await stored_experiments.stopped(c, tenant) == ()


async def test_started_again_it_is_counted_anew_so_that_the_old_harm_does_not_stop_it_at_once(
    there: There,
) -> None:
    await harm(there, 30)
    async with there.db.tenant(there.tenant) as c:
        assert await stored_experiments.start(c, there.tenant, NAME, ["a", "b"]) == ["b"]
        assert await stored_experiments.start(c, there.tenant, NAME, ["a", "b"]) == []
    await note(there, taken("b", "failed"))
    assert await stopped(there) == ()
    newest = (await tallies(there))[0]
    assert (newest.epoch, newest.people) == (1, 1)
    await harm(there, 30)
    assert await stopped(there) == (f"{NAME}=b",)


async def _states(there: There) -> list[State]:
    async with there.db.tenant(there.tenant) as c:
        return await stored_experiments.states(c, there.tenant, NAME)


# ── reading out ──────────────────────────────────────────────────────────────────────────


def tally(arm: str, people: int, good: int, epoch: int = 0, series: str = "a:1 b:1") -> Tally:
    return Tally(NAME, series, epoch, arm, people, good, people - good, people)


@pytest.mark.parametrize(
    ("good", "verdict"), [(90, "better"), (10, "worse"), (52, "no difference shown yet")]
)
def test_an_arm_is_called_better_or_worse_only_where_its_interval_leaves_no_doubt(
    good: int, verdict: str
) -> None:
    found = read_out(greet().experiments[0], "done", [tally("a", 100, 50), tally("b", 100, good)], [])
    control, arm = found.arms
    assert (control.verdict, arm.verdict) == ("", verdict)
    assert arm.rate.holds(good / 100)
    assert arm.against is not None
    assert arm.against.holds(good / 100 - 0.5)


def test_before_anybody_came_there_is_nothing_to_compare() -> None:
    found = read_out(greet().experiments[0], "done", [], [])
    assert [(arm.good.of, arm.against) for arm in found.arms] == [(0, None), (0, None)]


def test_what_was_counted_under_other_weights_or_before_a_new_start_is_shown_apart() -> None:
    state = State(NAME, "b", False, 1, "operator", "", datetime(2026, 1, 1, tzinfo=UTC))
    old = [tally("b", 9, 9), tally("b", 5, 5, 1, "a:9 b:1")]
    found = read_out(greet().experiments[0], "done", [*old, tally("b", 3, 2, 1)], [state])
    assert (found.epoch, found.arms[1].good.of, found.earlier) == (1, 3, tuple(old))


def test_more_arms_share_the_chance_of_an_error() -> None:
    three = greet("{variants: {a: x, b: y, c: z}}").experiments[0]
    counts = [tally(arm, 100, good, series=three.series) for arm, good in (("a", 50), ("b", 65), ("c", 50))]
    wide = read_out(three, "done", counts, []).arms[1].against
    narrow = (
        read_out(greet().experiments[0], "done", [tally("a", 100, 50), tally("b", 100, 65)], [])
        .arms[1]
        .against
    )
    assert wide is not None
    assert narrow is not None
    assert wide.low < narrow.low


# ── what a new version changes ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("{variants: {a: Hello, b: Hi}}", ""),
        ("{variants: {b: Hi, a: Hello}}", ""),
        ("{variants: {a: Hello, b: Hi, c: Hey}}", "a, b became a, b, c). People are assigned anew"),
        ("{variants: {a: Hello, c: Hi}}", "a, b became a, c). People are assigned anew"),
        ("{variants: {a: Hello, b: Hi}, weights: {a: 9, b: 1}}", "its weights changed"),
        ("{variants: {a: Hello, b: Hiya}}", "variant b differs under its old name"),
        ("Hello", ""),
    ],
)
def test_whoever_pushes_is_told_what_changes_for_people(now: str, said: str) -> None:
    found = changes(greet(), greet(now))
    assert bool(found) == bool(said)
    assert said in "".join(found)
    assert changes(None, greet(now)) == []
