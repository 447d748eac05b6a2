"""Keys are fetched when needed, not oftener, and never block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.platforms.teams import keys as keys_module
from bot.platforms.teams.keys import KeysUnreachable, SigningKeys, get_json_over_http, read_keys
from tests.bot.platforms.teams.stand import Clock, Issuer, an_issuer, jwk

URL = "https://login.botframework.com/openid"


class Microsoft:
    """The two documents, without a network."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.fetches = 0
        self.away = False
        self.keys_url = "https://login.botframework.com/keys"

    async def __call__(self, url: str) -> Any:
        await asyncio.sleep(0)
        if self.away:
            self.fetches += 1
            raise KeysUnreachable("away")
        if url == URL:
            self.fetches += 1
            return {"jwks_uri": self.keys_url}
        return {"keys": [jwk(kid) for kid in self.kids]}


async def test_keys_are_fetched_once_for_a_day() -> None:
    microsoft, clock = Microsoft("k1"), Clock()
    keys = SigningKeys(URL, get_json=microsoft, clock=clock)

    for _ in range(5):
        assert await keys.find("k1")
        clock.now += 4 * 3600

    assert microsoft.fetches == 1


async def test_a_rolled_key_is_noticed_at_once() -> None:
    microsoft, clock = Microsoft("k1"), Clock()
    keys = SigningKeys(URL, get_json=microsoft, clock=clock)
    await keys.find("k1")

    microsoft.kids = ("k2",)
    clock.now += 1

    assert await keys.find("k2")
    assert await keys.find("k1") is None


async def test_forged_key_ids_cause_one_fetch_in_five_minutes() -> None:
    microsoft, clock = Microsoft("k1"), Clock()
    keys = SigningKeys(URL, get_json=microsoft, clock=clock)
    await keys.find("k1")

    for number in range(100):
        assert await keys.find(f"forged-{number}") is None
    assert microsoft.fetches == 2

    clock.now += 301
    assert await keys.find("forged") is None
    assert microsoft.fetches == 3


@pytest.mark.twin
async def test_without_the_pause_forged_key_ids_would_hammer_microsoft(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys_module, "BETWEEN_UNKNOWN_KIDS", 0)
    microsoft = Microsoft("k1")
    keys = SigningKeys(URL, get_json=microsoft, clock=Clock())

    for number in range(100):
        await keys.find(f"forged-{number}")

    assert microsoft.fetches == 100


async def test_a_hundred_at_once_share_one_fetch() -> None:
    microsoft = Microsoft("k1")
    keys = SigningKeys(URL, get_json=microsoft)

    assert all(await asyncio.gather(*(keys.find("k1") for _ in range(100))))
    assert microsoft.fetches == 1


async def test_one_who_gives_up_does_not_take_the_fetch_from_the_others() -> None:
    keys = SigningKeys(URL, get_json=Microsoft("k1"))
    impatient = asyncio.create_task(keys.find("k1"))
    patient = asyncio.create_task(keys.find("k1"))
    await asyncio.sleep(0)

    impatient.cancel()

    assert await patient


async def test_old_keys_serve_one_more_day_while_microsoft_is_away_and_no_longer() -> None:
    microsoft, clock = Microsoft("k1"), Clock()
    keys = SigningKeys(URL, get_json=microsoft, clock=clock)
    await keys.find("k1")
    microsoft.away = True

    clock.now += 25 * 3600
    assert await keys.find("k1")
    clock.now += 24 * 3600
    assert await keys.find("k1") is None


async def test_while_microsoft_is_away_it_is_asked_every_five_seconds_only() -> None:
    microsoft, clock = Microsoft("k1"), Clock()
    microsoft.away = True
    keys = SigningKeys(URL, get_json=microsoft, clock=clock)

    for _ in range(20):
        assert await keys.find("k1") is None
    assert microsoft.fetches == 1

    microsoft.away = False
    clock.now += 6
    assert await keys.find("k1")


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "DEADLINE", 0.01)

    async def silence(_url: str) -> Any:
        await asyncio.Event().wait()

    assert await SigningKeys(URL, get_json=silence).find("k1") is None


async def test_keys_may_not_be_fetched_over_plain_http() -> None:
    microsoft = Microsoft("k1")
    microsoft.keys_url = "http://127.0.0.1/keys"

    assert await SigningKeys(URL, get_json=microsoft).find("k1") is None


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "x",
        {},
        {"keys": None},
        {"keys": [None, 1, "x", {}]},
        {"keys": [{"kid": "k1", "kty": "EC", "endorsements": ["msteams"]}]},
        {"keys": [{"kid": "k1", "kty": "RSA", "n": "!", "e": "AQAB", "endorsements": ["msteams"]}]},
        {"keys": [{"kid": "k1", "kty": "RSA", "n": 5, "e": [], "endorsements": ["msteams"]}]},
        {"keys": [{"kid": ["k1"], "kty": "RSA", "endorsements": ["msteams"]}]},
    ],
)
def test_what_is_no_key_is_passed_over(document: Any) -> None:
    assert read_keys(document) == {}


def test_a_weak_key_is_passed_over() -> None:
    assert read_keys({"keys": [jwk("small")]}) == {}


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with an_issuer() as one:
        yield one


async def test_the_documents_are_fetched_over_http(issuer: Issuer) -> None:
    assert await SigningKeys(issuer.url).find("k1")


async def test_a_server_fault_is_unreachable_keys(issuer: Issuer) -> None:
    issuer.status = 500
    with pytest.raises(KeysUnreachable):
        await get_json_over_http(issuer.url)


async def test_a_huge_document_is_not_read(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "LARGEST_DOCUMENT", 10)
    with pytest.raises(KeysUnreachable, match="TooLarge"):
        await get_json_over_http(issuer.url)


async def test_nobody_there_is_unreachable_keys() -> None:
    with pytest.raises(KeysUnreachable):
        await get_json_over_http("http://127.0.0.1:1/openid")
