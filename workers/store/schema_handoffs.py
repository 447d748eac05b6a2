"""Matters that a person has taken over."""

from __future__ import annotations

APPEND_ONLY: frozenset[str] = frozenset()
