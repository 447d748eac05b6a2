"""A card in private for each of those who must decide now, wherever they have an account.

`reaching` asks the platforms for the private places first; who is asked there is settled in the
transaction that writes it. Two accounts of one person are two copies, and count once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bot.reply import Reply
from bot.turn import Account, Place
from flows.approval_quorum import current
from flows.approval_stages import Terms
from flows.policy import Policy
from workers import cards
from workers.approvers import words
from workers.approvers.rules import Rules
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.store.approvals import Approval
from workers.store.outbox import Message

LATER = 1_000_000  # copies are numbered: those that come with each later yes or escalation begin here
UNREACHED = (
    "I cannot write to any of those who may decide this: none of them has an account that I know."
    " Once one of them has said hello to me, or APPROVALS_CHANNEL is set, order again."
)


@dataclass(frozen=True, slots=True)
class Reached:
    """An account that can be written to in private now."""

    person: UUID
    account: Account
    place: Place


def wanted(policy: Policy, rules: Rules, terms: Terms) -> bool:
    """As the policy says; where it says nothing, if people are named and no place is."""
    said = policy.approvers.direct
    return said if said is not None else not rules.where(policy) and bool(terms.at(0, 0))


def mine(known: Known, reached: Sequence[Reached]) -> list[Reached]:
    """Those who may agree in the stage that is open, once this is written."""
    at = current(known.terms.quorums, known.votes)
    if at == len(known.stages):
        return []
    used = {key for vote in known.votes for key in (vote.by, vote.seat)}
    people = known.stages[at].people - known.excluded.keys() - used
    return [each for each in reached if known.humans.key(each.person) in people]


def post(commit: Commit, approval: Approval, card: Reply, reached: Sequence[Reached], first: int) -> None:
    for number, each in enumerate(reached, first):
        id = f"{approval.id}:{number}"
        commit.messages.append(Message(id, "post", each.place, card, each.account))
        commit.copies.append((approval.id, id))


def post_open(commit: Commit, approval: Approval, known: Known, reached: Sequence[Reached]) -> None:
    """In the run's conversation, once another stage is open or it was escalated."""
    card = cards.asking(approval.card, approval.id, words.standing(known))
    post(commit, approval, card, mine(known, reached), LATER * (1 + len(known.votes) + known.tier))
