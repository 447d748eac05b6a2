"""Where approvers are asked and who they are: from the policy, and from settings for what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bot.turn import Place
from flows.approval_stages import Stage, Terms
from flows.duty import Duty
from flows.policy import Policy
from workers.services import Services
from workers.store import tenants
from workers.store.door import Connection

NOBODY = "nobody"  # no address: where stages name nobody by one, nobody is let in by it


@dataclass(frozen=True, slots=True)
class Rules:
    """From settings, for what the policy leaves open. `services`: with whose account a call is made."""

    places: tuple[str, ...]
    people: tuple[str, ...]
    services: Services

    def where(self, policy: Policy) -> tuple[str, ...]:
        return policy.approvers.places or self.places

    def who(self, policy: Policy) -> frozenset[str]:
        """The addresses of all who may be asked at all; empty: whoever is where it is asked."""
        stages = policy.approvers.stages
        if stages and any(stage.any_of for stage in stages):
            terms = [term for stage in stages for term in stage.any_of]
            found = {each for term in terms for each in emails_of(term, policy.duty)}
            return frozenset(found | {each.lower() for each in self.people}) or frozenset({NOBODY})
        return frozenset(each.lower() for each in policy.approvers.people or self.people)

    def terms(self, policy: Policy, named: frozenset[str]) -> Terms:
        """Who has to agree. `named`: whom the call itself names, who come before the policy's."""
        approvers = policy.approvers
        if named:
            return Terms((Stage(tuple(sorted(named))),))
        if approvers.stages:
            stages = tuple(
                stage if stage.any_of else Stage(tuple(sorted(self.who(policy))), stage.quorum, stage.name)
                for stage in approvers.stages
            )
            return Terms(stages, approvers.escalate)
        return Terms((Stage(tuple(sorted(self.who(policy)))),), approvers.escalate)


def emails_of(term: str, duty: Duty) -> frozenset[str]:
    """Everybody whom the policy itself knows by this name, on shift or not."""
    if "@" in term and ":" not in term:
        return frozenset({term})
    if term in duty.groups:
        return frozenset(duty.groups[term].people)
    if term in duty.rotas:
        shifts = duty.rotas[term].line
        return frozenset(each for shift in shifts for each in emails_of(shift.who, duty))
    return frozenset()


async def place_of(c: Connection, tenant: UUID, spot: str) -> Place | None:
    """`slack:C…`, `teams:19:…`, or the id alone: its shape tells the platform."""
    platform, _, channel = spot.partition(":")
    if platform not in ("slack", "teams"):
        platform, channel = ("teams" if ":" in spot else "slack"), spot
    there = await tenants.workspace(c, tenant, platform)
    if there is None:
        return None
    workspace, via = there
    return Place(platform, workspace, channel, None, via)
