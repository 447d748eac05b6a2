"""RabbitMQ as the broker: orders come through, and losing it costs time and nothing else.

Needs Debian's rabbitmq-server, which no Python package brings; without it these are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio

from bot import ports
from bot.embedded import private
from tests.conversations.test_order import SMALL, ordered
from tests.stack import Stack, running

pytestmark = pytest.mark.skipif(
    shutil.which("rabbitmq-server") is None, reason="rabbitmq-server is not installed"
)

WITHIN = 60.0


class Rabbit:
    """A broker of this test's own: its port, its files, its node name."""

    def __init__(self, folder: Path) -> None:
        self.port = ports.free_port("127.0.0.1")
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "home").mkdir()
        self._log = folder / "rabbit.log"
        self._environment = {
            **os.environ,
            "HOME": str(folder / "home"),
            "RABBITMQ_NODENAME": f"countersign{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(ports.free_port("127.0.0.1")),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        command = str(program if program.exists() else shutil.which("rabbitmq-server"))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [command], env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + WITHIN
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None, self._log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)
        raise AssertionError(self._log.read_text(errors="replace")[-2000:])

    def kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def rabbit(folder: Path) -> Iterator[Rabbit]:
    broker = Rabbit(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    with rabbit(tmp_path_factory.mktemp("rabbit")) as running_broker:
        yield running_broker


@pytest_asyncio.fixture(scope="module")
async def on_rabbit(broker: Rabbit, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    with private() as servers:
        folder = tmp_path_factory.mktemp("bot")
        async with running(servers, folder, celery_broker_url=broker.url) as stack:
            yield stack


async def _order(stack: Stack) -> None:
    said, card = await ordered(stack, SMALL)
    await stack.world.slack.press("ada", card, "Yes, order it")
    await stack.world.slack.wait_for("Receipt", thread=said, timeout=WITHIN)


async def test_an_order_comes_through_over_rabbitmq_and_is_charged_once(on_rabbit: Stack) -> None:
    before = len(await on_rabbit.charges())
    await _order(on_rabbit)
    assert len(await on_rabbit.charges()) == before + 1


async def test_a_rabbitmq_that_is_killed_and_comes_back_costs_time_and_nothing_else(
    on_rabbit: Stack, broker: Rabbit
) -> None:
    before = len(await on_rabbit.charges())
    said, card = await ordered(on_rabbit, SMALL)
    broker.kill()
    await on_rabbit.world.slack.press("ada", card, "Yes, order it")
    broker.start()
    await on_rabbit.world.slack.wait_for("Receipt", thread=said, timeout=WITHIN)
    assert len(await on_rabbit.charges()) == before + 1
