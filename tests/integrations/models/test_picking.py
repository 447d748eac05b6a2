"""Which model reads is settled by MODEL, and nothing else is ever used in its place."""

from __future__ import annotations

import pytest

from integrations import models
from integrations.errors import NotConfigured
from integrations.models import FallbackReader, reader
from integrations.models.chat import ChatReader
from integrations.models.hybrid import HybridReader
from integrations.models.offline import OfflineReader


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"MODEL": "openai", "OPENAI_BASE_URL": "https://x/v1", "OPENAI_MODEL": "m"}, "OPENAI_API_KEY"),
        ({"MODEL": "vllm", "VLLM_URL": "http://x/v1"}, "VLLM_MODEL"),
        ({"MODEL": "edge", "EDGE_MODEL": "phi3"}, "EDGE_URL"),
        ({"MODEL": "hybrid", "EDGE_MODEL": "phi3", "EDGE_URL": "http://x/v1"}, "OPENAI_API_KEY"),
        ({"MODEL": "vllm", "VLLM_URL": "file:///etc", "VLLM_MODEL": "m"}, "VLLM_URL"),
        ({"MODEL": "psychic"}, "psychic"),
        (
            {"MODEL": "openai", "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://x/v1", "OPENAI_MODEL": "m"},
            "https://",
        ),
    ],
)
def test_what_is_missing_is_named_and_nothing_else_is_used_instead(
    settings: dict[str, str], missing: str
) -> None:
    with pytest.raises(NotConfigured, match=missing):
        reader(settings)


@pytest.mark.twin
def test_without_that_check_the_key_would_travel_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "LOOPBACK", frozenset({"x"}))
    settings = {
        "MODEL": "openai",
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": "http://x/v1",
        "OPENAI_MODEL": "m",
    }

    assert isinstance(reader(settings), FallbackReader)


def test_each_model_is_picked_by_its_setting() -> None:
    full = {
        "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://x/v1", "OPENAI_MODEL": "m", "VLLM_URL": "http://x/v1",
        "VLLM_MODEL": "m", "EDGE_URL": "http://x/v1", "EDGE_MODEL": "m",
    }  # fmt: skip

    assert isinstance(reader({}), OfflineReader)
    assert isinstance(reader({"MODEL": "offline"}), OfflineReader)
    for name in ("openai", "vllm", "edge"):
        found = reader(full | {"MODEL": name})
        assert isinstance(found, FallbackReader)
        assert isinstance(found.first, ChatReader)
        assert found.first.name == f"{name}:m"
        assert isinstance(found.second, OfflineReader)
        assert isinstance(reader(full | {"MODEL": name, "CALIBRATION": "off"}), ChatReader)


def test_hybrid_asks_the_cloud_and_keeps_what_is_sensitive_near() -> None:
    full = {
        "MODEL": "hybrid", "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://x/v1", "OPENAI_MODEL": "far",
        "EDGE_URL": "http://x/v1", "EDGE_MODEL": "near",
    }  # fmt: skip
    found = reader(full | {"CALIBRATION": "off"})
    assert isinstance(found, HybridReader)
    assert [each.name for each in (found.first, found.second) if isinstance(each, ChatReader)] == [
        "openai:far",
        "edge:near",
    ]
    vllm = {"VLLM_URL": "http://x/v1", "VLLM_MODEL": "ours"}
    assert [each[0] for each in models.chat_settings(full | vllm)] == ["openai", "vllm"]


def test_hybrid_is_refused_beside_embeddings_that_would_carry_text_out() -> None:
    with pytest.raises(NotConfigured, match="EMBEDDINGS"):
        reader({"MODEL": "hybrid", "EMBEDDINGS": "openai"})
