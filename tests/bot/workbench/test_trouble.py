"""The trouble buttons do what they say, and so do redelivery and the driver's own complaints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.workbench.driver import LocalWorld, Refused, connect, stand_ins
from bot.workbench.sandbox import Sandbox
from tests.bot.workbench.listener import Listener
from tests.bot.workbench.test_slack_people import CARD, ORDERS


async def post(world: LocalWorld, text: str) -> None:
    variables = world.environment
    body = {"channel": ORDERS, "text": text, "blocks": CARD}
    headers = {"Authorization": f"Bearer {variables['SLACK_BOT_TOKEN']}"}
    async with aiohttp.ClientSession() as session:
        await session.post(variables["SLACK_API_URL"] + "chat.postMessage", json=body, headers=headers)
    await world.slack.wait_for(text)
    await world.settled()


async def test_the_last_delivery_is_delivered_twice_byte_for_byte(
    world: LocalWorld, listener: Listener
) -> None:
    await world.slack.say("ada", "dm", "hello")
    await world.settled()
    note = await world.trouble("deliver_twice")

    assert listener.heard[0].body == listener.heard[1].body
    assert listener.heard[1].headers["X-Slack-Retry-Num"] == "1"
    assert "message.im" in note
    assert "200" in note


async def test_a_row_of_the_wire_can_be_sent_again(world: LocalWorld, listener: Listener) -> None:
    await world.teams.say("ada", "personal", "hello")
    row = await world.wait_for_wire("message", status=200)
    await world.resend(row)

    assert [heard.body for heard in listener.heard] == [listener.heard[0].body] * 2


async def test_what_came_from_the_bot_cannot_be_sent_again(world: LocalWorld) -> None:
    await post(world, "hello")
    row = await world.wait_for_wire("chat.postMessage")

    assert row["can_resend"] is False
    with pytest.raises(Refused, match="cannot be sent again"):
        await world.resend(row)


async def test_twenty_presses_at_once_are_twenty_different_presses_of_one_button(
    world: LocalWorld, listener: Listener
) -> None:
    await post(world, "an approval")
    note = await world.trouble("press_20", "grace")

    presses = [heard.payload for heard in await listener.interaction("block_actions", 20)]
    assert {press["actions"][0]["action_id"] for press in presses} == {"confirm"}
    assert len({press["trigger_id"] for press in presses}) == 20
    assert len({press["actions"][0]["action_ts"] for press in presses}) == 20
    assert note == "“Yes” was pressed 20 times at once: 20 answered 200."


async def test_without_a_card_there_is_nothing_to_press(world: LocalWorld) -> None:
    with pytest.raises(Refused, match="no card"):
        await world.trouble("press_20")
    with pytest.raises(Refused, match="nothing was delivered"):
        await world.trouble("deliver_twice")
    with pytest.raises(Refused, match="Stripe is real"):
        await world.trouble("decline_card")


async def test_time_and_workers_are_troubled_elsewhere(tmp_path: Path) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    async def trouble(what: str, more: dict[str, Any]) -> str:
        asked.append((what, more))
        return "done"

    async with stand_ins(tmp_path, trouble=trouble) as world:
        assert await world.trouble("expire") == "done"
        assert await world.trouble("kill_worker", "ada") == "done"
    assert asked == [("expire", {"as": "grace"}), ("kill_worker", {"as": "ada"})]


async def test_a_reset_forgets_everything_and_tells_the_page(world: LocalWorld) -> None:
    said = await world.slack.say("ada", "general", "hello")
    await world.settled()
    await world.trouble("reset")
    await world.until(lambda: not world.messages, "an empty workspace")
    again = await world.slack.say("ada", "general", "hello")

    assert float(again.ts) > float(said.ts)


async def test_the_stripe_sandbox_is_mounted_shown_and_troubled(tmp_path: Path) -> None:
    """With the real sandbox: its records reach the page, and its next card is declined."""
    from integrations.stripe.sandbox import create_sandbox

    def sandbox(on_wire: Any) -> web.Application:
        return create_sandbox(tmp_path / "stripe.sqlite3", webhook_url="", webhook_secret="", on_wire=on_wire)

    async with stand_ins(tmp_path, sandboxes=[Sandbox("stripe", "Stripe", sandbox)]) as world:
        variables = world.environment
        await world.until(lambda: world.records, "the records of the sandbox")
        headers = {"Authorization": f"Bearer {variables['STRIPE_API_KEY']}"}
        base = variables["STRIPE_API_BASE"] + "/v1"
        async with aiohttp.ClientSession() as session:

            async def first(path: str) -> str:
                async with session.get(base + path, headers=headers) as answer:
                    return str((await answer.json())["data"][0]["id"])

            customer = await first("/customers?email=ada@example.com")
            charge = {
                "amount": "2700",
                "currency": "usd",
                "customer": customer,
                "payment_method": await first(f"/payment_methods?customer={customer}"),
                "confirm": "true",
                "off_session": "true",
            }
        note = await world.trouble("decline_card")
        url = base + "/payment_intents"
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=charge, headers=headers) as answer:
                assert (answer.status, (await answer.json())["error"]["type"]) == (402, "card_error")
            evil = headers | {"Host": "evil.example"}
            async with session.post(url, data=charge, headers=evil) as answer:
                assert answer.status == 403
        row = await world.wait_for_wire("POST /v1/payment_intents", status=402)
        assert "declined" in note
        assert row["platform"] == "stripe"
        await world.trouble("reset")


async def test_the_first_start_installs_the_app_in_teams_once(tmp_path: Path) -> None:
    from bot.settings import Settings
    from bot.workbench import WORKBENCH, mount
    from bot.workbench.driver import CREDENTIALS

    unset: dict[str, Any] = dict.fromkeys(CREDENTIALS)

    async def nothing() -> list[dict[str, Any]]:
        return []

    async def no_trouble(what: str, more: dict[str, Any]) -> str:
        return ""

    async def start() -> list[dict[str, Any]]:
        app = web.Application()
        settings = Settings(_env_file=None, state_dir=tmp_path, port=1, **unset)
        mount(app, settings=settings, inspect=nothing, trouble=no_trouble, install=True)
        runner = web.AppRunner(app)
        await runner.setup()
        parcels = app[WORKBENCH].store.newest("parcel")
        app[WORKBENCH].courier.pauses = ()
        await app[WORKBENCH].courier.settle()
        await runner.cleanup()
        return parcels

    assert len(await start()) == 8
    assert await start() == []


# ── the driver ──
async def test_waiting_in_vain_says_what_was_seen(world: LocalWorld) -> None:
    await post(world, "Two colas?")

    with pytest.raises(AssertionError) as failure:
        await world.slack.wait_for("three colas", button="Approve", timeout=0.05)
    told = str(failure.value)
    assert "three colas" in told
    assert "#orders" in told
    assert "Two colas?" in told
    assert "chat.postMessage → 200" in told


async def test_a_control_that_is_not_there_is_named_with_those_that_are(world: LocalWorld) -> None:
    await post(world, "Two colas?")
    card = await world.slack.wait_for(button="Yes")

    assert card.buttons == ["Yes"]
    with pytest.raises(AssertionError, match="confirm"):
        card.control("Approve")


async def test_a_running_workbench_is_driven_by_its_address(world: LocalWorld) -> None:
    async with connect(world.url) as remote:
        said = await remote.slack.say("ada", "general", "from outside")

        assert (
            await world.until(lambda: world.messages.get((said.channel, said.ts)), "it")
        ).text == said.text
