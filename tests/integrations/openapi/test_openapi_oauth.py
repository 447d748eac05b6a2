"""Tokens by client credentials: one for all, renewed in time, and the secret to one address only."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest

from integrations.errors import IntegrationError, NotConfigured, NotReached
from integrations.openapi.chosen import Chosen
from integrations.openapi.oauth import EARLY, Tokens

from .conftest import Kennel, Stand

Make = Callable[..., Kennel]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _tokens(stand: Stand, clock: Clock | None = None, **more: Any) -> Tokens:
    chosen = Chosen(
        "kennel",
        "x",
        client_id="me@x",
        client_secret="s:1/+",
        token_url=f"{stand.base}/token",
        inside=True,
        **more,
    )
    return Tokens(chosen, clock or Clock())


def _give(stand: Stand, token: str, **more: Any) -> None:
    stand.say(200, {"access_token": token, "token_type": "Bearer", "expires_in": 600} | more)


def test_it_asks_as_the_standard_says(stand: Stand) -> None:
    _give(stand, "t1")
    assert _tokens(stand, scope="dogs.read dogs.write").token() == "t1"

    (seen,) = stand.seen
    assert (seen.method, seen.target) == ("POST", "/token")
    assert seen.body == b"grant_type=client_credentials&scope=dogs.read+dogs.write"
    assert base64.b64decode(seen.headers["Authorization"].removeprefix("Basic ")) == b"me%40x:s%3A1%2F%2B"


def test_a_token_is_kept_until_shortly_before_its_end(stand: Stand) -> None:
    clock = Clock()
    tokens = _tokens(stand, clock)
    _give(stand, "t1")
    _give(stand, "t2")

    assert tokens.token() == "t1"
    clock.now += 600 - EARLY - 1
    assert tokens.token() == "t1"
    clock.now += 2
    assert tokens.token() == "t2"
    assert len(stand.seen) == 2


@pytest.mark.parametrize(("told", "kept"), [(10, 5), (None, 240), ("600", 240), (10**9, 24 * 3600 - EARLY)])
def test_an_odd_life_of_a_token_is_bounded(stand: Stand, told: Any, kept: float) -> None:
    clock = Clock()
    tokens = _tokens(stand, clock)
    _give(stand, "t1", expires_in=told)
    _give(stand, "t2")
    tokens.token()
    clock.now += kept - 0.1
    assert tokens.token() == "t1"
    clock.now += 0.2
    assert tokens.token() == "t2"


def test_many_threads_ask_once(stand: Stand) -> None:
    _give(stand, "t1")
    tokens = _tokens(stand)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(tokens.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert found == ["t1"] * 8
    assert len(stand.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_client"}, NotConfigured),
        (401, {}, NotConfigured),
        (500, {}, NotReached),
        (200, b"<html>", NotReached),
        (200, {"access_token": ""}, NotReached),
        (200, {"access_token": "a\r\nX-Admin: 1"}, NotReached),
        (200, {"access_token": "ä"}, NotReached),
        (200, {"access_token": "x" * 20_000}, NotReached),
        (200, {"access_token": "t", "token_type": "mac"}, NotReached),
        (200, [], NotReached),
    ],
)
def test_no_token_is_said_and_the_secret_is_not(
    stand: Stand, status: int, body: Any, error: type[IntegrationError]
) -> None:
    stand.say(status, body)
    with pytest.raises(error) as caught:
        _tokens(stand).token()
    assert "s:1" not in str(caught.value)


def test_a_redirect_of_the_token_address_does_not_get_the_secret(stand: Stand, other: Stand) -> None:
    stand.say(307, None, Location=f"{other.base}/token")
    with pytest.raises(NotReached):
        _tokens(stand).token()
    assert other.seen == []


@pytest.fixture
def oauth(kennel: Make, other: Stand) -> Kennel:
    return kennel(CLIENT_ID="me", CLIENT_SECRET="s", TOKEN_URL=f"{other.base}/token")


def test_a_token_that_was_refused_is_renewed_once(oauth: Kennel, stand: Stand, other: Stand) -> None:
    _give(other, "old")
    _give(other, "new")
    stand.say(401, {})
    stand.say(201, {"id": 1})

    assert oauth.call("dogs_create", {"body": {"name": "Rex"}}).result["status"] == 201
    assert [seen.headers["Authorization"] for seen in stand.seen] == ["Bearer old", "Bearer new"]
    assert len(other.seen) == 2


def test_a_second_refusal_is_the_answer(oauth: Kennel, stand: Stand, other: Stand) -> None:
    for _ in range(3):
        _give(other, "t")
        stand.say(401, {})

    with pytest.raises(NotConfigured, match="OPENAPI_KENNEL_CLIENT_ID"):
        oauth.call("dogs_get", {"id": "1"})
    assert len(stand.seen) == 2


def test_the_token_is_shared_by_the_clients_of_all_threads(oauth: Kennel, other: Stand) -> None:
    _give(other, "t")
    for _ in range(3):
        oauth.call("dogs_get", {"id": "1"})

    assert len(other.seen) == 1


def test_without_a_token_nothing_was_sent_so_a_write_may_be_tried_again(
    oauth: Kennel, stand: Stand, other: Stand
) -> None:
    other.say(500, {})
    with pytest.raises(NotReached):
        oauth.call("dogs_create", {"body": {"name": "Rex"}})
    _give(other, "t")
    stand.say(201, {"id": 1})

    assert oauth.call("dogs_create", {"body": {"name": "Rex"}}, number=2).result["status"] == 201
    assert [seen.method for seen in stand.seen] == ["POST"]
