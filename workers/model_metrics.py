"""How models answer, at /metrics: by model and outcome, never by tenant or person."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from bot.metrics import Metrics, metrics
from integrations.models.breaker import State, all_breakers
from integrations.models.metering import Use, watch

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OPEN = {State.CLOSED: 0.0, State.TRYING: 0.5, State.OPEN: 1.0}


class ModelMetrics:
    """Models are named by the settings, so their names are few."""

    def __init__(self, into: Metrics) -> None:
        from prometheus_client import Counter, Histogram
        from prometheus_client.core import GaugeMetricFamily

        registry = into.registry
        self._calls = Counter(
            "countersign_model_calls", "Questions put to a model", ["model", "outcome"], registry=registry
        )
        self._tokens = Counter(
            "countersign_model_tokens", "Tokens asked and answered", ["model", "what"], registry=registry
        )
        self._took = Histogram(
            "countersign_model_seconds", "Question to whole answer", ["model"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip

        class Breakers:
            def collect(self) -> Iterable[GaugeMetricFamily]:
                told = "1: left alone since it failed too often, 0.5: being tried again, 0: asked"
                found = GaugeMetricFamily("countersign_model_open", told, labels=["model"])
                worst: dict[str, float] = {}
                for each in all_breakers():
                    worst[each.name] = max(worst.get(each.name, 0.0), _OPEN[each.state])
                for name, value in worst.items():
                    found.add_metric([name], value)
                yield found

        registry.register(Breakers())

    def used(self, use: Use) -> None:
        self._calls.labels(use.model, use.problem or "answered").inc()
        self._tokens.labels(use.model, "prompt").inc(use.usage.prompt)
        self._tokens.labels(use.model, "completion").inc(use.usage.completion)
        self._took.labels(use.model).observe(use.seconds)


@cache
def watch_models() -> None:
    """From now on, in this process."""
    watch(ModelMetrics(metrics()).used)
