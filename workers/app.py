"""The Celery app. The broker may be emptied at any time: what recovers work is Postgres and the sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.settings import Settings

POOL = 8


def make_app(settings: Settings) -> Any:
    """Settings as measured: acknowledge late, fetch one, redeliver soon, keep no results."""
    from celery import Celery

    app = Celery("countersign", broker=broker_url(settings), set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=10.0,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=2,
        task_publish_retry=False,
        broker_transport_options=transport_options(broker_url(settings)),
    )
    return app


def transport_options(url: str) -> dict[str, Any]:
    """What the kind of broker understands: each would stumble over, or ignore, what is the other's."""
    if url.startswith(("amqp", "pyamqp")):
        return {"confirm_publish": True, "connect_timeout": 2, "write_timeout": 10}
    return {
        "visibility_timeout": 120,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_keepalive": True,
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
    }


def broker_url(settings: Settings) -> str:
    """CELERY_BROKER_URL, else REDIS_URL in Celery's spelling."""
    given = settings.secret("celery_broker_url") or settings.secret("redis_url")
    if given.startswith("unix://"):
        path, _, query = given.removeprefix("unix://").partition("?")
        database = query.partition("db=")[2] or "0"
        return f"redis+socket://{path}?virtual_host={database}"
    return given


def with_tasks(app: Any, run: Callable[[str], None]) -> Any:
    """All that can be asked of a worker: an effect's key is looked up, and nothing else is believed."""
    app.task(name="run_effect", acks_late=True, ignore_result=True, shared=False)(run)
    return app


def run_worker(settings: Settings) -> None:
    """The worker's process, until SIGTERM."""
    from bot import log
    from workers.calls import Hands

    log.set_up(settings.log_level)
    app = with_tasks(make_app(settings), Hands(settings).run)
    app.worker_main(
        [
            "worker",
            "--pool=threads",
            f"--concurrency={POOL}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=WARNING",
        ]
    )
