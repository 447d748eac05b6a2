"""GET /ws: who may speak, what is stored, what comes back, and what ends a socket."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.platforms.web import inbound
from bot.platforms.web.door import WebDoor
from bot.reply import Button, Buttons, Form, Paragraph, Reply
from bot.turn import OpenedHome, Pressed, Said, Submitted
from tests.bot.platforms.web.web_stand import ADA, GRACE, OURS, QUICK, T1, saying, standing

MAIN = f"{ADA}/main"


# ── who ──


async def test_the_first_frame_says_who_it_is_and_the_token_is_never_in_the_address() -> None:
    async with standing() as stand:
        url = f"{stand.url}/ws?token=ada&access_token=ada"
        async with stand.session.ws_connect(url, headers={"Authorization": "Bearer ada"}) as talk:
            await talk.send_str(json.dumps({"type": "say", "text": "hello"}))
            assert (await talk.receive()).type == aiohttp.WSMsgType.CLOSE
            assert talk.close_code == 4001
        assert stand.inbox.turns == []


async def test_whoever_says_nothing_is_let_go() -> None:
    async with standing() as stand, stand.socket() as talking:
        assert await talking.code() == 4001
        assert stand.hub.strangers.inside == 0


@pytest.mark.parametrize("token", ["", "nobody", 7, None, "x" * 5000, "ä", {"a": 1}])
async def test_a_token_that_is_none_is_4001_and_nothing_else(token: Any) -> None:
    async with standing() as stand, stand.socket() as talking:
        await talking.send("hello", token=token)
        assert await talking.code() == 4001
        assert stand.hub.count == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.com.evil.example",
                                    "http://app.example.com", "file://"])  # fmt: skip
async def test_a_page_of_another_origin_gets_no_socket(origin: str) -> None:
    async with standing() as stand:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stand.session.ws_connect(f"{stand.url}/ws", headers={"Origin": origin})
        assert refused.value.status == 403


async def test_our_own_pages_and_programs_get_one() -> None:
    async with standing() as stand:
        async with stand.hello("ada", Origin=OURS):
            pass
        async with stand.hello("ada"):
            pass


async def test_a_plain_get_is_no_socket() -> None:
    async with standing() as stand, stand.session.get(f"{stand.url}/ws?token=ada") as answer:
        assert answer.status == 400
        assert stand.hub.strangers.inside == 0


@pytest.mark.twin
async def test_twin_without_the_look_at_the_origin_a_foreign_page_speaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(WebDoor, "check_origin", lambda self, origin: None)
    async with standing() as stand, stand.hello("ada", Origin="https://evil.example") as talking:
        await talking.send("say", text="order everything")
        await talking.next("ack")
        assert len(stand.inbox.turns) == 1


# ── what they say ──


async def test_what_is_said_is_stored_before_it_is_acknowledged() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        await talking.send("say", text="order two colas", id="a1")
        ack = await talking.next("ack")

        [turn] = stand.inbox.turns
        assert ack["turn"] == str(turn.id) == f"web:{T1}:{ADA}:a1"
        assert turn.act == Said("order two colas", mentioned=True)
        assert turn.place == inbound.place(T1, ADA, "main")
        assert turn.place.private


async def test_the_same_id_twice_is_one_turn() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        for _ in range(2):
            await talking.send("say", text="order two colas", id="a1")
        assert [(await talking.next("ack"))["new"] for _ in range(2)] == [True, False]
        assert len(stand.inbox.turns) == 1


async def test_what_cannot_be_stored_is_said_to_be_sent_again_and_is_not_shown_as_said() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        stand.inbox.refuses = True
        await talking.send("say", text="order two colas", id="a1")
        assert (await talking.next("error"))["code"] == "try_again"
        assert stand.lobby.rows[T1, MAIN] == []


@pytest.mark.parametrize(
    ("frame", "act"),
    [
        ({"type": "press", "action": "approval.approve", "value": "x", "message": "m1"}, Pressed),
        ({"type": "submit", "form": "f", "value": "x", "answers": {"why": "so"}}, Submitted),
        ({"type": "stop"}, Pressed),
        ({"type": "home"}, OpenedHome),
    ],
)
async def test_every_act_becomes_a_turn_of_whoever_the_token_names(frame: dict[str, Any], act: type) -> None:
    async with standing() as stand, stand.hello("grace") as talking:
        await talking.send(**frame, user="mail:ada@example.com", tenant="another", account={"user": "x"})
        await talking.next("ack")
        [turn] = stand.inbox.turns
        assert isinstance(turn.act, act)
        assert (turn.account.user, turn.account.workspace) == (GRACE, T1)


async def test_a_press_is_answered_to_whoever_pressed_with_a_message_or_a_form() -> None:
    async with standing() as stand, stand.hello("ada") as talking, stand.hello("ada again") as other:
        stand.inbox.reply = Reply("Counted.", (Paragraph("Counted."), Buttons((Button("Ok", "ok"),))))
        await talking.send("press", action="a", value="v", id="p1")
        answer = await talking.next("answer")
        assert (answer["to"], answer["message"]["text"]) == ("p1", "Counted.")
        stand.inbox.reply = Form("reject", "v", "Why?", ())
        await talking.send("press", action="b", value="v", id="p2")
        assert (await talking.next("answer"))["form"]["title"] == "Why?"
        stand.inbox.reply = None
        await talking.send("press", action="c", value="v", id="p3")
        assert (await talking.next("answer"))["pending"] is True
        await other.send("ping")
        assert (await other.next("answer", "pong"))["type"] == "pong"


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "say"},
        {"type": "say", "text": "  "},
        {"type": "say", "text": "x" * 10_001},
        {"type": "say", "text": 7},
        {"type": "say", "text": "x", "conversation": "../other"},
        {"type": "say", "text": "x", "conversation": "~home"},
        {"type": "say", "text": "x", "conversation": "a/b"},
        {"type": "say", "text": "x", "id": "a:b"},
        {"type": "press"},
        {"type": "press", "action": "a", "answers": {"x": 7}},
        {"type": "press", "action": "a", "answers": {str(at): "x" for at in range(41)}},
        {"type": "press", "action": "a", "value": "x" * 2_001},
        {"type": "fly"},
        {"text": "no type"},
        {"type": "ack", "sequence": "7"},
        {"type": "ack", "sequence": True},
        {"type": "open", "after": 2**60},
    ],
)
async def test_what_is_wrong_with_a_frame_is_said_and_the_next_one_is_heard(frame: dict[str, Any]) -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        await talking.socket.send_str(json.dumps(frame))
        assert (await talking.next("error"))["code"] == "malformed"
        await talking.send("say", text="and now")
        await talking.next("ack")
        assert len(stand.inbox.turns) == 1


@pytest.mark.parametrize(
    "raw", ["", "no json", "[]", '"x"', '{"type":"say","type":"stop"}', '{"type":NaN}', "[" * 2000,
            "{" * 30_000, '{"a":' * 9 + "1" + "}" * 9])  # fmt: skip
async def test_what_is_no_frame_ends_the_socket(raw: str) -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        await talking.socket.send_str(raw)
        assert await talking.code() == 4400
        assert stand.inbox.turns == []


async def test_bytes_are_no_frame() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        await talking.socket.send_bytes(b'{"type":"say","text":"x"}')
        assert await talking.code() == 4400


# ── what they miss, and what they do not ──


async def test_whoever_comes_back_with_the_last_number_gets_what_they_missed_in_order() -> None:
    async with standing(replace(QUICK, window=500)) as stand:
        async with stand.hello("ada") as talking:
            saying(stand, "ada", "first")
            seen = (await talking.next("message"))["sequence"]
        for at in range(130):
            saying(stand, "ada", f"while away {at}")
        saying(stand, "ada", "first, changed", id="first")
        async with stand.hello("ada", after=seen) as talking:
            frames = [await talking.next() for _ in range(131)]
    assert [frame["text"] for frame in frames[:130]] == [f"while away {at}" for at in range(130)]
    assert (frames[-1]["type"], frames[-1]["id"]) == ("update", "first")
    assert [frame["sequence"] for frame in frames] == sorted(frame["sequence"] for frame in frames)


async def test_a_newcomer_gets_the_newest_fifty() -> None:
    async with standing(replace(QUICK, window=500)) as stand:
        for at in range(80):
            saying(stand, "ada", f"m{at}")
        async with stand.hello("ada") as talking:
            frames = [await talking.next() for _ in range(50)]
    assert [frames[0]["text"], frames[-1]["text"]] == ["m30", "m79"]


async def test_a_hint_that_was_lost_costs_a_look() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        stand.lobby.quiet = True
        saying(stand, "ada", "unhinted")
        assert (await talking.next("message"))["text"] == "unhinted"


async def test_while_the_database_is_away_nothing_is_lost_and_the_socket_stays() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        stand.lobby.down = True
        saying(stand, "ada", "meanwhile")
        await talking.send("ping")
        await talking.next("pong")
        stand.lobby.down = False
        assert (await talking.next("message"))["text"] == "meanwhile"


async def test_all_screens_of_a_person_see_the_same_also_what_they_said_themselves() -> None:
    async with standing() as stand, stand.hello("ada") as desk, stand.hello("ada again") as phone:
        await desk.send("say", text="order two colas")
        for each in (desk, phone):
            assert (await each.next("said"))["text"] == "order two colas"


async def test_nobody_sees_another_persons_conversation_whatever_they_ask_for() -> None:
    async with standing() as stand, stand.hello("eve") as eve, stand.hello("grace") as grace:
        for each in (eve, grace):
            for name in ("main", "mail-ada", ADA.replace(":", "-").replace("@", "-").replace(".", "-")):
                await each.send("open", conversation=name, after=0)
        saying(stand, "ada", "ada's own")
        for each in (eve, grace):
            await each.send("ping")
            assert (await each.next("pong", "message", "update"))["type"] == "pong"


@pytest.mark.twin
async def test_twin_if_a_conversation_did_not_carry_its_owner_everybody_would_see_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbound, "channel", lambda user, name: f"anybody/{name}")
    async with standing() as stand, stand.hello("grace") as grace:
        stand.lobby.put(stand.keys.good["ada"], "anybody/main", "m", "message", {"text": "ada's own"})
        assert (await grace.next("message"))["text"] == "ada's own"


async def test_words_that_are_being_written_go_to_those_who_look_and_are_not_numbered() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        saying(stand, "ada", "Once", id="g", kind="growing")
        assert (await talking.next("message"))["growing"] is True
        key = next(iter(stand.hub._ears))
        for key in list(stand.hub._ears):
            stand.hub.heard({"k": key, "n": {"delta": {"id": "g", "at": 4, "words": " upon"}}})
        delta = await talking.next("delta")
        assert (delta["at"], delta["words"]) == (4, " upon")
        assert "sequence" not in delta
