"""Ten thousand random organisations: whoever is accepted is entitled, is a person, and counts once."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from flows.approval_delegation import Lent, closes_a_circle
from flows.approval_quorum import Counted, Vote, enough, judge_press, stands
from flows.approval_stages import Stage, Terms
from workers.approvers import situation
from workers.approvers.situation import Known
from workers.approvers.who import Humans, Meant
from workers.approvers.who import stands as stages_of
from workers.store import links
from workers.store.approval_terms import Voted
from workers.store.delegations import Delegation
from workers.store.links import Link
from workers.store.people import Standing

ORGANISATIONS, PRESSES = 10_000, 7
LATER: object = None


class Id(UUID):
    """Says its name and number without reckoning them anew each time: a million times over."""

    def __init__(self, number: int) -> None:
        super().__init__(int=number)
        object.__setattr__(self, "_said", super().__str__())
        object.__setattr__(self, "_hash", super().__hash__())

    def __str__(self) -> str:
        said: str = self.__dict__["_said"]
        return said

    def __hash__(self) -> int:
        found: int = self.__dict__["_hash"]
        return found


@dataclass(frozen=True)
class Row:
    """A row of `people`: one on each platform where no address joins them. `human` is the truth."""

    id: UUID
    human: int
    email: str = ""
    nobody: bool = False  # every account is a bot's or gone
    guest: bool = False


@dataclass
class Organisation:
    """Who is there, what the policy wants, and what may stand in the way: all at random."""

    rows: list[Row]
    links: list[Link]
    terms: Terms
    lent: list[tuple[Row, Row]]
    requester: Row
    beneficiary: str
    author: str
    editor: Row | None
    votes: list[Voted] = field(default_factory=list)

    def known(self) -> Known:
        """As `situation.known` makes it of the database."""
        by_email = {row.email: row.id for row in self.rows if row.email}
        every = [row.id for row in self.rows]
        found = Humans(by_email, {}, tuple(self.links), links.roots(every, self.links))
        standing = [Standing(row.id, bool(row.email), row.nobody, row.guest) for row in self.rows]
        outside = {each: "No." for each in (self.beneficiary, self.author) if each}
        edited = [self.editor.id] if self.editor else []
        named = {term for stage in self.terms.stages for term in stage.any_of}
        meant: Mapping[str, Meant] = {term: Meant(frozenset({term})) for term in named}
        return Known(
            terms=self.terms,
            tier=0,
            meant=meant,
            humans=found,
            stages=stages_of(self.terms, 0, meant, found),
            excluded=situation.barred(found, standing, outside, edited, self.requester.id),
            lent=tuple(delegation(by.id, to.id) for by, to in self.lent),
            voted=tuple(self.votes),
            named=frozenset(each.id for each in standing if each.named),
            guests=situation.all_are(found, standing, lambda each: each.guest),
        )


def delegation(by: UUID, to: UUID) -> Delegation:
    made: Delegation = object.__new__(Delegation)
    object.__setattr__(made, "person", by)
    object.__setattr__(made, "delegate", to)
    return made


def organisation(dice: random.Random) -> Organisation:
    rows: list[Row] = []
    joined: list[Link] = []
    for human in range(dice.randint(2, 6)):
        nobody, guest = dice.random() < 0.12, dice.random() < 0.12
        kinds = {"nobody": nobody, "guest": guest or nobody}
        email = f"h{human}@example.com" if dice.random() < 0.8 else ""
        rows.append(Row(Id(dice.getrandbits(128)), human, email, **kinds))
        if dice.random() < 0.4:  # a twin on the other platform, of which no address is known there
            twin = Row(Id(dice.getrandbits(128)), human, "", **kinds)
            joined.append(Link(rows[-1].id, twin.id, live=dice.random() < 0.8))
            rows.append(twin)
    addresses = [row.email for row in rows if row.email] or ["h0@example.com"]
    stages = []
    for _ in range(dice.choice((1, 1, 2))):
        names = dice.sample(addresses, dice.randint(1, len(addresses))) if dice.random() < 0.85 else []
        stages.append(Stage(tuple(names), dice.randint(1, 3)))
    lent: list[tuple[Row, Row]] = []
    for _ in range(dice.randint(0, 4)):  # circles among them, whatever /delegate would have said
        lent.append((dice.choice(rows), dice.choice(rows)))
    return Organisation(
        rows,
        joined,
        Terms(tuple(stages)),
        lent,
        requester=dice.choice(rows),
        beneficiary=dice.choice(addresses) if dice.random() < 0.3 else "",
        author=dice.choice(addresses) if dice.random() < 0.3 else "",
        editor=dice.choice(rows) if dice.random() < 0.2 else None,
    )


def pressed(there: Organisation, dice: random.Random) -> bool:
    """People press at random, on either account and anywhere, until it is settled or they tire of it."""
    before = there.known()
    for _ in range(PRESSES):
        row, known = dice.choice(there.rows), replace(before, voted=tuple(there.votes))
        key = known.humans.key(row.id)
        found = judge_press(known.situation(row.id, here=dice.random() < 0.7), key, approving=True)
        if not isinstance(found, Counted):
            continue
        there.votes.append(Voted(row.id, known.seat(found.seat, row.id), found.stage, LATER, "", ""))  # type: ignore[arg-type]
        if found.settles:
            return True
    return False


def wrong(there: Organisation) -> list[str]:
    """What should never be, told by who people really are."""
    human = {row.id: row for row in there.rows}
    key = {str(row.id): row for row in there.rows}
    by_human: dict[int, list[Row]] = {}
    for row in there.rows:
        by_human.setdefault(row.human, []).append(row)
    barred = {there.requester.human} | ({there.editor.human} if there.editor else set())
    barred |= {
        row.human for row in there.rows if row.email and row.email in (there.beneficiary, there.author)
    }
    barred |= {number for number, each in by_human.items() if all(row.nobody for row in each)}
    guests = {number for number, each in by_human.items() if all(row.guest for row in each)}
    found, counted = [], []
    for vote in there.votes:
        by, seat = human[vote.person].human, (human.get(vote.seat) or key[str(vote.seat)]).human
        found += [f"{who} is excluded" for who in {by, seat} & barred]
        stage = there.terms.stages[vote.stage]
        if not stage.any_of and by in guests:
            found.append(f"guest {by} decided where anybody may")
        if stage.any_of and not any(row.email in stage.any_of for row in by_human[seat]):
            found.append(f"{seat} is not named")
        counted += sorted({by, seat})
    if len(counted) != len(set(counted)):
        found.append("a person counted twice")
    for at, stage in enumerate(there.terms.stages):
        people = {human[vote.person].human for vote in there.votes if vote.stage == at}
        if len(people) < stage.quorum:
            found.append(f"stage {at} has {len(people)} people of {stage.quorum}")
    return found


def simulated(number: int = ORGANISATIONS, seed: int = 20261122) -> tuple[int, int, list[str]]:
    """How many were settled, by how many in another's stead, and what was wrong with any."""
    dice, settled, lent, problems = random.Random(seed), 0, 0, []
    for _ in range(number):
        there = organisation(dice)
        if pressed(there, dice):
            settled += 1
            lent += any(vote.person != vote.seat for vote in there.votes)
            problems += wrong(there)
    return settled, lent, problems


def test_no_accepted_set_holds_somebody_excluded_and_quorums_count_people() -> None:
    settled, lent, problems = simulated()
    print(f"{ORGANISATIONS} organisations, {settled} settled, {lent} with a stand-in, {len(problems)} wrong")
    assert problems == []
    assert settled > ORGANISATIONS / 6, "enough of them came to an end to say anything"
    assert lent > 50


def test_what_was_accepted_stands_when_it_is_claimed_and_falls_once_somebody_is_gone() -> None:
    dice, fell = random.Random(7), 0
    for _ in range(800):
        there = organisation(dice)
        if not pressed(there, dice):
            continue
        known, quorums = there.known(), there.terms.quorums
        votes = [Vote(known.humans.key(v.person), known.humans.key(v.seat), v.stage) for v in there.votes]
        assert enough(quorums, votes)
        for vote, by in zip(votes, there.votes, strict=True):
            assert stands(known.situation(by.person, here=True), vote)
        first = next(row for row in there.rows if row.id == there.votes[0].person)
        there.rows = [replace(r, nobody=True) if r.human == first.human else r for r in there.rows]
        now = there.known()
        assert not stands(now.situation(first.id, here=True), votes[0])
        fell += 1
    assert fell > 100


def test_circles_of_stand_ins_are_refused_however_long() -> None:
    dice = random.Random(3)
    for _ in range(2_000):
        lent: list[Lent] = []
        for _ in range(dice.randint(1, 9)):
            new = Lent(*(str(dice.randint(0, 5)) for _ in range(2)))
            if not closes_a_circle(lent, new):
                lent.append(new)
        reach: Mapping[str, set[str]] = {
            each.by: {one.to for one in lent if one.by == each.by} for each in lent
        }
        for start in reach:
            seen, todo = set(), list(reach[start])
            while todo:
                at = todo.pop()
                if at not in seen:
                    seen.add(at)
                    todo += reach.get(at, ())
            assert start not in seen


# ── twins: each guard taken away lets somebody in ────────────────────────────────────────


def nobody_barred(*_: object) -> Mapping[str, str]:
    return {}


def accounts_for_people(people: object, links: object) -> Mapping[UUID, UUID]:
    return {}


TWINS: dict[str, tuple[object, str, Callable[..., object], str]] = {
    "without exclusions": (situation, "barred", nobody_barred, "is excluded"),
    "counting accounts": (links, "roots", accounts_for_people, "a person counted twice"),
    "asking nobody who is a guest": (
        situation, "all_are", lambda known, standing, what: frozenset(), "decided where anybody may",
    ),
}  # fmt: skip


@pytest.mark.twin
@pytest.mark.parametrize("guard", TWINS)
def test_without_the_guard_somebody_gets_in(guard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, instead, said = TWINS[guard]
    monkeypatch.setattr(where, name, instead)
    _, _, problems = simulated(600)
    assert any(said in each for each in problems), problems[:5]
