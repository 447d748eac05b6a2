"""Tells Celery that an effect is due: its key and nothing else. Losing the message costs latency only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

log = structlog.get_logger()


class Dispatch:
    """Publishing blocks for a millisecond or two, so it has a thread of its own."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dispatch")

    def publish(self, keys: Iterable[str]) -> None:
        for key in keys:
            asyncio.get_running_loop().run_in_executor(self._thread, self._publish, key)

    def _publish(self, key: str) -> None:
        try:
            self._app.send_task("run_effect", args=(key,), retry=False, ignore_result=True)
        except Exception as error:
            # Whatever it is, the sweep finds the effect in Postgres and publishes it again.
            log.warning("dispatch.failed", problem=type(error).__name__)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
