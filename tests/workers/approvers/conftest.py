"""What the tests of the store have at hand is at hand here too."""

from __future__ import annotations

from tests.workers.store.conftest import there

__all__ = ["there"]
