"""Whose pages may speak to us, and that the engine's door believes nobody."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import Malformed, Unverified
from bot.platforms.web import door
from bot.platforms.web.door import WebDoor, origins
from bot.settings import Settings
from bot.turn import Said
from tests.bot.platforms.web.web_stand import ADA, OURS, T1, FakeKeys

GOOD = {"Authorization": "Bearer ada", "Content-Type": "application/json; charset=utf-8"}


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def test_our_own_address_and_those_that_are_named_may_and_nobody_else() -> None:
    found = origins(
        settings(
            host="0.0.0.0",
            public_url="https://Bot.example.com/path/",
            web_origins=" https://App.example.com/ ,https://b.example:8443,, null, * ",
        )
    )
    assert found == {"https://bot.example.com", "https://app.example.com", "https://b.example:8443"}


def test_on_this_machine_it_is_this_machine_at_our_port() -> None:
    assert origins(settings(port=3917)) == {
        "http://localhost:3917", "http://127.0.0.1:3917", "http://[::1]:3917"}  # fmt: skip


def test_without_any_address_no_page_may() -> None:
    assert origins(settings(host="0.0.0.0")) == frozenset()


@pytest.mark.parametrize("origin", [OURS, "", "HTTPS://APP.EXAMPLE.COM"])
def test_our_own_page_or_no_page_at_all(origin: str) -> None:
    WebDoor([OURS]).check_origin(origin)


FOREIGN = ("null", "*", "https://app.example.com.evil", "https://app.example.com/",
           "https://app.example.com ", "http://app.example.com", "app.example.com")  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
def test_another_page_is_another_page(origin: str) -> None:
    with pytest.raises(Unverified):
        WebDoor([OURS]).check_origin(origin)


async def test_what_is_verified_is_a_turn_without_its_token() -> None:
    ours = WebDoor([OURS], FakeKeys())
    payload = await ours.verify(GOOD, b'{"text": "order", "id": "1"}')
    turn = ours.to_turn(payload)
    assert turn.act == Said("order", mentioned=True)  # type: ignore[union-attr]  # it is a turn
    assert "Bearer" not in str(payload)
    assert ours.answer(turn, None).body == {"turn": f"web:{T1}:{ADA}:1", "conversation": "main"}  # type: ignore[arg-type]


async def test_who_it_is_is_asked_before_a_byte_of_the_body_is_read() -> None:
    with pytest.raises(Unverified):
        await WebDoor([OURS], FakeKeys()).verify({**GOOD, "Authorization": "Bearer x"}, b"\xff{{{")


@pytest.mark.parametrize("kind", ["text/plain", "", "application/jsonp", "application/x-www-form-urlencoded"])
async def test_only_json_is_read(kind: str) -> None:
    with pytest.raises(Malformed):
        await WebDoor([OURS], FakeKeys()).verify({**GOOD, "Content-Type": kind}, b'{"text": "x"}')


async def test_the_engines_door_translates_and_believes_nobody() -> None:
    with pytest.raises(Unverified):
        await door(settings()).verify(GOOD, b'{"text": "x"}')
