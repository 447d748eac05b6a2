"""What each tenant has set for the services that we call."""

from __future__ import annotations

APPEND_ONLY: frozenset[str] = frozenset()
