"""All that a press is judged by, as it is in the transaction that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flows.approval_delegation import Lent, principals
from flows.approval_quorum import Situation, Stand, Vote
from flows.approval_stages import Terms
from flows.policy import Policy
from workers.approvers import beside, duties
from workers.approvers.beside import Beside
from workers.approvers.who import Humans, Meant, humans, meant_by, stands
from workers.store import approval_terms, delegations, links
from workers.store import people as people_of
from workers.store.approval_terms import Voted
from workers.store.approvals import Approval
from workers.store.delegations import Delegation
from workers.store.door import Connection
from workers.store.people import Standing

NOBODY = "Your account is a bot's, or is not there any more, so a person has to decide."


@dataclass(frozen=True, slots=True)
class Known:
    """Of one approval, at one moment. `emails`: who has a verified address of their own."""

    terms: Terms
    tier: int
    meant: Mapping[str, Meant]
    humans: Humans
    stages: tuple[Stand, ...]
    excluded: Mapping[str, str]
    lent: tuple[Delegation, ...]
    voted: tuple[Voted, ...]
    named: frozenset[UUID]  # who have a verified address
    guests: frozenset[str] = frozenset()  # the keys of those whom no platform calls a member
    beside: Beside = field(default_factory=Beside)

    @property
    def votes(self) -> tuple[Vote, ...]:
        key = self.humans.key
        return tuple(Vote(key(each.person), key(each.seat), each.stage) for each in self.voted)

    def own(self, person: UUID) -> frozenset[int]:
        """The stages that mean this person. What a link joins speaks for an account without an address."""
        linked = frozenset({person})
        if person not in self.named:
            linked = links.live_with(person, self.humans.links)
        return frozenset(
            at
            for at in range(len(self.stages))
            if any(linked & self.humans.ids(self.meant[term]) for term in self.terms.at(at, self.tier))
        )

    def situation(self, person: UUID, *, here: bool, votes: Sequence[Vote] | None = None) -> Situation:
        key = self.humans.key
        lent = [Lent(key(each.person), key(each.delegate)) for each in self.lent]
        return Situation(
            stages=self.stages,
            votes=self.votes if votes is None else tuple(votes),
            excluded=self.excluded,
            own=self.own(person),
            stands_in=principals(lent, key(person)),
            here=here and key(person) not in self.guests,
        )

    def seat(self, key: str, person: UUID) -> UUID:
        """The row of `people` behind a key; the presser's own for their own."""
        if key == self.humans.key(person):
            return person
        return UUID(key)


async def known(
    c: Connection,
    tenant: UUID,
    approval: Approval,
    terms: Terms,
    policy: Policy,
    at: datetime,
    people: Sequence[UUID] = (),
    arguments: Mapping[str, Any] | None = None,
) -> Known:
    """`at` is when it is judged: now for a press, the time of the vote for one that counted.

    `arguments` are those of the call, where it is not stored yet.
    """
    voted = await approval_terms.votes(c, tenant, approval.id)
    around = await beside.read(c, tenant, approval.id)
    lent = await delegations.at(c, tenant, at)
    lent += [each.as_delegation() for each in around.handings if each.at <= at]
    every = [term for number in range(len(terms.stages)) for term in terms.at(number, approval.tier)]
    meant = await meant_by(c, tenant, every, policy.duty, approval.requester, at)
    outside = await duties.of(c, tenant, approval, arguments)
    everybody = {
        approval.requester,
        *people,
        *(id for each in voted for id in (each.person, each.seat)),
        *(id for each in lent for id in (each.person, each.delegate)),
        *(each.person for each in around.edits),
    }
    found = await humans(c, tenant, meant.values(), everybody, outside.keys())
    standing = await people_of.standing(c, tenant, everybody)
    edited = [each.person for each in around.edits if each.dictates]
    excluded = barred(found, standing, outside, edited, approval.requester)
    return Known(
        terms=terms,
        tier=approval.tier,
        meant=meant,
        humans=found,
        stages=stands(terms, approval.tier, meant, found),
        excluded=excluded,
        lent=tuple(lent),
        voted=tuple(voted),
        named=frozenset(each.id for each in standing if each.named),
        guests=all_are(found, standing, lambda each: each.guest),
        beside=beside.of(around, approval.id, approval.tool, policy.approvers.reasons),
    )


def barred(
    known: Humans,
    standing: Sequence[Standing],
    outside: Mapping[str, str],
    edited: Sequence[UUID],
    requester: UUID,
) -> Mapping[str, str]:
    """Who may not decide this one, by the keys of people, each with why. `outside`: by their addresses."""
    excluded = dict.fromkeys(all_are(known, standing, lambda each: each.nobody), NOBODY)
    by_email = known.by_email
    excluded |= {known.key(by_email[email]): why for email, why in outside.items() if email in by_email}
    excluded |= {email: why for email, why in outside.items() if email not in by_email}
    excluded |= {known.key(each): beside.EDITOR for each in edited}
    excluded[known.key(requester)] = duties.REQUESTER
    return excluded


def all_are(known: Humans, standing: Sequence[Standing], what: Callable[[Standing], bool]) -> frozenset[str]:
    """The keys of those of whom this is so under every id that they have here."""
    found = {known.key(each.id) for each in standing if what(each)}
    return frozenset(found - {known.key(each.id) for each in standing if not what(each)})


async def again(c: Connection, tenant: UUID, before: Known, approval: Approval) -> Known:
    """With the votes of now."""
    return replace(before, voted=tuple(await approval_terms.votes(c, tenant, approval.id)))
