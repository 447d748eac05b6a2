"""Which standing grant covers a call, asked when it is decided, written and claimed; and all that breaks one.

A grant covers a call if those who made it could approve that very call: its terms are the policy's of now,
nobody among them asked for it, gets it or wrote its rules, and all of them may still decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from bot.errors import CountersignError
from bot.text import for_card
from flows import grants as judging
from flows.approval_quorum import Vote, enough, stands
from flows.effects import AskApproval, Call, Effect
from flows.flow import Flow
from flows.grants import Asked
from flows.policy import Policy
from flows.policy_facts import Granted
from flows.run import Run
from flows.scene import Known
from integrations import integration_of, tools
from integrations.flow.tools import NAME
from workers.approvers import situation
from workers.approvers.rules import Rules
from workers.store import definitions, grants, people, services
from workers.store.approval_terms import Voted
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.effects import Claimed
from workers.store.grants import Grant
from workers.tools import cards, meaning

POLICY = "The policy was changed, and what may run alone has to be said anew."
TOOL = "What its tool does was changed."
STEP = "The step of the flow that it is for was changed."
NOT_NOW = "The grant under which this was to run alone does not cover it any more, so nothing ran. Ask again."
NOBODY = UUID(int=0)
_EMPTY: Any = None  # a card that nobody sees


@dataclass(frozen=True, slots=True)
class Case:
    """One call with all that a grant for it is judged by."""

    run: Run
    call: Call
    asked: Asked
    policy: Policy
    step: str  # the print of the run's own flow, of its steps with this tool


def step_print(source: Mapping[str, Any], tool: str) -> str:
    """Changes whenever a step that calls this tool does, in the flow or in one inside of it."""
    how = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    found = sorted(orjson.dumps(step, option=how) for step in _calls(source, tool))
    return hashlib.sha256(b"\n".join(found)).hexdigest()[:32] if found else ""


def _calls(value: Any, tool: str) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if value.get("call") == tool:
            yield value
        for inner in value.values():
            yield from _calls(inner, tool)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _calls(inner, tool)


def tool_print(name: str) -> str:
    """Changes with what a tool takes, what it risks and, of a document's, what it stands for."""
    tool = tools().get(name)
    if tool is None:
        return ""
    shape = tool.arguments.model_json_schema()
    told = [meaning(name), tool.risk.value, tool.reversibility.value, shape]
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def broken(grant: Grant, policy_version: str, flow: str, step: str) -> str:
    """What of its scope was changed, in a sentence; empty: nothing."""
    if grant.policy_version != policy_version:
        return POLICY
    if grant.meaning != tool_print(grant.scope.tool):
        return TOOL
    return STEP if flow in grant.steps and grant.steps[flow] != step else ""


async def look(
    c: Connection, tenant: UUID, run: Run, flow: Flow, known: Known, rules: Rules, calls: Sequence[Call]
) -> dict[str, Granted]:
    """The grant of each call that one covers, by its key."""
    found = {}
    for call in calls:
        if call.tool == NAME or not known.policy.grantable:
            continue
        there = await grants.unbroken(c, tenant, call.tool)
        case = await _case(c, tenant, run, flow.source, call, known, rules) if there else None
        for grant in there if case is not None else ():
            assert case is not None
            if not await refusal(c, tenant, grant, case, rules):
                found[call.key] = Granted(str(grant.id), await words(c, tenant, grant))
                break
    return found


def asked_of(effects: Sequence[Effect]) -> list[Call]:
    return [each.call for each in effects if isinstance(each, AskApproval)]


async def _case(
    c: Connection,
    tenant: UUID,
    run: Run,
    source: Mapping[str, Any],
    call: Call,
    known: Known,
    rules: Rules,
    account: str = "",
) -> Case | None:
    """None where it cannot be told what the call is about: then nobody granted it."""
    card = known.tools.get(call.tool)
    if card is None:
        return None
    try:
        amount, recipient = card.amount(call.arguments), card.recipient(call.arguments)
        if not account:
            kept = await services.kept(c, tenant, integration_of(call.tool).name)
            account = rules.services.connected(tenant, kept).account
    except (ValueError, KeyError, TypeError, CountersignError):
        return None
    email = run.requester.email
    asked = Asked(call.tool, email, known.policy.groups_of(email), recipient, account, amount)
    return Case(run, call, asked, known.policy, step_print(source, call.tool))


async def would_let_run(
    c: Connection, tenant: UUID, grant: Grant, run: Run, call: Call, known: Known, rules: Rules
) -> bool:
    """Whether a call like this one lies within what it lets run, whatever is used up by now."""
    case = await _case(c, tenant, run, {}, call, known, rules)
    return case is not None and not judging.outside(grant.scope, grant.limits, case.asked)


async def refusal(c: Connection, tenant: UUID, grant: Grant, case: Case, rules: Rules) -> str:
    """Why it does not cover this call; empty: it does."""
    if why := broken(grant, case.policy.version, case.run.flow, case.step):
        return why
    if case.run.flow not in grant.steps:
        return "another flow"
    if why := judging.outside(grant.scope, grant.limits, case.asked):
        return why
    used = await grants.used(c, tenant, grant, case.call.key)
    if why := judging.beyond(grant.limits, used, case.asked):
        return why
    return (
        "" if await made_by_those_who_may(c, tenant, grant, case, rules) else "its makers may not decide it"
    )


async def made_by_those_who_may(c: Connection, tenant: UUID, grant: Grant, case: Case, rules: Rules) -> bool:
    """Whether those who agreed to it are enough and could approve this call: each as at the time of their
    press, by what is known of people now."""
    if grant.terms != rules.terms(case.policy, frozenset()):
        return False
    voted = await grants.votes(c, tenant, grant.id)
    approval = stand_in(case.call.tool, UUID(case.run.requester.id), case.run.flow_version, case.policy)
    arguments = case.call.arguments
    counted: list[Vote] = []
    for vote in voted:
        if not all([await people.reachable(c, tenant, each) for each in {vote.person, vote.seat}]):
            return False
        known = await situation.known(
            c, tenant, approval, grant.terms, case.policy, vote.at, [vote.person, vote.seat], arguments
        )
        key = known.humans.key
        counted.append(Vote(key(vote.person), key(vote.seat), vote.stage))
        if not stands(known.situation(vote.person, here=True), counted[-1]):
            return False
    return bool(counted) and enough(grant.terms.quorums, counted)


def stand_in(tool: str, requester: UUID, flow_version: str, policy: Policy) -> Approval:
    """What an approval of such a call would be judged by: nothing of it is ever stored."""
    return Approval(
        id="", effect_key="", run_id="", conversation="", step="", tool=tool, requester=requester,
        account="", flow_version=flow_version, policy_version=policy.version, digest=b"", code="", rule="",
        because="", words="", card=_EMPTY, state="pending", expires_at=datetime.max.replace(tzinfo=UTC),
    )  # fmt: skip


async def words(c: Connection, tenant: UUID, grant: Grant) -> str:
    """Who let it run alone, and for how long."""
    by = names(await grants.votes(c, tenant, grant.id))
    return f"{by} let this run alone until {grant.ends:%d %b %Y} (grant {grant.id})."


def names(voted: Sequence[Voted]) -> str:
    found = list(dict.fromkeys(for_card(each.words) for each in voted))
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else "Nobody"


async def at_claim(
    c: Connection,
    tenant: UUID,
    claimed: Claimed,
    run: Run,
    policy: Policy,
    rules: Rules,
    account: str,
) -> str:
    """In the transaction that claims the call: the grant under which it was written is as it was then, or
    a sentence why nothing runs. Nothing to say where it runs under none."""
    grant = await grants.of_effect(c, tenant, claimed.key)
    if grant is None:
        return ""
    if grant.state != "active" or grant.over or grant.id not in await _unbroken(c, tenant, grant):
        return NOT_NOW
    source = await definitions.flow_definition(c, tenant, run.flow, run.flow_version)
    call = Call(claimed.key, claimed.tool, orjson.loads(claimed.arguments), claimed.step)
    case = await _case(c, tenant, run, source or {}, call, Known(policy, cards()), rules, account)
    if case is None or await refusal(c, tenant, grant, case, rules):
        return NOT_NOW
    return ""


async def _unbroken(c: Connection, tenant: UUID, grant: Grant) -> frozenset[int]:
    return frozenset(each.id for each in await grants.unbroken(c, tenant, grant.scope.tool))
