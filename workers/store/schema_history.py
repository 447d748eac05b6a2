"""What happened to each run, so that it can be played again."""

from __future__ import annotations

APPEND_ONLY: frozenset[str] = frozenset()
