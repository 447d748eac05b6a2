"""Traces from a request to what came of it, across processes; nothing at all where nobody collects them.

The context travels in the database (`inbox.trace`, `effects.trace`, `outbox.trace`), as the W3C
writes it: `00-<trace>-<span>-<flags>`. Attributes are a few fixed names with short values: never
a text of anybody's, a person, or a conversation. What callers from outside claim is not continued.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import structlog

log = structlog.get_logger()

ATTRIBUTES = frozenset({"platform", "kind", "tool", "risk", "state", "attempt", "source", "outcome"})
LONGEST = 80
EXPORT_SECONDS = 5.0

_OFF: AbstractContextManager[None] = nullcontext()
_tracer: Any = None


def set_up(endpoint: str, role: str) -> bool:
    """Sends spans to this OTLP/HTTP endpoint from now on; False where it is empty or the extra is missing."""
    if not endpoint:
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("tracing.not_installed", fix="install the extra: pip install 'countersign[otel]'")
        return False
    provider = TracerProvider(resource=Resource.create({"service.name": f"countersign-{role}"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    use(provider)
    return True


def use(provider: Any) -> None:
    """This provider from now on, or None for no traces."""
    global _tracer
    _tracer = provider.get_tracer("countersign") if provider is not None else None


def span(name: str, parent: str | None = None, **attributes: Any) -> AbstractContextManager[None]:
    """Around a piece of work. `parent` is a stored context; None continues the present one."""
    return _OFF if _tracer is None else _span(name, parent, attributes)


@contextmanager
def _span(name: str, parent: str | None, attributes: dict[str, Any]) -> Iterator[None]:
    from opentelemetry.trace import StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    above = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    with _tracer.start_as_current_span(
        name,
        context=above,
        attributes=allowed(attributes),
        record_exception=False,  # its text may quote somebody
        set_status_on_exception=False,
    ) as current_span:
        try:
            yield
        except BaseException as error:
            current_span.set_attribute("error.type", type(error).__name__)
            current_span.set_status(StatusCode.ERROR)
            raise


def note(**attributes: Any) -> None:
    """Something learned on the way, put on the present span."""
    if _tracer is not None:
        from opentelemetry import trace

        trace.get_current_span().set_attributes(allowed(attributes))


def allowed(attributes: dict[str, Any]) -> dict[str, Any]:
    """Only the fixed names, and nothing long."""
    return {
        name: value[:LONGEST] if isinstance(value, str) else value
        for name, value in attributes.items()
        if name in ATTRIBUTES and isinstance(value, str | int | float | bool)
    }


def current() -> str | None:
    """The present span's context, to be stored with what follows from it; None where nothing is traced."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
