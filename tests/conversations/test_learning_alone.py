"""From the card that people approved to the order that runs alone, the audit of it, and back to asking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import yaml

from flows.policy_file import stored_policy
from tests.conversations.test_approvers import POLICY, awake
from tests.conversations.test_grants import ordered
from tests.stack import Stack
from workers import learning
from workers.learning_keeper import Keeper
from workers.store import definitions, tenants
from workers.store import learning as kept

MAY = {"may_learn": True, "error": "1%", "confidence": "90%"}


@asynccontextmanager
async def learning_about_large_amounts(stack: Stack) -> AsyncIterator[None]:
    """Marked and switched on, for as long as it lasts."""
    document = yaml.safe_load(POLICY.read_text())
    for rule in document["rules"]:
        if rule["name"] == "large-amounts":
            rule.update(MAY)
    async with stack.db.tenant(stack.tenant) as c:
        before = await tenants.policy_version(c, stack.tenant)
        await definitions.keep_policy(c, stack.tenant, stored_policy(document).version, document)
        await kept.allow(c, stack.tenant, True)
    try:
        yield
    finally:
        async with stack.db.tenant(stack.tenant) as c:
            await c.execute("update tenants set policy_version = $1", before)
            await kept.allow(c, stack.tenant, False)


async def experience(stack: Stack) -> None:
    """The last call of this kind, decided two hundred and forty times over."""
    async with stack.db.tenant(stack.tenant) as c:
        await c.execute(
            "insert into learned_actions (tenant_id, effect_key, evidence, tool, features, score, verdict,"
            " why, settled_at) select tenant_id, gen_random_uuid()::text, evidence, tool, features, score,"
            " true, 'approved', now() from (select * from learned_actions order by id desc limit 1) one,"
            " generate_series(1, 240)"
        )
    await Keeper(stack.db).tenant(stack.tenant)


async def test_what_people_kept_approving_runs_alone_is_audited_and_asked_again_once_it_was_wrong(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning.secrets, "randbelow", lambda most: 0)  # all of it is audited
    slack = stack.world.slack
    await awake(stack)
    async with learning_about_large_amounts(stack):
        seen = slack.messages("approvals")
        said = await ordered(stack)
        ask = await slack.wait_for(
            "of about 230 decisions", channel="approvals", button="Approve", after=seen[-1] if seen else None
        )
        await slack.press("grace", ask, "Approve")
        await slack.wait_for("Receipt", thread=said)
        await experience(stack)

        seen = slack.messages("approvals")
        said = await ordered(stack)
        await slack.wait_for("Receipt", thread=said)
        told = await slack.wait_for(
            "From now on large amounts run alone", channel="approvals", after=seen[-1]
        )
        assert "240 decisions, error ≤ 1 % with 90 % confidence" in told.words
        audit = await slack.wait_for("This ran alone. Was it right?", channel="approvals", after=seen[-1])
        assert {"It was right", "It was wrong"} <= set(audit.buttons)

        await slack.press("ada", audit, "It was right")
        await slack.wait_for("somebody else has to say", who="ada", channel="approvals")
        await slack.press("grace", audit, "It was wrong")
        settled = await slack.wait_until(audit, "Grace Okafor says: it was wrong")
        assert settled.buttons == []
        await slack.wait_for("no longer run alone: 1 of 1", channel="approvals", after=seen[-1])

        seen = slack.messages("approvals")
        said = await ordered(stack)
        ask = await slack.wait_for("Approve?", channel="approvals", button="Approve", after=seen[-1])
        assert "0 of about 230 decisions" in ask.words
        await slack.press("grace", ask, "Approve")
        await slack.wait_for("Receipt", thread=said)
