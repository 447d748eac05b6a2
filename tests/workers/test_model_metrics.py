"""What the metrics tell of models: by model and outcome, and which are left alone; nobody's name."""

from __future__ import annotations

from bot.metrics import Metrics
from integrations.models.base import Problem
from integrations.models.breaker import FAILURES, breaker_of, forget_breakers
from integrations.models.metering import Use
from integrations.models.wire import Usage
from workers.model_metrics import ModelMetrics


def test_calls_tokens_and_what_is_left_alone_are_told() -> None:
    into = Metrics()
    counted = ModelMetrics(into)
    counted.used(Use("vllm:told", Usage(10, 4), 0.2))
    counted.used(Use("vllm:told", Usage(0, 0), 8.0, "slow"))
    breaker = breaker_of("vllm", "http://metrics.example/v1", "told")
    for _ in range(FAILURES):
        breaker.failed(Problem.DOWN)
    told = into.text().decode()
    forget_breakers()

    assert 'countersign_model_calls_total{model="vllm:told",outcome="answered"} 1.0' in told
    assert 'countersign_model_calls_total{model="vllm:told",outcome="slow"} 1.0' in told
    assert 'countersign_model_tokens_total{model="vllm:told",what="prompt"} 10.0' in told
    assert 'countersign_model_open{model="vllm:told"} 1.0' in told
    assert "metrics.example" not in told
    assert 'countersign_model_open{model="vllm:told"} 0.0' in into.text().decode()
