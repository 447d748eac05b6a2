"""What is counted, and where it can be read."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from bot.metrics import MOST_REASONS, Metrics, metrics, metrics_app


def test_what_was_counted_can_be_read() -> None:
    counted = Metrics()
    counted.event("slack", "stored")
    counted.acked("slack", 0.003)
    counted.turn("teams", "done", 0.2)
    counted.effect("stripe.charge", "done")
    counted.outbox_age(1.5)
    counted.ignored("slack", "message.bot")

    text = counted.text().decode()
    for line in (
        'countersign_events_total{outcome="stored",platform="slack"} 1.0',
        'countersign_ack_seconds_count{platform="slack"} 1.0',
        'countersign_turns_total{outcome="done",platform="teams"} 1.0',
        'countersign_turn_seconds_bucket{le="0.25",platform="teams"} 1.0',
        'countersign_effects_total{state="done",tool="stripe.charge"} 1.0',
        "countersign_outbox_age_seconds 1.5",
        'countersign_ignored_total{platform="slack",reason="message.bot"} 1.0',
    ):
        assert line in text


def test_reasons_that_never_repeat_do_not_fill_the_memory() -> None:
    counted = Metrics()
    for number in range(10 * MOST_REASONS):
        counted.ignored("slack", f"unknown type {number}")
    counted.ignored("slack", "x" * 10_000)
    counted.ignored("slack", "unknown type 0")
    lines = [
        line for line in counted.text().decode().splitlines() if line.startswith("countersign_ignored_total")
    ]
    assert len(lines) == MOST_REASONS + 1
    assert 'countersign_ignored_total{platform="slack",reason="unknown type 0"} 2.0' in lines
    assert max(len(line) for line in lines) < 200


def test_there_is_one_set_of_counters_in_a_process() -> None:
    assert metrics() is metrics()


async def test_metrics_are_served_by_an_application_of_their_own() -> None:
    counted = Metrics()
    counted.event("slack", "stored")
    runner = web.AppRunner(metrics_app(counted))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{site.port}/metrics") as response:
                assert response.status == 200
                assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                assert "countersign_events_total" in await response.text()
            async with http.get(f"http://127.0.0.1:{site.port}/") as response:
                assert response.status == 404
    finally:
        await runner.cleanup()
