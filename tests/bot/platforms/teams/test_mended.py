"""botbuilder's six faults: mended in ours, and still there in the stock adapter (the twins)."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botbuilder.core import ActivityHandler, InvokeResponse, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import ErrorResponseException
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth.jwt_token_extractor import _OpenIdMetadata
from msrest.universal_http.requests import ClientRetryPolicy

from bot.platforms.teams.mended import pause
from bot.platforms.teams.runtime import Runtime
from tests.bot.platforms.teams.botbuilder_stand import (
    Cards,
    Config,
    Echo,
    Everything,
    ask,
    press,
)
from tests.bot.platforms.teams.stand import (
    jwk,
)

# 1. Invokes


async def test_an_invoke_is_answered(world: Everything, runtime: Runtime) -> None:
    status, body = await ask(runtime.adapter, Cards(), press(world), world.token())
    assert (status, '"value":{"type":"AdaptiveCard"}' in body) == (200, True)

    status, body = await ask(runtime.adapter, Cards(), press(world, "task/fetch"), world.token())
    assert (status, '"value":"hi"' in body) == (200, True)


async def test_an_invoke_that_nobody_handles_is_an_empty_object(world: Everything, runtime: Runtime) -> None:
    assert await ask(runtime.adapter, Cards(), press(world, "message/submitAction"), world.token()) == (
        200,
        "{}",
    )


@pytest.mark.twin
@pytest.mark.parametrize("name", ["adaptiveCard/action", "task/fetch"])
async def test_the_stock_adapter_fails_on_every_invoke(
    world: Everything, stock: CloudAdapter, name: str
) -> None:
    status, _ = await ask(stock, Cards(), press(world, name), world.token())
    assert status == 500


async def test_an_exception_left_in_a_body_is_named_and_not_shown(
    world: Everything, runtime: Runtime
) -> None:
    class Careless(ActivityHandler):  # type: ignore[misc]
        async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
            return InvokeResponse(status=200, body={"value": ValueError("secret")})

    assert await ask(runtime.adapter, Careless(), press(world), world.token()) == (
        200,
        '{"value":"ValueError"}',
    )


# 2. Bad requests


def bad_tokens(world: Everything) -> dict[str, str | None]:
    now = int(time.time())
    return {
        "none": None,
        "expired": world.token(exp=now - 400),
        "bad signature": world.token("stranger", kid="k1"),
        "unknown key": world.token("stranger"),
        "garbage": "abc",
    }


@pytest.mark.parametrize("name", ["none", "expired", "bad signature", "unknown key", "garbage"])
async def test_a_bad_token_is_401(world: Everything, runtime: Runtime, name: str) -> None:
    status, _ = await ask(runtime.adapter, Echo(), world.message(), bad_tokens(world)[name])
    assert status == 401


@pytest.mark.twin
@pytest.mark.parametrize("name", ["expired", "bad signature", "unknown key", "garbage"])
async def test_the_stock_adapter_calls_a_bad_token_its_own_fault(
    world: Everything, stock: CloudAdapter, name: str
) -> None:
    status, _ = await ask(stock, Echo(), world.message(), bad_tokens(world)[name])
    assert status == 500


async def test_a_broken_body_is_400_and_another_method_405(world: Everything, runtime: Runtime) -> None:
    for body, expected in ((b"{bad", 400), (b"[]", 400), (b"{}", 401)):
        assert (await ask(runtime.adapter, Echo(), body, world.token()))[0] == expected
    untyped = {key: value for key, value in world.message().items() if key != "type"}
    assert (await ask(runtime.adapter, Echo(), untyped, world.token()))[0] == 400
    odd = {"Content-Type": "text/plain"}
    assert (await ask(runtime.adapter, Echo(), b"x", world.token(), **odd))[0] == 400


# 3. The token


async def test_many_turns_use_one_token(world: Everything, runtime: Runtime) -> None:
    for number in range(5):
        await runtime.adapter.run(world.message(id=str(number)), Echo())

    assert world.connector.logins == 1
    assert {call.authorization for call in world.connector.calls} == {"Bearer token-1"}


@pytest.mark.twin
async def test_the_stock_adapter_asks_entra_at_every_turn(
    world: Everything, stock: CloudAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botframework.connector.auth import microsoft_app_credentials

    asked: list[int] = []

    class Msal:
        def __init__(self, **_: Any) -> None: ...

        def acquire_token_silent(self, *_: Any, **__: Any) -> None:
            return None

        def acquire_token_for_client(self, **_: Any) -> dict[str, str]:
            asked.append(threading.get_ident())
            return {"access_token": "t"}

    monkeypatch.setattr(microsoft_app_credentials, "ConfidentialClientApplication", Msal)
    plain = CloudAdapter(ConfigurationBotFrameworkAuthentication(Config()))
    for number in range(3):
        await ask(plain, Echo(), world.message(id=str(number)), world.token())

    assert len(asked) == 3
    assert set(asked) == {threading.get_ident()}  # and in the loop's own thread


# 4. Key rotation


async def test_after_a_key_roll_the_next_activity_is_believed(world: Everything, runtime: Runtime) -> None:
    assert (await ask(runtime.adapter, Echo(), world.message(), world.token()))[0] == 200
    world.issuer.keys = [jwk("k2")]

    assert (await ask(runtime.adapter, Echo(), world.message(), world.token("k2")))[0] == 200


@pytest.mark.twin
async def test_after_a_key_roll_the_stock_adapter_refuses_teams_itself(
    world: Everything, stock: CloudAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed: list[str] = []

    async def refresh(self: Any) -> None:
        refreshed.append(self.url)

    monkeypatch.setattr(_OpenIdMetadata, "_refresh", refresh)

    assert (await ask(stock, Echo(), world.message(), world.token("k2")))[0] == 500
    assert refreshed == []  # although its keys are two hours old, it does not even look


# 5. Retries


@pytest.mark.parametrize("status", [429, 412, 500, 502, 503, 504])
async def test_what_teams_asks_to_repeat_is_repeated(
    world: Everything, runtime: Runtime, status: int
) -> None:
    world.connector.answers = [(status, {"Retry-After": "2"}, {}), (status, {}, {})]

    await runtime.adapter.run(world.message(), Echo())

    assert len(world.connector.calls) == 3
    assert world.pauses[0] >= 2.0


async def test_it_is_given_up_after_four_attempts_and_never_for_a_definite_no(
    world: Everything, runtime: Runtime
) -> None:
    world.connector.answers = [(503, {}, {})] * 9
    with pytest.raises(ErrorResponseException):
        await runtime.adapter.run(world.message(), Echo())
    assert len(world.connector.calls) == 4

    world.connector.answers = [(403, {}, {})]
    with pytest.raises(ErrorResponseException):
        await runtime.adapter.run(world.message(), Echo())
    assert len(world.connector.calls) == 5


@pytest.mark.twin
async def test_the_stock_adapter_gives_up_at_once(world: Everything, stock: CloudAdapter) -> None:
    world.connector.answers = [(429, {"Retry-After": "0"}, {})]

    await ask(stock, Echo(), world.message(), world.token())

    assert len(world.connector.calls) == 1


async def test_a_repeat_never_sends_again_what_was_sent(world: Everything, runtime: Runtime) -> None:
    class Two(ActivityHandler):  # type: ignore[misc]
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            from botbuilder.schema import Activity

            await turn_context.send_activities(
                [Activity(type="message", text="one"), Activity(type="message", text="two")]
            )

    world.connector.answers = [(201, {}, {"id": "1"}), (503, {}, {}), (201, {}, {"id": "2"})]
    await runtime.adapter.run(world.message(), Two())

    assert [call.body["text"] for call in world.connector.calls] == ["one", "two", "two"]


def test_pauses_grow_and_are_bounded() -> None:
    assert 0.25 <= pause(1, None) <= 0.75
    assert 1.0 <= pause(3, None) <= 3.0
    assert pause(1, 9_999) == 30.0


# 6. CPU


async def test_a_connector_is_made_once_and_msrest_looks_in_a_set(
    world: Everything, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count_connectors(monkeypatch)
    for number in range(5):
        await runtime.adapter.run(world.message(id=str(number)), Echo())

    assert len(made) == 1
    assert isinstance(ClientRetryPolicy.safe_codes, frozenset)
    assert 408 not in ClientRetryPolicy.safe_codes
    assert 200 in ClientRetryPolicy.safe_codes


@pytest.mark.twin
async def test_the_stock_adapter_makes_a_connector_at_every_turn(
    world: Everything, stock: CloudAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count_connectors(monkeypatch)
    for number in range(3):
        await ask(stock, Echo(), world.message(id=str(number)), world.token())

    assert len(made) == 3


def count_connectors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    build = ConnectorClient.__init__

    def counted(self: Any, *args: Any, **named: Any) -> None:
        made.append(named.get("base_url", ""))
        build(self, *args, **named)

    monkeypatch.setattr(ConnectorClient, "__init__", counted)
    return made
