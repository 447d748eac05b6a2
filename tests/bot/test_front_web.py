"""POST /chat: a bearer token and JSON, stored before it is answered, and safe to send again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.platforms.web.door import WebDoor
from bot.reply import Reply
from bot.turn import Pressed, Said, Submitted
from tests.bot.platforms.web.web_stand import ADA, EVE, GRACE, OURS, QUICK, T1, T2, Stand, standing


async def test_what_is_said_is_stored_and_the_turn_is_named() -> None:
    async with standing() as stand:
        status, said = await stand.post(
            "ada", {"text": "order two colas", "conversation": "lunch", "id": "l1"}
        )

        assert (status, said["turn"], said["conversation"]) == (200, f"web:{T1}:{ADA}:l1", "lunch")
        [turn] = stand.inbox.turns
        assert turn.act == Said("order two colas", mentioned=True)
        assert turn.place.channel == f"{ADA}/lunch"


async def test_sent_again_it_is_the_same_turn() -> None:
    async with standing() as stand:
        answers = [await stand.post("ada", {"text": "order", "id": "l1"}) for _ in range(3)]
        assert [said["new"] for _, said in answers] == [True, False, False]
        assert len(stand.inbox.turns) == 1
        assert len(stand.lobby.rows[T1, f"{ADA}/main"]) == 1


async def test_without_an_id_each_is_a_turn_of_its_own() -> None:
    async with standing() as stand:
        turns = {(await stand.post("ada", {"text": "order"}))[1]["turn"] for _ in range(3)}
        assert len(turns) == 3


async def test_the_same_id_of_two_people_is_two_turns() -> None:
    async with standing() as stand:
        for who in ("ada", "grace", "eve"):
            assert (await stand.post(who, {"text": "order", "id": "l1"}))[1]["new"]
        assert {(turn.account.workspace, turn.account.user) for turn in stand.inbox.turns} == {
            (T1, ADA), (T1, GRACE), (T2, EVE)}  # fmt: skip


async def test_a_press_and_a_form_are_answered_in_the_response() -> None:
    async with standing() as stand:
        stand.inbox.reply = Reply("Counted.")
        _, pressed = await stand.post("ada", {"action": "approval.approve", "value": "r1"})
        stand.inbox.reply = None
        _, sent = await stand.post("ada", {"form": "why", "value": "r1", "answers": {"reason": "because"}})

        assert pressed["answer"]["message"]["text"] == "Counted."
        assert sent["answer"] == {"pending": True}
        first, second = (turn.act for turn in stand.inbox.turns)
        assert isinstance(first, Pressed)
        assert second == Submitted("why", "r1", {"reason": "because"})


async def test_with_wait_it_returns_what_was_said_since_and_with_after_what_was_said_after_that() -> None:
    async with standing() as stand:
        who = stand.keys.good["ada"]
        stand.lobby.put(who, f"{ADA}/main", "old", "message", {"text": "old"})
        first = stand.lobby.put(who, f"{ADA}/main", "a", "message", {"text": "one"})
        stand.lobby.put(who, f"{ADA}/main", "b", "message", {"text": "two"})
        _, said = await stand.post("ada", {"text": "and?", "after": first}, "?wait=1")

        assert [each["text"] for each in said["messages"]] == ["two"]
        assert said["done"] is True
        assert said["sequence"] == 4  # their own words are numbered, too


@pytest.mark.parametrize("token", ["", "nobody", "ada2"])
async def test_without_a_good_token_it_is_401_and_nothing_is_read(token: str) -> None:
    async with standing() as stand:
        status, said = await stand.post(token, b"{" * 100)
        assert (status, said) == (401, {"error": "not verified"})
        assert stand.inbox.turns == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic YWRhOg=="},
        {"Authorization": "ada"},
        {"Authorization": "", "Cookie": "token=ada; session=ada"},
        {"Authorization": "Bearer " + "a" * 5000},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_only_a_bearer_token_counts_never_a_cookie_nor_a_page_elsewhere(
    headers: dict[str, str],
) -> None:
    async with standing() as stand:
        status, _ = await stand.post("ada", {"text": "order"}, **headers)
        assert status == 401
        assert stand.inbox.turns == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_what_a_form_on_any_page_could_send_is_refused(kind: str) -> None:
    async with standing() as stand:
        status, _ = await stand.post("ada", '{"text": "order"}', **{"Content-Type": kind})
        assert status in (400, 415)
        assert stand.inbox.turns == []


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options", "patch"])
async def test_only_a_post_says_anything(method: str) -> None:
    async with standing() as stand:
        url = f"{stand.url}/chat?text=order&action=approval.approve&value=r1&token=ada"
        headers = {"Authorization": "Bearer ada"}
        async with stand.session.request(method, url, headers=headers) as answer:
            assert answer.status == 405
        assert stand.inbox.turns == []


async def test_our_own_origin_may_post() -> None:
    async with standing() as stand:
        assert (await stand.post("ada", {"text": "order"}, Origin=OURS))[0] == 200


@pytest.mark.twin
async def test_twin_if_a_cookie_counted_any_page_could_press(monkeypatch: pytest.MonkeyPatch) -> None:
    async def by_cookie(self: WebDoor, headers: Any) -> Any:
        return await self.who(headers["Cookie"].partition("=")[2])

    monkeypatch.setattr(WebDoor, "entered", by_cookie)
    async with standing() as stand:
        headers = {"Cookie": "token=ada", "Origin": "https://evil.example"}
        status, _ = await stand.post("", {"action": "approval.approve", "value": "r1"}, **headers)
        assert (status, len(stand.inbox.turns)) == (200, 1)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("[]", "not a JSON object"),
        ("nothing", "not a JSON object"),
        ('{"text": "a", "text": "b"}', "not a JSON object"),
        ({}, "no such type"),
        ({"text": ""}, "`text` has to be a text"),
        ({"text": 5}, "`text` has to be a text"),
        ({"text": "x" * 10_001}, "longer than 10000"),
        ({"text": "x", "conversation": "a b"}, "A conversation is named by"),
        ({"text": "x", "id": "é"}, "An id has"),
        ({"text": "x", "after": "1"}, "`after` has to be a number"),
        ({"action": "a", "answers": [1]}, "`answers` has to be an object"),
    ],
)
async def test_what_is_wrong_is_told_to_whoever_was_verified(body: Any, told: str) -> None:
    async with standing() as stand:
        status, said = await stand.post("ada", body)
        assert status == 400
        assert told in said["error"]
        assert stand.inbox.turns == []


@pytest.mark.parametrize("wait", ["-1", "1.5", "soon", "9999", "٣"])
async def test_a_wait_that_is_no_number_is_told(wait: str) -> None:
    async with standing() as stand:
        status, _ = await stand.post("ada", {"text": "x"}, f"?wait={wait}")
        assert (status, stand.inbox.turns) == (400, [])


async def test_a_large_body_is_413_before_it_is_read() -> None:
    async with standing() as stand:
        assert (await stand.post("ada", b"x" * (2 * 1024 * 1024)))[0] == 413


async def test_too_many_are_429_and_the_others_are_heard() -> None:
    async with standing(replace(QUICK, acts=0.001, acts_burst=2.0)) as stand:
        statuses = [(await stand.post("ada", {"text": "x"}))[0] for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        assert (await stand.post("grace", {"text": "x"}))[0] == 200


async def test_what_cannot_be_stored_is_503_and_safe_to_send_again() -> None:
    async with standing() as stand:
        stand.inbox.refuses = True
        assert (await stand.post("ada", {"text": "x", "id": "l1"}))[0] == 503
        assert stand.lobby.rows[T1, f"{ADA}/main"] == []
        stand.inbox.refuses = False
        assert (await stand.post("ada", {"text": "x", "id": "l1"}))[1]["new"] is True


async def test_a_tenant_that_has_no_web_is_401() -> None:
    async with standing() as stand:
        stand.inbox.tenants = frozenset()
        assert (await stand.post("ada", {"text": "x"}))[0] == 401


async def attacked(stand: Stand) -> list[str]:
    """What somebody of another tenant tries to reach Ada's conversation with."""
    body = {"text": "x", "tenant": T1, "user": ADA, "workspace": T1, "channel": f"{ADA}/main",
            "account": {"user": ADA, "workspace": T1}, "place": {"channel": f"{ADA}/main"}}  # fmt: skip
    await stand.post("eve", body)
    return [turn.place.channel for turn in stand.inbox.turns if turn.place.workspace == T1]


async def test_nothing_in_a_body_leads_into_another_tenants_conversation() -> None:
    async with standing() as stand:
        assert await attacked(stand) == []
        assert stand.inbox.turns[0].place.workspace == T2


@pytest.mark.twin
async def test_twin_if_the_body_said_who_it_is_eve_would_speak_as_ada(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.platforms.web import frames

    true = frames.envelope
    monkeypatch.setattr(frames, "envelope", lambda who, act: {**true(who, act), "tenant": T1, "user": ADA})
    async with standing() as stand:
        assert await attacked(stand) == [f"{ADA}/main"]
