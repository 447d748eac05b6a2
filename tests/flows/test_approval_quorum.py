"""Who counts, once, and when it is settled: over people, by the hundred."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import approval_quorum
from flows.approval_quorum import (
    Counted,
    Refused,
    Situation,
    Stand,
    Vote,
    current,
    enough,
    judge_press,
    stands,
    unfilled,
)

PEOPLE = tuple("abcdef")


def situation(*stages: Stand, by: str = "", votes: tuple[Vote, ...] = (), **more: object) -> Situation:
    """As seen by one person, who speaks for themselves in the stages that name them."""
    own = frozenset(at for at, stage in enumerate(stages) if by in stage.people)
    return replace(Situation(stages, votes, own=own), **more)  # type: ignore[arg-type]  # fields by name


def said(now: Situation, by: str, *, approving: bool = True) -> str:
    found = judge_press(now, by, approving=approving)
    return found.because if isinstance(found, Refused) else f"counted in {found.stage}"


TWO = Stand(2, frozenset("abc"))
FIRST, SECOND = Stand(1, frozenset("ab"), name="finance"), Stand(1, frozenset("c"), name="owner")


def test_one_of_two_does_not_settle_it_and_two_do() -> None:
    assert judge_press(situation(TWO, by="a"), "a", approving=True) == Counted("a", 0, False)
    after = situation(TWO, by="b", votes=(Vote("a", "a", 0),))
    assert judge_press(after, "b", approving=True) == Counted("b", 0, True)


def test_nobody_counts_twice() -> None:
    assert "counts once" in said(situation(TWO, by="a", votes=(Vote("a", "a", 0),)), "a")


def test_whoever_was_stood_in_for_has_counted() -> None:
    assert "counts once" in said(situation(TWO, by="a", votes=(Vote("d", "a", 0),)), "a")


def test_two_stand_ins_of_one_person_count_once() -> None:
    now = situation(TWO, votes=(Vote("d", "a", 0),), stands_in=("a",))
    assert "has agreed already" in said(now, "e")


def test_whoever_stands_in_speaks_for_themselves_first() -> None:
    now = situation(TWO, by="b", stands_in=("a",))
    assert judge_press(now, "b", approving=True) == Counted("b", 0, False)


def test_a_stand_in_of_somebody_excluded_has_no_say() -> None:
    now = situation(TWO, stands_in=("a",), excluded={"a": "No."})
    assert said(now, "d") == "Only the named approvers can decide this."


def test_the_excluded_hear_why_whoever_they_stand_in_for() -> None:
    now = situation(TWO, by="a", stands_in=("b",), excluded={"a": "You asked for this."})
    assert said(now, "a") == said(now, "a", approving=False) == "You asked for this."


@pytest.mark.parametrize(
    ("by", "votes", "words"),
    [
        ("c", (), "It is not your turn yet: first finance has to agree."),
        ("b", (Vote("a", "a", 0),), "finance has agreed already; now it is for owner to decide."),
        ("e", (), "Only the named approvers can decide this."),
    ],
)
def test_each_stage_has_its_turn(by: str, votes: tuple[Vote, ...], words: str) -> None:
    assert said(situation(FIRST, SECOND, by=by, votes=votes), by) == words


def test_a_later_stage_may_reject_before_its_turn_and_an_earlier_one_not_after_it() -> None:
    assert said(situation(FIRST, SECOND, by="c"), "c", approving=False) == "counted in 0"
    late = situation(FIRST, SECOND, by="b", votes=(Vote("a", "a", 0),))
    assert "now it is for owner" in said(late, "b", approving=False)


def test_the_only_one_who_can_do_what_comes_after_is_kept_for_it() -> None:
    first, last = Stand(1, frozenset("ab")), Stand(1, frozenset("a"))
    assert "needed for what comes after" in said(situation(first, last, by="a"), "a")
    assert said(situation(first, last, by="b"), "b") == "counted in 0"


def test_whoever_is_there_may_decide_where_nobody_is_named_but_only_there() -> None:
    anyone = Stand(2, anyone=True)
    assert said(situation(anyone), "z") == "This can only be decided where the approvers were asked."
    assert said(situation(anyone, here=True), "z") == "counted in 0"


def test_a_group_of_which_nobody_can_be_told_sends_to_somebody_named() -> None:
    now = situation(Stand(1, frozenset("a"), unknown=("slack:@finance",)))
    assert "slack:@finance" in said(now, "z")
    assert "somebody who is named" in said(now, "z")


stages = st.lists(
    st.builds(Stand, st.integers(1, 3), st.frozensets(st.sampled_from(PEOPLE))), min_size=1, max_size=3
).map(tuple)
excluded = st.frozensets(st.sampled_from(PEOPLE), max_size=2).map(lambda some: dict.fromkeys(some, "No."))
lent = st.dictionaries(st.sampled_from(PEOPLE), st.tuples(st.sampled_from(PEOPLE)), max_size=3)


@given(stages, excluded, lent, st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), max_size=20))
def test_what_is_settled_holds_nobody_excluded_and_nobody_twice(
    stages: tuple[Stand, ...],
    excluded: dict[str, str],
    lent: dict[str, tuple[str, ...]],
    presses: list[tuple[str, bool]],
) -> None:
    votes: tuple[Vote, ...] = ()
    for by, _ in presses:
        now = situation(*stages, by=by, votes=votes, excluded=excluded, stands_in=lent.get(by, ()))
        found = judge_press(now, by, approving=True)
        if isinstance(found, Refused):
            assert found.because
            continue
        votes = (*votes, Vote(by, found.seat, found.stage))
        assert found.settles == enough([stage.quorum for stage in stages], votes)
        if found.settles:
            break
    people = [key for vote in votes for key in {vote.by, vote.seat}]
    assert len(people) == len(set(people))
    assert not excluded.keys() & set(people)
    assert all(vote.seat in stages[vote.stage].people for vote in votes)
    for vote in votes:
        now = situation(*stages, by=vote.by, excluded=excluded, stands_in=lent.get(vote.by, ()))
        assert stands(now, vote)


@pytest.mark.twin
def test_without_the_look_at_who_counted_one_person_fills_a_quorum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approval_quorum, "_free_seat", approval_quorum.seat_in)
    now = situation(TWO, by="a", votes=(Vote("a", "a", 0),))
    assert judge_press(now, "a", approving=True) == Counted("a", 0, True)


@pytest.mark.twin
def test_without_the_look_at_the_excluded_the_requester_approves() -> None:
    assert said(situation(TWO, by="a"), "a") == "counted in 0"


def _brute(stages: tuple[Stand, ...], excluded: dict[str, str]) -> bool:
    """Whether some order of people fills every place."""
    places = [at for at, stage in enumerate(stages) for _ in range(stage.quorum)]
    free = [each for each in PEOPLE if each not in excluded]
    return any(
        all(person in stages[at].people for person, at in zip(some, places, strict=True))
        for some in permutations(free, len(places))
    )


@given(
    st.lists(
        st.builds(Stand, st.integers(1, 2), st.frozensets(st.sampled_from(PEOPLE))), min_size=1, max_size=2
    ).map(tuple),
    excluded,
)
def test_nobody_is_left_exactly_where_no_choice_of_people_would_do(
    stages: tuple[Stand, ...], excluded: dict[str, str]
) -> None:
    assert (unfilled(stages, excluded) is None) == _brute(stages, excluded)


@given(stages, excluded)
def test_what_can_be_filled_is_filled_whoever_comes_first(
    stages: tuple[Stand, ...], excluded: dict[str, str]
) -> None:
    """Nobody is let agree who would be missed later: so presses in any order come to an end."""
    if unfilled(stages, excluded) is not None:
        return
    votes: tuple[Vote, ...] = ()
    quorums = [stage.quorum for stage in stages]
    for _ in quorums * 3:
        for by in PEOPLE:
            now = situation(*stages, by=by, votes=votes, excluded=excluded)
            found = judge_press(now, by, approving=True)
            if isinstance(found, Counted):
                votes = (*votes, Vote(by, found.seat, found.stage))
                break
    assert current(quorums, votes) == len(quorums)
