"""What the audit tells of a whole order: who asked, what was shown where, who decided, what came of it."""

from __future__ import annotations

import json
from typing import Any

from bot.secrets import Vault
from tests.conftest import SECRET
from tests.conversations.test_order import asked
from tests.stack import Stack
from workers import audit_export
from workers.audit_seal import Sealer, signer
from workers.audit_verify import walked
from workers.store import audit_sealing

KEYS = signer(SECRET)


async def last_id(stack: Stack) -> int:
    rows = await stack.fetch("select coalesce(max(id), 0) from audit")
    return int(rows[0][0])


async def told(stack: Stack, after: int) -> list[dict[str, Any]]:
    """The entries since then, sealed, and what is personal in them opened."""
    await Sealer(stack.db, KEYS).sweep()
    async with stack.db.tenant(stack.tenant) as c:
        links = await audit_sealing.links(c, stack.tenant, (0, 0), 10_000)
        mine = sorted((link for link in links if link.id > after), key=lambda link: link.id)
        keys = await audit_export._keys(c, stack.tenant, mine, Vault(SECRET))
    lines = [json.loads(line) for line in audit_export.lines(stack.tenant, mine, keys)]
    return [{**json.loads(line["entry"]), "opened": line["personal"]} for line in lines]


def of(entries: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry["what"] == what]


async def test_the_audit_tells_the_whole_order_and_nobodys_name_in_clear(stack: Stack) -> None:
    slack, before = stack.world.slack, await last_id(stack)
    said, ask = await asked(stack)
    await slack.press("omar", ask, "Approve")
    await slack.wait_for("Only the named approvers", who="omar", channel="approvals")
    await slack.press("grace", ask, "Approve")
    await slack.wait_for("Receipt", thread=said)
    await slack.wait_until(ask, "carried out")
    await stack.world.teams.wait_for("carried out", chat="Approvals")

    entries = await told(stack, before)
    [put] = of(entries, "approval.asked")
    [refused] = of(entries, "approval.refused")
    [decided] = of(entries, "approval.decided")
    [done] = [each for each in of(entries, "effect.done") if each["tool"] == "stripe.charge"]
    shown = of(entries, "card.shown")

    assert put["opened"]["name"] == "Ada Reyes"
    assert {put["flow"], decided["flow"]} == {put["flow"]}
    assert {put["policy"], decided["policy"]} == {put["policy"]}
    assert decided["opened"]["name"] == "Grace Okafor"
    assert (decided["verdict"], decided["surface"], decided["code"]) == ("approved", "slack", put["code"])
    assert refused["opened"]["name"] == "Omar Haddad" or refused["opened"]["name"].startswith("Omar")
    assert decided["by"] != put["requester"] != refused["by"]
    assert done["external"].startswith("pi_")
    assert done["amount"] == put["amount"]
    asked_in = {each["platform"] for each in shown if each["as"] == "asked"}
    assert asked_in == {"slack", "teams"}
    assert all(each["external"] for each in shown if each["as"] == "asked")
    assert {"approved", "used"} & {each["as"] for each in shown}
    text = json.dumps([{k: v for k, v in each.items() if k != "opened"} for each in entries])
    for name in ("Ada", "Grace", "Omar", "Margherita", "margherita", "example.com"):
        assert name not in text


async def test_a_reason_is_sealed_and_whose_it_is_stands_beside_it(stack: Stack) -> None:
    slack, before = stack.world.slack, await last_id(stack)
    _, ask = await asked(stack)
    await slack.press("grace", ask, "Reject")
    modal = await slack.modal("grace")
    await slack.submit("grace", modal, reason="over budget, says Ada")
    await slack.wait_until(ask, "Rejected by Grace")

    entries = await told(stack, before)
    [decided] = of(entries, "approval.decided")
    assert decided["opened"]["reason"] == "over budget, says Ada"
    assert decided["reason"]["of"] == decided["by"]
    assert "budget" not in json.dumps({k: v for k, v in decided.items() if k != "opened"})


async def test_a_turn_that_only_talks_is_not_in_the_audit(stack: Stack) -> None:
    await told(stack, 0)
    before = await last_id(stack)
    await stack.world.slack.command("omar", "general", "/help")
    await stack.world.slack.wait_for("I can do this", who="omar")

    assert await told(stack, before) == []


async def test_everything_that_the_bot_has_noted_so_far_is_one_whole_chain(stack: Stack) -> None:
    await Sealer(stack.db, KEYS).sweep()
    found = await walked(stack.db, stack.tenant, KEYS)
    assert found.findings == ()
    assert found.links > 0
