"""Flows that begin by the clock."""

from __future__ import annotations

APPEND_ONLY: frozenset[str] = frozenset()
