"""The door: verify, store, answer; and every way to be refused."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.front_answers import Refused
from bot.limits import Buckets, Gate, Limits
from bot.reply import Reply
from tests.bot.front_fakes import TENANT, WORKSPACE, Front, a_front

GOOD = {"X-Key": "good"}


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with a_front() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def send(
    http: aiohttp.ClientSession, front: Front, payload: Any, path: str = "/fake", **headers: str
) -> tuple[int, Any, aiohttp.ClientResponse]:
    async with http.post(front.url + path, json=payload, headers={**GOOD, **headers}) as response:
        body = await response.json() if response.content_type == "application/json" else await response.text()
        return response.status, body, response


async def test_a_genuine_turn_is_stored_before_it_is_answered(
    front: Front, http: aiohttp.ClientSession
) -> None:
    status, body, _ = await send(http, front, {"id": "E1", "text": "two colas"})

    assert (status, body) == (200, "")
    (arrival,) = front.inbox.arrivals
    assert arrival.tenant == TENANT
    assert arrival.turn.id == "E1"
    assert arrival.payload == b'{"id":"E1","text":"two colas"}'
    assert front.count("stored") == 1


async def test_a_redelivery_is_answered_200_and_changes_nothing(
    front: Front, http: aiohttp.ClientSession
) -> None:
    await send(http, front, {"id": "E1"})
    status, _, _ = await send(http, front, {"id": "E1"})

    assert status == 200
    assert len(front.inbox.arrivals) == 1
    assert front.count("duplicate") == 1


async def test_a_challenge_is_answered_at_the_door_and_not_stored(
    front: Front, http: aiohttp.ClientSession
) -> None:
    assert (await send(http, front, {"challenge": "abc"}))[:2] == (200, {"challenge": "abc"})
    assert front.inbox.arrivals == []


async def test_what_is_not_for_us_is_answered_200_and_counted_by_reason(
    front: Front, http: aiohttp.ClientSession
) -> None:
    assert (await send(http, front, {"type": "novel"}))[0] == 200
    assert front.inbox.arrivals == []
    labels = {"platform": "fake", "reason": "unknown shape"}
    assert front.counted.registry.get_sample_value("countersign_ignored_total", labels) == 1


async def test_a_workspace_we_do_not_know_is_answered_200_and_nothing_is_stored(
    front: Front, http: aiohttp.ClientSession
) -> None:
    assert (await send(http, front, {"id": "E1", "team": "T-other"}))[0] == 200
    assert front.inbox.arrivals == []
    assert front.count("stranger") == 1


async def test_a_forged_request_gets_401_and_is_never_parsed(
    front: Front, http: aiohttp.ClientSession
) -> None:
    status, body, _ = await send(http, front, {"id": "E1"}, **{"X-Key": "forged"})

    assert (status, body) == (401, {"error": "not verified"})
    assert front.door.read == 0
    assert front.inbox.arrivals == []


@pytest.mark.twin
async def test_twin_without_verification_a_forged_request_is_stored(
    front: Front, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trusting(_headers: Any, body: bytes) -> Any:
        import orjson

        return orjson.loads(body)

    monkeypatch.setattr(front.door, "verify", trusting)
    assert (await send(http, front, {"id": "E1"}, **{"X-Key": "forged"}))[0] == 200
    assert len(front.inbox.arrivals) == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"a":"\\ud800"}']
)
async def test_a_malformed_body_gets_400(front: Front, http: aiohttp.ClientSession, body: bytes) -> None:
    headers = {**GOOD, "Content-Type": "application/json"}
    async with http.post(front.url + "/fake", data=body, headers=headers) as response:
        assert response.status == 400
        assert await response.json() == {"error": "bad request"}
    assert front.inbox.arrivals == []


async def test_when_the_inbox_refuses_the_platform_is_asked_to_send_again(
    front: Front, http: aiohttp.ClientSession
) -> None:
    front.inbox.mood = "refusing"
    status, _, response = await send(http, front, {"id": "E1"})

    assert (status, response.headers["Retry-After"]) == (503, "1")
    front.inbox.mood = "fine"
    assert (await send(http, front, {"id": "E1"}))[0] == 200
    assert len(front.inbox.arrivals) == 1


async def test_an_inbox_that_does_not_answer_in_time_counts_as_a_refusal(http: aiohttp.ClientSession) -> None:
    async with a_front(Limits(store_seconds=0.05)) as front:
        front.inbox.mood = "slow"
        status, _, response = await send(http, front, {"id": "E1"})
        assert (status, response.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize("payload", [{"bug": 1}, {"id": "E1"}])
async def test_a_bug_of_ours_gets_a_generic_500_that_tells_nothing(
    front: Front, http: aiohttp.ClientSession, payload: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    front.inbox.mood = "broken"
    status, body, _ = await send(http, front, payload)

    assert (status, body) == (500, {"error": "internal error"})
    printed = "".join(capsys.readouterr())
    assert "front.failed" in printed
    assert "secret" not in printed.lower()
    assert "xoxb" not in printed


async def test_a_turn_that_wants_an_answer_gets_the_engines_words(
    front: Front, http: aiohttp.ClientSession
) -> None:
    front.inbox.reply = Reply("recorded")
    assert (await send(http, front, {"id": "E1", "wants": True}))[1] == {"says": "recorded"}
    assert len(front.inbox.arrivals) == 1


async def test_a_turn_that_wants_an_answer_is_safe_even_if_the_engine_is_silent_or_gone(
    front: Front, http: aiohttp.ClientSession
) -> None:
    assert (await send(http, front, {"id": "E1", "wants": True}))[:2] == (200, {"says": None})
    front.inbox.mood = "mute"
    assert (await send(http, front, {"id": "E2", "wants": True}))[:2] == (200, {"says": None})
    assert len(front.inbox.arrivals) == 2


async def test_the_copy_of_a_turn_that_wants_an_answer_gets_the_same_answer(
    front: Front, http: aiohttp.ClientSession
) -> None:
    front.inbox.reply = Reply("recorded")
    await send(http, front, {"id": "E1", "wants": True})
    assert (await send(http, front, {"id": "E1", "wants": True}))[1] == {"says": "recorded"}
    assert len(front.inbox.arrivals) == 1


async def test_a_webhook_is_verified_stored_as_it_came_and_known_again(
    front: Front, http: aiohttp.ClientSession
) -> None:
    for _ in range(2):
        assert (await send(http, front, {"id": "evt_1"}, "/webhooks/stripe"))[0] == 200

    ((tenant, delivery, payload),) = front.inbox.deliveries
    assert (tenant, delivery.platform, delivery.id) == (TENANT, "stripe", "evt_1")
    assert payload == b'{"id": "evt_1"}'
    assert (await send(http, front, {}, "/webhooks/stripe"))[0] == 200
    assert (await send(http, front, {"id": "e", "account": "other"}, "/webhooks/stripe"))[0] == 200
    assert (await send(http, front, {"id": "e"}, "/webhooks/stripe", **{"X-Key": "no"}))[0] == 401
    front.inbox.mood = "refusing"
    assert (await send(http, front, {"id": "e"}, "/webhooks/stripe"))[0] == 503
    assert len(front.inbox.deliveries) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/fake", "/webhooks/stripe"])
async def test_only_a_post_decides(front: Front, http: aiohttp.ClientSession, method: str, path: str) -> None:
    async with http.request(method, front.url + path, json={"id": "E1"}, headers=GOOD) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
    assert front.inbox.arrivals == []


async def test_what_is_not_there_is_404_and_metrics_are_not_there(
    front: Front, http: aiohttp.ClientSession
) -> None:
    for path in ("/metrics", "/nothing", "/fake/", "/fake/../fake2", "/%2e%2e/etc/passwd", "/"):
        async with http.get(front.url + path) as response:
            assert response.status == 404
            assert await response.json() == {"error": "not found"}


async def test_every_response_carries_security_headers_and_no_version(
    front: Front, http: aiohttp.ClientSession
) -> None:
    for path in ("/fake", "/nothing", "/healthz"):
        async with http.get(front.url + path) as response:
            assert response.headers["Server"] == "countersign"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Cache-Control"] == "no-store"


async def test_health_is_about_us_and_readiness_about_what_we_need(
    front: Front, http: aiohttp.ClientSession
) -> None:
    async with http.get(front.url + "/healthz") as response:
        assert response.status == 200
    async with http.get(front.url + "/readyz") as response:
        assert response.status == 200
        assert await response.json() == {"ready": True, "database": True, "broker": True}
    for _ in range(20):
        async with http.get(front.url + "/readyz") as response:
            assert response.status == 200
    assert front.inbox.asked == 1


async def test_readiness_says_what_fails(front: Front, http: aiohttp.ClientSession) -> None:
    front.inbox.up = {"database": False, "broker": True}
    async with http.get(front.url + "/readyz") as response:
        assert response.status == 503
        assert await response.json() == {"ready": False, "database": False, "broker": True}


async def test_readiness_of_a_broken_inbox_is_503_without_details(
    front: Front, http: aiohttp.ClientSession
) -> None:
    front.inbox.mood = "broken"
    async with http.get(front.url + "/readyz") as response:
        assert response.status == 503
        assert "SECRET" not in await response.text()


async def test_more_requests_at_once_than_we_can_hold_are_told_to_come_back(
    http: aiohttp.ClientSession,
) -> None:
    async with a_front(Limits(in_flight=2)) as front:
        front.inbox.mood = "slow"
        held = [asyncio.create_task(send(http, front, {"id": f"E{n}"})) for n in range(2)]
        await _until(lambda: front.door.read == 2)
        status, _, response = await send(http, front, {"id": "E9"})
        assert (status, response.headers["Retry-After"]) == (503, "1")
        front.inbox.release.set()
        assert [(await one)[0] for one in held] == [200, 200]
        assert (await send(http, front, {"id": "E9"}))[0] == 200


@pytest.mark.twin
async def test_twin_without_the_gate_any_number_is_let_in(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gate, "enter", lambda _self, _amount=1: True)
    async with a_front(Limits(in_flight=2)) as front:
        front.inbox.mood = "slow"
        held = [asyncio.create_task(send(http, front, {"id": f"E{n}"})) for n in range(9)]
        await _until(lambda: front.door.read == 9)
        front.inbox.release.set()
        assert [(await one)[0] for one in held] == [200] * 9


async def test_one_tenant_that_floods_us_is_slowed_down(http: aiohttp.ClientSession) -> None:
    async with a_front(Limits(tenant_rate=0.001, tenant_burst=3)) as front:
        seen = [(await send(http, front, {"id": f"E{n}"}))[0] for n in range(5)]
        assert seen == [200, 200, 200, 429, 429]
        assert len(front.inbox.arrivals) == 3


@pytest.mark.twin
async def test_twin_without_the_rate_cap_a_flood_is_stored(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Buckets, "take", lambda _self, _key: True)
    async with a_front(Limits(tenant_rate=0.001, tenant_burst=3)) as front:
        for n in range(5):
            await send(http, front, {"id": f"E{n}"})
        assert len(front.inbox.arrivals) == 5


async def test_routes_of_others_live_beside_ours_and_a_web_socket_is_not_cut(
    http: aiohttp.ClientSession,
) -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        async for message in line:
            await line.send_str(message.data)
        return line

    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("SECRET")

    def extra(app: web.Application) -> None:
        app.router.add_get("/ws", echo)
        app.router.add_get("/broken", broken)

    async with a_front(Limits(read_seconds=0.1), extra=extra) as front:
        async with http.ws_connect(front.url + "/ws") as line:
            for word in ("one", "two", "three"):
                await asyncio.sleep(0.15)  # longer than a request may take
                await line.send_str(word)
                assert await line.receive_str() == word
        async with http.get(front.url + "/broken") as response:
            assert response.status == 500
            assert await response.json() == {"error": "internal error"}
            assert response.headers["Server"] == "countersign"


async def test_the_front_imports_no_vendor_sdk_and_no_database() -> None:
    heavy = (
        "slack_bolt slack_sdk botbuilder stripe openai alembic sqlalchemy asyncpg celery prometheus_client"
    )
    code = f"import sys, bot.front; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_refusal_tells_the_counter_more_than_the_stranger() -> None:
    refused = Refused(503, "full", Retry_After="1")
    assert (refused.outcome, refused.headers) == ("full", {"Retry-After": "1"})
    assert WORKSPACE not in str(refused)


async def _until(true: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)
