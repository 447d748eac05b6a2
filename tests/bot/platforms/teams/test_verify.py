"""Only Teams is believed, and only about this very activity."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import jwt
import orjson
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.errors import ConfigurationError, Malformed, Unverified
from bot.platforms.teams import TeamsDoor, door
from bot.platforms.teams import verify as verify_module
from tests.bot.platforms.teams.stand import (
    APP,
    ISSUER,
    SERVICE,
    Issuer,
    an_issuer,
    body,
    headers,
    jwk,
    message,
    private_key,
    settings,
    token,
)


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with an_issuer() as one:
        yield one


@pytest.fixture
def teams(issuer: Issuer) -> TeamsDoor:
    return door(settings(teams_openid_url=issuer.url))


async def test_a_genuine_activity_is_let_in(teams: TeamsDoor) -> None:
    payload = await teams.verify(headers(token()), body(message("hello")))

    assert payload["text"] == "hello"


async def test_header_names_come_in_any_case(teams: TeamsDoor) -> None:
    shouted = {name.upper(): value for name, value in headers(token()).items()}

    assert await teams.verify(shouted, body(message()))


async def test_a_token_that_ended_four_minutes_ago_is_within_the_clock_leeway(teams: TeamsDoor) -> None:
    assert await teams.verify(headers(token(exp=int(time.time()) - 240)), body(message()))


def unsigned(algorithm: str, secret: bytes = b"") -> str:
    """A token put together by hand, since jwt itself refuses to make such."""
    now = int(time.time())
    head = {"alg": algorithm, "typ": "JWT", "kid": "k1"}
    claims = {"iss": ISSUER, "aud": APP, "serviceurl": SERVICE, "exp": now + 600}
    signed = b".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in (head, claims))
    mac = hmac.new(secret, signed, hashlib.sha256).digest() if secret else b""
    return (signed + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()


def public_pem() -> bytes:
    return private_key("k1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def forgeries() -> dict[str, str | None]:
    now = int(time.time())
    good = token()
    head, claims, signature = good.split(".")
    return {
        "no header": None,
        "empty": "",
        "garbage": "abc",
        "garbage with dots": "a.b.c",
        "not ascii": "ä.ö.ü",
        "too long": "a" * 20_000,
        "wrong issuer": token(iss="https://sts.windows.net/evil/"),
        "no issuer": token(iss=None),
        "wrong audience": token(aud="another-app"),
        "no audience": token(aud=None),
        "expired": token(exp=now - 400),
        "never expires": token(exp=None),
        "not yet valid": token(nbf=now + 400),
        "service url of another": token(serviceurl="https://smba.trafficmanager.net/emea/"),
        "no service url": token(serviceurl=None),
        "service url a number": token(serviceurl=7),
        "signed by somebody else": token("stranger", kid="k1"),
        "unknown key": token("stranger"),
        "signature cut off": f"{head}.{claims}.",
        "signature of another": f"{head}.{claims}.{signature[::-1]}",
        "no key id": jwt.encode({"iss": ISSUER, "aud": APP}, private_key("k1"), "RS256"),
        "key id a list": jwt.encode({"aud": APP}, private_key("k1"), "RS256", headers={"x": 1}),
        "alg none": unsigned("none"),
        "HS256 with the public key": unsigned("HS256", public_pem()),
    }


@pytest.mark.parametrize("name", forgeries().keys())
async def test_every_forgery_is_unverified_and_nothing_else(teams: TeamsDoor, name: str) -> None:
    with pytest.raises(Unverified):
        await teams.verify(headers(forgeries()[name]), body(message()))


async def test_another_scheme_than_bearer_is_unverified(teams: TeamsDoor) -> None:
    with pytest.raises(Unverified):
        await teams.verify(headers(None) | {"Authorization": f"Basic {token()}"}, body(message()))


async def test_a_key_may_speak_only_for_the_channels_it_is_endorsed_for(
    issuer: Issuer, teams: TeamsDoor
) -> None:
    issuer.keys = [jwk("k1", endorsements=["webchat"])]

    with pytest.raises(Unverified):
        await teams.verify(headers(token()), body(message()))


async def test_a_key_without_endorsements_speaks_for_nobody(issuer: Issuer, teams: TeamsDoor) -> None:
    issuer.keys = [{name: value for name, value in jwk("k1").items() if name != "endorsements"}]

    with pytest.raises(Unverified):
        await teams.verify(headers(token()), body(message()))


async def test_a_token_for_one_channel_is_not_taken_for_another(teams: TeamsDoor) -> None:
    with pytest.raises(Unverified):
        await teams.verify(headers(token()), body(message(channelId="slack")))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://smba.trafficmanager.net/amer/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://evilbotframework.com/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://smba.trafficmanager.net:8443/",
        "https://evil.example\\.botframework.com/",
        "https://evil.example/?x=.botframework.com",
        "//smba.trafficmanager.net/",
        "https://[::1",
        "",
    ],
)
async def test_even_a_signed_service_url_must_be_one_of_the_connectors(teams: TeamsDoor, url: str) -> None:
    with pytest.raises(Unverified):
        await teams.verify(headers(token(serviceurl=url)), body(message(serviceUrl=url)))


async def test_loopback_is_called_back_only_where_the_keys_come_from_loopback(issuer: Issuer) -> None:
    here = "http://127.0.0.1:3000/standin/teams/"
    sandbox = door(settings(teams_openid_url=issuer.url))
    assert await sandbox.verify(headers(token(serviceurl=here)), body(message(serviceUrl=here)))

    sandbox._verifier._loopback = False  # type: ignore[union-attr]  # as with Microsoft's own keys
    with pytest.raises(Unverified):
        await sandbox.verify(headers(token(serviceurl=here)), body(message(serviceUrl=here)))


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
async def test_what_is_not_json_is_malformed(teams: TeamsDoor, kind: str) -> None:
    with pytest.raises(Malformed):
        await teams.verify(headers(token()) | {"Content-Type": kind}, body(message()))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{bad",
        b"[]",
        b'"x"',
        b"null",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"\xff\xfe",
        b"[" * 5000,
        b'{"a":' * 5000,
    ],
)
async def test_a_broken_body_with_a_good_token_is_malformed(teams: TeamsDoor, text: bytes) -> None:
    with pytest.raises(Malformed):
        await teams.verify(headers(token()), text)


async def test_a_body_nested_too_deep_is_malformed(teams: TeamsDoor) -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    with pytest.raises(Malformed):
        await teams.verify(headers(token()), body(message(value=deep)))


async def test_a_broken_body_with_a_bad_token_is_not_even_looked_at(teams: TeamsDoor) -> None:
    with pytest.raises(Unverified):
        await teams.verify(headers("abc"), b"{bad")


async def test_a_token_that_passed_is_remembered_and_still_held_against_each_activity(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = token()
    await teams.verify(headers(good), body(message()))
    monkeypatch.setattr(jwt, "decode", None)  # would fail if it were called

    assert await teams.verify(headers(good), body(message("again")))
    with pytest.raises(Unverified):
        await teams.verify(headers(good), body(message(serviceUrl="https://smba.trafficmanager.net/emea/")))
    with pytest.raises(Unverified):
        await teams.verify(headers(good), body(message(channelId="directline")))


async def test_a_remembered_token_ends_when_it_expires(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = token()
    await teams.verify(headers(good), body(message()))
    later = time.time() + 1000
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(jwt, "decode", _expired)

    with pytest.raises(Unverified):
        await teams.verify(headers(good), body(message()))


def _expired(*_: Any, **__: Any) -> Any:
    raise jwt.ExpiredSignatureError


async def test_no_more_than_a_thousand_tokens_are_remembered(
    teams: TeamsDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_module, "REMEMBERED", 3)
    for number in range(6):
        await teams.verify(headers(token(jti=str(number))), body(message()))

    assert len(teams._verifier._remembered) == 3  # type: ignore[union-attr]


def test_without_an_app_id_the_door_is_not_built() -> None:
    with pytest.raises(ConfigurationError, match="MICROSOFT_APP_ID"):
        door(settings(microsoft_app_id=""))


def test_anonymous_off_loopback_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="TEAMS_ANONYMOUS"):
        door(settings(teams_anonymous=True, host="0.0.0.0"))


def test_keys_over_plain_http_from_elsewhere_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="TEAMS_OPENID_URL"):
        door(settings(teams_openid_url="http://keys.example/openid"))


LOCAL = {"Content-Type": "application/json", "Host": "localhost:3000"}
HERE = "http://localhost:56150/_connector"


async def test_the_agents_playground_needs_no_token_on_this_machine() -> None:
    playground = door(settings(microsoft_app_id="", teams_anonymous=True))

    assert await playground.verify(LOCAL, body(message(serviceUrl=HERE)))


async def test_anonymous_still_checks_a_token_that_is_sent(issuer: Issuer) -> None:
    both = door(settings(teams_anonymous=True, teams_openid_url=issuer.url))

    with pytest.raises(Unverified):
        await both.verify(LOCAL | headers("abc"), body(message(serviceUrl=HERE)))


@pytest.mark.parametrize(
    "odd",
    [
        {"Host": "rebound.example:3000"},
        {"Host": "[::1"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_web_page_cannot_speak_as_the_playground(odd: dict[str, str]) -> None:
    playground = door(settings(microsoft_app_id="", teams_anonymous=True))

    with pytest.raises(Unverified):
        await playground.verify(LOCAL | odd, body(message(serviceUrl=HERE)))


async def test_an_anonymous_activity_cannot_have_us_call_elsewhere() -> None:
    playground = door(settings(microsoft_app_id="", teams_anonymous=True))

    with pytest.raises(Unverified):
        await playground.verify(LOCAL, body(message(serviceUrl="https://evil.example/")))
