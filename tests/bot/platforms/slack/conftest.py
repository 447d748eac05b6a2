"""Recorded shapes by name, and the hand that signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHAPES = Path(__file__).parents[3] / "payloads" / "slack"
RECORDED = Path(__file__).parents[4].parent / "shared" / "data" / "payloads"

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_790_000_000

Shape = Callable[[str], dict[str, Any]]
Sign = Callable[..., dict[str, str]]


@pytest.fixture
def shape() -> Shape:
    def load(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((SHAPES / f"{name}.json").read_text())
        return found

    return load


@pytest.fixture
def recorded() -> Shape:
    def load(name: str) -> dict[str, Any]:
        path = RECORDED / f"{name}.json"
        if not path.exists():
            pytest.skip("the payloads recorded from real workspaces are not on this machine")
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    return load


@pytest.fixture
def sign() -> Sign:
    def signed(
        body: bytes, *, secret: str = SECRET, at: int = NOW, kind: str = "application/json"
    ) -> dict[str, str]:
        digest = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
        return {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": f"v0={digest}",
        }

    return signed
