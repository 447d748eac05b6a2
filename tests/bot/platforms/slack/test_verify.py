"""What is let in at Slack's door, and in which state."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from bot.errors import Malformed, Unverified
from bot.platforms.slack import SlackDoor, door, verify
from bot.settings import Settings

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_790_000_000
FORM = "application/x-www-form-urlencoded"
BODY = b'{"type":"event_callback"}'

Sign = Callable[..., dict[str, str]]


@pytest.fixture
def slack() -> SlackDoor:
    return SlackDoor(SECRET, clock=lambda: float(NOW))


async def test_a_signed_event_is_heard(slack: SlackDoor, sign: Sign) -> None:
    assert await slack.verify(sign(BODY), BODY) == {"type": "event_callback"}


async def test_header_names_are_read_in_any_case(slack: SlackDoor, sign: Sign) -> None:
    headers = {name.upper(): value for name, value in sign(BODY).items()}
    assert await slack.verify(headers, BODY) == {"type": "event_callback"}


async def test_interactivity_is_unwrapped_from_its_form(slack: SlackDoor, sign: Sign) -> None:
    body = ("payload=" + quote('{"type":"block_actions","x":"é + &"}')).encode()
    assert await slack.verify(sign(body, kind=FORM), body) == {"type": "block_actions", "x": "é + &"}


async def test_a_slash_command_is_a_form_of_its_own(slack: SlackDoor, sign: Sign) -> None:
    body = urlencode({"command": "/order", "text": "2 × cola", "thread": ""}).encode()
    heard = await slack.verify(sign(body, kind=FORM + "; charset=utf-8"), body)
    assert heard == {"command": "/order", "text": "2 × cola", "thread": ""}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: headers.pop("X-Slack-Signature"),
        lambda headers: headers.pop("X-Slack-Request-Timestamp"),
        lambda headers: headers.update({"X-Slack-Signature": "v0=" + "0" * 64}),
        lambda headers: headers.update({"X-Slack-Signature": "v0=é"}),
        lambda headers: headers.update({"X-Slack-Request-Timestamp": "١٧٩٠٠٠٠٠٠٠"}),
        lambda headers: headers.update({"X-Slack-Request-Timestamp": "-1"}),
        lambda headers: headers.update({"X-Slack-Request-Timestamp": "9" * 400}),
    ],
)
async def test_a_missing_or_wrong_signature_is_refused(
    slack: SlackDoor, sign: Sign, spoil: Callable[[dict[str, str]], Any]
) -> None:
    headers = sign(BODY)
    spoil(headers)
    with pytest.raises(Unverified):
        await slack.verify(headers, BODY)


async def test_a_body_signed_with_another_secret_is_refused(slack: SlackDoor, sign: Sign) -> None:
    with pytest.raises(Unverified):
        await slack.verify(sign(BODY, secret="another"), BODY)


async def test_one_changed_byte_is_refused(slack: SlackDoor, sign: Sign) -> None:
    with pytest.raises(Unverified):
        await slack.verify(sign(BODY), BODY.replace(b"event", b"evenT"))


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301])
async def test_a_signature_five_minutes_off_is_refused_in_both_directions(
    slack: SlackDoor, sign: Sign, at: int
) -> None:
    with pytest.raises(Unverified):
        await slack.verify(sign(BODY, at=at), BODY)
    assert await slack.verify(sign(BODY, at=NOW - 299), BODY)


async def test_without_a_signing_secret_nobody_is_let_in_not_even_with_an_empty_key(sign: Sign) -> None:
    closed = door(Settings(_env_file=None))
    body, now = BODY, int(time.time())
    with pytest.raises(Unverified, match="SLACK_SIGNING_SECRET"):
        await closed.verify(sign(body, secret="", at=now), body)


async def test_an_unsigned_body_is_refused_before_anything_in_it_is_read(slack: SlackDoor) -> None:
    with pytest.raises(Unverified):
        await slack.verify({"Content-Type": "application/json"}, b"{" * 100_000)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b'{"a":1,"a":2}', "application/json"),
        (b'{"a":{"b":1,"b":2}}', "application/json"),
        (b'{"a":NaN}', "application/json"),
        (b'{"a":1e999}', "application/json"),
        (b'{"a":' + b"9" * 5000 + b"}", "application/json"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "application/json"),
        (b"[" * 500_000, "application/json"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
        (b"payload=%7B", FORM),
        (b"payload=%ff", FORM),
        (b"payload=%7B%7D&payload=%7B%7D", FORM),
        (b"command=/order&command=/help", FORM),
        (b"no pairs here", FORM),
        (b"&".join(b"f%d=1" % number for number in range(100)), FORM),
        (BODY, "text/plain"),
        (BODY, ""),
        (b'{"a":"' + b"x" * (1024 * 1024) + b'"}', "application/json"),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_malformed(
    slack: SlackDoor, sign: Sign, body: bytes, kind: str
) -> None:
    with pytest.raises(Malformed):
        await slack.verify(sign(body, kind=kind), body)


async def test_brackets_in_words_do_not_count_as_depth(slack: SlackDoor, sign: Sign) -> None:
    body = json.dumps({"text": '[{"' * 200 + "\\"}).encode()
    assert await slack.verify(sign(body), body) == json.loads(body)


async def test_what_a_database_cannot_hold_is_taken_out(slack: SlackDoor, sign: Sign) -> None:
    body = rb'{"text":"a\u0000b \ud83c\udf55 \ud800"}'
    assert await slack.verify(sign(body), body) == {"text": "ab 🍕 \ufffd"}


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b"[]" * 500_000, b'{"' + b"\\" * 1_000_000])
async def test_depth_is_counted_in_linear_time(body: bytes) -> None:
    start = time.process_time()
    verify.check_depth(body + b"{" * 60)
    assert time.process_time() - start < 2


@pytest.mark.twin
async def test_twin_without_the_comparison_a_forged_event_gets_in(
    slack: SlackDoor, sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "matches", lambda *given: True)
    assert await slack.verify(sign(BODY, secret="forged"), BODY)


@pytest.mark.twin
async def test_twin_without_the_age_check_an_old_recording_gets_in(
    slack: SlackDoor, sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "check_age", lambda *given: None)
    assert await slack.verify(sign(BODY, at=NOW - 86_400), BODY)


@pytest.mark.twin
async def test_twin_without_the_refusal_of_duplicates_the_last_value_wins_in_silence(
    slack: SlackDoor, sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_unique", dict)
    body = b'{"user":"U0ADA","user":"U0GRACE"}'
    assert await slack.verify(sign(body), body) == {"user": "U0GRACE"}


@pytest.mark.twin
async def test_twin_without_the_depth_check_a_deep_body_reaches_the_parser(
    slack: SlackDoor, sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "check_depth", lambda body: None)
    body = b'{"a":' * 200 + b"1" + b"}" * 200
    assert await slack.verify(sign(body), body)


@pytest.mark.twin
async def test_twin_with_an_empty_key_accepted_anybody_can_sign(sign: Sign) -> None:
    headers = sign(BODY, secret="")
    assert verify.matches("", headers["X-Slack-Request-Timestamp"], BODY, headers["X-Slack-Signature"])


@pytest.mark.twin
async def test_twin_without_the_size_limit_a_body_of_any_size_is_parsed(
    slack: SlackDoor, sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"a":"' + b"x" * (1024 * 1024) + b'"}'
    monkeypatch.setattr(verify, "MAX_BODY", 10**9)
    assert await slack.verify(sign(body), body)
