"""Which wording or steps people got, and what came of it."""

from __future__ import annotations

APPEND_ONLY: frozenset[str] = frozenset()
