"""The vendors' clients of one worker thread: one for each account, the longest unused let go."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import Any
from uuid import UUID

from integrations.base import Integration
from workers.services import Connected

MOST_KEPT = 16


class Clients:
    """Never shared between threads: not every vendor's client may be.

    The account's name changes with its settings, so that a client of yesterday's settings is not
    found today; the tenant is part of the key, so that none is found by another tenant.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[UUID, str], Any] = OrderedDict()

    def get(self, service: Integration, tenant: UUID, connected: Connected) -> Any:
        """Raises `NotConfigured`, naming the setting that is missing."""
        key = (tenant, connected.account)
        if key not in self._kept:
            self._kept[key] = service.connect(connected.values)
            while len(self._kept) > self._most:
                _close(self._kept.popitem(last=False)[1])
        self._kept.move_to_end(key)
        return self._kept[key]

    def __len__(self) -> int:
        return len(self._kept)


def _close(client: Any) -> None:
    close = getattr(client, "close", None)
    if callable(close):
        with contextlib.suppress(Exception):  # it is over with it either way
            close()
