"""POST /forget: who may ask, what may stand in it, and what is answered; and the page of an export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot import front_forget
from bot.errors import Malformed, Unverified
from bot.front import create_app
from bot.front_forget import add_forget, asked, entitled, sign
from tests.bot.front_fakes import ListInbox

NOW = 1_800_000_000.0
BODY = b'{"person":"ada@example.com"}'


class Remembering:
    """Whom it was asked to forget. `acme` and `other` have tokens; `done` says what it answers."""

    def __init__(self, done: str = "done") -> None:
        self.asked: list[tuple[str, str, bool]] = []
        self.done = done

    def bearer(self, token: str) -> str | None:
        return {"token-of-acme": "acme", "token-of-other": "other"}.get(token)

    def secret(self, tenant: str) -> str | None:
        return {"acme": "token-of-acme", "other": "token-of-other"}.get(tenant)

    async def forget(self, tenant: str, who: str, block: bool, within: float) -> Mapping[str, Any] | None:
        self.asked.append((tenant, who, block))
        return None if who.startswith("nobody") else {"receipt": "R", "state": self.done}

    def export(self, token: str) -> AsyncIterator[bytes]:
        if token != "good":
            raise Unverified("no")
        return self._lines()

    async def _lines(self) -> AsyncIterator[bytes]:
        yield b'{"table":"people"}\n'
        yield b'{"table":"runs"}\n'


@asynccontextmanager
async def served(there: Remembering) -> AsyncIterator[TestClient[Any, Any]]:
    app = create_app([], ListInbox(), extra=lambda it: add_forget(it, there))
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(there: Remembering, body: bytes = BODY, **headers: str) -> tuple[int, Any]:
    async with served(there) as client:
        given = {"Content-Type": "application/json", **headers}
        answer = await client.post("/forget", data=body, headers=given)
        return answer.status, await answer.json()


def signature(body: bytes = BODY, at: int = int(NOW), secret: str = "token-of-acme") -> dict[str, str]:
    return {
        "Countersign-Tenant": "acme",
        "Countersign-Signature": f"t={at},v1={sign(secret, at, body)}",
    }


async def test_a_token_has_somebody_forgotten_in_its_own_tenant() -> None:
    there = Remembering()
    status, said = await post(there, Authorization="Bearer token-of-acme")
    assert (status, said["receipt"]) == (200, "R")
    assert there.asked == [("acme", "ada@example.com", False)]


async def test_what_takes_longer_is_202_and_the_same_again_later() -> None:
    assert (await post(Remembering("running"), Authorization="Bearer token-of-acme"))[0] == 202


async def test_nobody_who_was_ever_known_is_404() -> None:
    body = b'{"person":"nobody@example.com"}'
    assert (await post(Remembering(), body, Authorization="Bearer token-of-acme"))[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic token-of-acme"},
        {"Authorization": "Bearer " + "x" * 2_000},
        {"Cookie": "token=token-of-acme; session=token-of-acme"},
        {"Countersign-Tenant": "acme"},
        {"Countersign-Tenant": "acme", "Countersign-Signature": "t=1,v1=00"},
    ],
)
async def test_whoever_shows_nothing_that_counts_is_401_and_nobody_is_forgotten(
    headers: dict[str, str],
) -> None:
    there = Remembering()
    assert (await post(there, **headers))[0] == 401
    assert there.asked == []


@pytest.mark.twin
async def test_a_front_that_asks_nobody_who_they_are_forgets_for_anybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front_forget, "entitled", lambda *_: "acme")
    there = Remembering()
    assert (await post(there))[0] == 200
    assert there.asked == [("acme", "ada@example.com", False)]


def test_a_signature_of_these_bytes_now_counts() -> None:
    assert entitled(Remembering(), signature(), BODY, NOW) == "acme"


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        (signature(), BODY + b" ", NOW),
        (signature(), BODY, NOW + 301),
        (signature(), BODY, NOW - 301),
        (signature(secret="token-of-other"), BODY, NOW),
        ({**signature(), "Countersign-Tenant": "other"}, BODY, NOW),
        ({**signature(), "Countersign-Tenant": "stranger"}, BODY, NOW),
        ({**signature(), "Countersign-Tenant": "x" * 200}, BODY, NOW),
        ({**signature(), "Countersign-Signature": "v1=" + "0" * 64}, BODY, NOW),
        ({**signature(), "Countersign-Signature": f"t=-5,v1={sign('token-of-acme', -5, BODY)}"}, BODY, NOW),
        ({**signature(), "Countersign-Signature": f"t={int(NOW)},v1=é"}, BODY, NOW),
        ({**signature(), "Countersign-Signature": "t=" + "9" * 300}, BODY, NOW),
    ],
)
def test_a_signature_of_other_bytes_another_time_or_another_tenant_does_not(
    headers: dict[str, str], body: bytes, now: float
) -> None:
    with pytest.raises(Unverified):
        entitled(Remembering(), headers, body, now)


@pytest.mark.twin
def test_without_comparing_the_signature_any_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_forget.hmac, "compare_digest", lambda *_: True)
    forged = {**signature(), "Countersign-Signature": f"t={int(NOW)},v1=00"}
    assert entitled(Remembering(), forged, BODY, NOW) == "acme"


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (BODY, ("ada@example.com", False)),
        (b'{"person":" slack:T1:U1 ","block":true}', ("slack:T1:U1", True)),
    ],
)
def test_whom_it_means(body: bytes, meant: tuple[str, bool]) -> None:
    assert asked(body) == meant


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"not json", b'"ada"', b"\xff",
        b'{"person":""}', b'{"person":"  "}', b'{"person":7}', b'{"person":null}',
        b'{"person":"a","block":"yes"}', b'{"person":"a","block":1}',
        b'{"person":"a","tenant":"other"}', b'{"block":true}',
        orjson.dumps({"person": "x" * 321}),
    ],
)  # fmt: skip
async def test_what_means_nobody_is_400_and_nobody_is_forgotten(body: bytes) -> None:
    with pytest.raises(Malformed):
        asked(body)
    there = Remembering()
    assert (await post(there, body, Authorization="Bearer token-of-acme"))[0] == 400
    assert there.asked == []


async def test_anything_but_a_post_is_405_and_a_large_body_413() -> None:
    async with served(Remembering()) as client:
        assert (await client.get("/forget")).status == 405
        answer = await client.post(
            "/forget", data=b" " * (2 << 20), headers={"Content-Type": "application/json"}
        )
        assert answer.status == 413


async def test_looking_at_an_exports_link_gives_nothing_pressing_its_button_all() -> None:
    async with served(Remembering()) as client:
        page = await client.get("/export/good")
        text = await page.text()
        assert page.status == 200
        assert "Download" in text
        assert "people" not in text
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        file = await client.post("/export/good")
        assert (await file.text()).splitlines() == ['{"table":"people"}', '{"table":"runs"}']
        assert file.headers["Content-Disposition"].startswith("attachment")
        assert file.headers["Cache-Control"] == "no-store"


async def test_a_link_that_is_none_gives_404() -> None:
    async with served(Remembering()) as client:
        assert (await client.post("/export/bad")).status == 404
        assert (await client.post("/export/" + "x" * 1_500)).status == 404
