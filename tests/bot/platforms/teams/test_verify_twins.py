"""Each guard of the door taken away, to see that the attack it stops then succeeds."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
import pytest_asyncio

from bot.platforms.teams import TeamsDoor, door
from bot.platforms.teams import keys as keys_module
from bot.platforms.teams import payload as payload_module
from bot.platforms.teams import verify as verify_module
from tests.bot.platforms.teams.stand import (
    Issuer,
    an_issuer,
    body,
    headers,
    jwk,
    message,
    settings,
    token,
)

pytestmark = pytest.mark.twin

EVIL = "https://evil.example/"


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with an_issuer() as one:
        yield one


@pytest.fixture
def teams(issuer: Issuer) -> TeamsDoor:
    return door(settings(teams_openid_url=issuer.url))


def relax(monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    """jwt.decode with some of its checks off."""
    decode = jwt.decode

    def careless(token: str, key: Any, **given: Any) -> Any:
        given["options"] = {**given["options"], **options}
        return decode(token, key, **given)

    monkeypatch.setattr(jwt, "decode", careless)


async def test_without_the_signature_check_a_stranger_is_believed(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    relax(monkeypatch, verify_signature=False, verify_aud=True, verify_iss=True, verify_exp=True)
    assert await teams.verify(headers(token("stranger", kid="k1")), body(message()))


async def test_without_the_audience_check_a_token_for_another_bot_is_believed(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    relax(monkeypatch, verify_aud=False)
    assert await teams.verify(headers(token(aud="another-app")), body(message()))


async def test_without_the_issuer_check_a_token_from_elsewhere_is_believed(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    relax(monkeypatch, verify_iss=False)
    assert await teams.verify(headers(token(iss="https://sts.windows.net/evil/")), body(message()))


async def test_without_the_expiry_check_an_old_token_is_believed(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    relax(monkeypatch, verify_exp=False)
    assert await teams.verify(headers(token(exp=int(time.time()) - 9_000)), body(message()))


async def test_without_the_list_of_algorithms_hs256_would_be_tried_with_the_public_key(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyJWT has a second guard of its own: it refuses to use an RSA key object for HS256."""
    monkeypatch.setattr(verify_module, "ALGORITHMS", ["HS256", "RS256"])
    tried: list[str] = []
    decode = jwt.decode

    def watch(token: str, key: Any, **given: Any) -> Any:
        tried.extend(given["algorithms"])
        return decode(token, key, **given)

    monkeypatch.setattr(jwt, "decode", watch)
    await teams.verify(headers(token()), body(message()))
    assert "HS256" in tried


async def test_without_matching_the_token_to_the_activity_our_answers_go_elsewhere(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_module.Verifier, "match", lambda *_: None)
    payload = await teams.verify(headers(token()), body(message(serviceUrl=EVIL)))
    assert payload["serviceUrl"] == EVIL


async def test_without_the_host_list_a_signed_address_of_anybody_is_called_back(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_module, "may_be_called", lambda *_, **__: True)
    assert await teams.verify(headers(token(serviceurl=EVIL)), body(message(serviceUrl=EVIL)))


async def test_without_endorsements_the_key_of_another_channel_speaks_for_teams(
    issuer: Issuer, teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.keys = [jwk("k1", endorsements=["webchat"])]
    everything = type("All", (frozenset,), {"__contains__": lambda *_: True})
    monkeypatch.setattr(keys_module, "frozenset", lambda _: everything(), raising=False)
    assert await teams.verify(headers(token()), body(message()))


async def test_without_the_host_check_a_rebound_name_speaks_as_the_playground(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verify_module, "is_loopback", lambda _: True)
    playground = door(settings(microsoft_app_id="", teams_anonymous=True))
    rebound = {
        "Content-Type": "application/json",
        "Host": "rebound.example",
        "Origin": "https://evil.example",
    }
    assert await playground.verify(rebound, body(message(serviceUrl=EVIL)))


async def test_without_the_content_type_check_a_web_form_speaks_as_the_playground(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verify_module, "require_json", lambda _: None)
    playground = door(settings(microsoft_app_id="", teams_anonymous=True))
    form = {"Content-Type": "text/plain", "Host": "localhost"}
    assert await playground.verify(form, body(message(serviceUrl="http://localhost:1/")))


async def test_without_the_twin_check_the_last_of_two_keys_wins(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload_module, "_without_twins", dict)
    twins = body(message()).replace(b'"text"', b'"text": "two colas", "text"')
    assert (await teams.verify(headers(token()), twins))["text"] == "order two colas"


async def test_without_the_depth_limit_a_deep_body_comes_in(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload_module, "DEEPEST", 10_000)
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert await teams.verify(headers(token()), body(message(value=deep)))
