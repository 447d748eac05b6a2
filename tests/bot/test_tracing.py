"""Traces: nothing where nobody collects them, and never a word of anybody's where somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot import tracing


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracing.use(provider)
    yield kept
    tracing.use(None)


def named(spans: InMemorySpanExporter) -> dict[str, Any]:
    return {span.name: span for span in spans.get_finished_spans()}


def test_without_an_endpoint_nothing_is_traced_and_nothing_is_imported() -> None:
    assert not tracing.set_up("", "front")
    assert tracing.span("ack") is tracing.span("turn")
    with tracing.span("ack", platform="slack"):
        assert tracing.current() is None


def test_what_is_stored_is_continued_elsewhere(spans: InMemorySpanExporter) -> None:
    with tracing.span("ack"):
        stored = tracing.current()
    assert stored is not None
    assert stored.startswith("00-")
    with tracing.span("turn", stored):
        assert tracing.current() != stored
    ack, turn = named(spans)["ack"], named(spans)["turn"]
    assert turn.context.trace_id == ack.context.trace_id
    assert turn.parent.span_id == ack.context.span_id


@pytest.mark.parametrize(
    "nonsense", ["", "x", "00-0-0-00", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "é" * 99]
)
def test_a_context_that_is_none_begins_a_new_trace(spans: InMemorySpanExporter, nonsense: str) -> None:
    with tracing.span("turn", nonsense):
        pass
    assert named(spans)["turn"].parent is None


async def test_work_on_another_loop_belongs_to_the_same_trace(spans: InMemorySpanExporter) -> None:
    async def record() -> str | None:
        return tracing.current()

    loop = asyncio.get_running_loop()

    def worker() -> tuple[str | None, str | None]:
        with tracing.span("effect"):
            there = asyncio.run_coroutine_threadsafe(record(), loop).result(5)
            return tracing.current(), there

    here, there = await asyncio.to_thread(worker)
    assert here is not None
    assert here == there


def leak() -> None:
    with tracing.span("turn", kind="turn", text="my secret wish", person="Ada", tool="x" * 500):
        tracing.note(outcome="stored", email="ada@example.com")
        raise ValueError("the text of ada@example.com")


def test_only_fixed_names_and_short_values_leave_and_no_error_s_text(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="the text"):
        leak()
    span = named(spans)["turn"]
    assert dict(span.attributes) == {
        "kind": "turn", "tool": "x" * 80, "outcome": "stored", "error.type": "ValueError"
    }  # fmt: skip
    assert "ada" not in span.to_json().lower()
    assert span.events == ()


@pytest.mark.twin
def test_without_the_list_of_names_they_would_leave(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "allowed", lambda attributes: attributes)
    with pytest.raises(ValueError, match="the text"):
        leak()
    assert "my secret wish" in named(spans)["turn"].to_json()
