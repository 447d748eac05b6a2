"""One trace from the press of a person to the charge, across front, engine and worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot import tracing
from bot.embedded import private
from tests.conversations.test_order import SMALL, ordered
from tests.stack import Stack, running

pytestmark = pytest.mark.processes


@dataclass
class Collector:
    """What the worker's process sends over OTLP, and what front and engine keep here."""

    url: str
    here: InMemorySpanExporter
    sent: list[tuple[str, str, str, str]] = field(default_factory=list)  # trace, span, parent, name
    raw: bytes = b""
    services: set[str] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.raw += body
        for of_one in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                a.value.string_value for a in of_one.resource.attributes if a.key == "service.name"
            }
            for scope in of_one.scope_spans:
                for span in scope.spans:
                    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name)
                    self.sent.append(ids)
        return web.Response()

    def spans(self) -> list[tuple[str, str, str, str]]:
        kept = [
            (
                f"{span.context.trace_id:032x}",
                f"{span.context.span_id:016x}",
                f"{span.parent.span_id:016x}" if span.parent else "",
                span.name,
            )
            for span in self.here.get_finished_spans()
        ]
        return kept + self.sent


@pytest_asyncio.fixture(scope="module")
async def collector() -> AsyncIterator[Collector]:
    app = web.Application()
    runner = web.AppRunner(app)
    kept = Collector("", InMemorySpanExporter())
    app.router.add_post("/v1/traces", kept.take)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    kept.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield kept
    await runner.cleanup()


@pytest.fixture(scope="module")
def traced(collector: Collector) -> Iterator[None]:
    provider = TracerProvider(resource=Resource.create({"service.name": "here"}))
    provider.add_span_processor(SimpleSpanProcessor(collector.here))
    tracing.use(provider)
    yield
    tracing.use(None)


@pytest_asyncio.fixture(scope="module")
async def stack(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector, traced: None
) -> AsyncIterator[Stack]:
    with private() as servers:
        folder = tmp_path_factory.mktemp("bot")
        async with running(servers, folder, otel_exporter_otlp_endpoint=collector.url) as stack:
            yield stack


async def test_a_press_its_turn_the_charge_and_the_receipt_are_one_trace(
    stack: Stack, collector: Collector
) -> None:
    slack = stack.world.slack
    said, card = await ordered(stack, SMALL)
    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Receipt", thread=said)

    [row] = await stack.fetch("select trace from effects where tool = 'stripe.charge'")
    trace = row["trace"].split("-")[1]
    async with asyncio.timeout(15):
        while not {"effect"} <= {name for of, _, _, name in collector.sent if of == trace}:
            await asyncio.sleep(0.05)

    mine = [span for span in collector.spans() if span[0] == trace]
    names = [name for _, _, _, name in mine]
    assert {"ack", "turn", "effect", "deliver"} <= set(names)
    assert names.count("turn") >= 2  # the press, and the result of the charge
    ids = {span for _, span, _, _ in mine}
    roots = [name for _, _, parent, name in mine if not parent]
    assert roots == ["ack"]
    assert all(parent in ids for _, _, parent, name in mine if parent)
    assert collector.services == {"countersign-worker"}


async def test_reading_what_was_said_is_a_span_and_nobody_s_words_or_names_are_in_any(
    stack: Stack, collector: Collector
) -> None:
    await ordered(stack, SMALL)
    kept = "".join(span.to_json() for span in collector.here.get_finished_spans())
    assert "model" in {name for _, _, _, name in collector.spans()}
    everything: Any = kept.lower() + collector.raw.decode("utf-8", "replace").lower()
    for word in ("margherita", "ada@", "ada reyes", "orders", "xoxb", "countersign order"):
        assert word not in everything, word
