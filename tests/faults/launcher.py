"""Makes processes of ours quickly: everything is imported once, and each process is a fork of this one.

Started by `rig.py`. Reads a JSON line per process, {"args", "env", "cwd", "log", "patches"}, and answers
its pid. What runs is the program itself (`bot.cli.main` with these arguments). `patches` are for tests
alone: shorter pauses, or a guard taken away, to see that the checks then find what it guards against.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import random
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

HEAVY = (
    "bot.cli",
    "bot.front",
    "bot.front_server",
    "bot.hooks",
    "bot.legal",
    "bot.serving",
    "workers.front",
    "bot.platforms.slack",
    "bot.platforms.slack.client",
    "workers.app",
    "workers.assemble",
    "workers.calls",
    "workers.engine",
    "workers.inbox",
    "workers.installs",
    "workers.dispatch",
    "integrations.stripe.tools",
    "integrations.stripe.webhook",
    "integrations.models",
    "stripe",
    "celery",
    "celery.bin.worker",
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.fixups.django",
    "celery.worker.consumer",
    "kombu.transport.redis",
    "slack_sdk.web.async_client",
    "redis.asyncio",
    "uvloop",
)
DIE_WITH_PARENT = 1


def main() -> None:
    for name in HEAVY:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        if select.select([0], [], [], 0.05)[0]:
            line = _line()
            if not line:
                return
            sys.stdout.write(f"{_fork(json.loads(line))}\n")
            sys.stdout.flush()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _line() -> bytes:
    """Unbuffered, so that `select` tells the truth."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return b""
        line += byte
    return line


def _fork(wanted: dict[str, Any]) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        status = _become(wanted)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # a fork must never come back
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _become(wanted: dict[str, Any]) -> int:
    os.setsid()
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])
    random.seed()
    for name, value in wanted.get("patches", {}).items():
        PATCHES[name](value)
    sys.argv = ["countersign", *wanted["args"]]
    from bot import cli

    return cli.main()


# ── patches ──────────────────────────────────────────────────────────────────────────────


def _swap(owner: Any, name: str, other: Any) -> None:
    setattr(owner, name, other)


def _hasty(_: Any) -> None:
    """The sweep looks more often than it would: its pauses are latency, not correctness."""
    from workers import engine

    _swap(engine, "SWEEP", 0.1)
    _swap(engine, "QUIET", 0.4)


def _hasty_stop(seconds: float) -> None:
    """How long a turn has after SIGTERM, and a platform to do what it was asked."""
    from workers import engine

    _swap(engine, "FINISH", seconds)
    _swap(engine, "LONGEST_CALL", seconds)


def _hintless(_: Any) -> None:
    """Every hint is lost."""
    from workers.hints import Hints

    _swap(Hints, "_publish", lambda self, channel, message: None)


def _no_look_up(_: Any) -> None:
    """The guard itself taken away: nothing is looked up, and every try has a key of its own."""
    from dataclasses import replace
    from uuid import uuid4

    from workers import calls, deliver

    async def blind(*_: Any) -> None:
        return None

    perform = calls.Hands._perform

    def forgetful(self: Any, ready: Any) -> Any:
        claimed = replace(ready.claimed, key=f"{ready.claimed.key}#{uuid4().hex}", attempts=1)
        return perform(self, replace(ready, claimed=claimed))

    _swap(deliver, "_find", blind)
    _swap(calls.Hands, "_perform", forgetful)


def _blind_deliver(_: Any) -> None:
    """Only the posts' look-up taken away."""
    from workers import deliver

    async def blind(*_: Any) -> None:
        return None

    _swap(deliver, "_find", blind)


def _no_fence(_: Any) -> None:
    """Whoever once held a conversation may write for ever."""
    from contextlib import asynccontextmanager
    from dataclasses import replace

    from workers import turns
    from workers.store import enqueue
    from workers.store.door import Database

    @asynccontextmanager
    async def turn(self: Any, tenant: Any, key: str, fence: int, lease: float) -> Any:
        async with self.tenant(tenant) as c:
            yield c

    async def todays(c: Any, claimed: Any) -> Any:
        """With the fence of whoever holds it now."""
        query = "select fence from conversations where tenant_id = $1 and key = $2"
        if isinstance(c, Database):
            async with c.tenant(claimed.tenant) as inside:
                return replace(claimed, fence=await inside.fetchval(query, claimed.tenant, claimed.key))
        return replace(claimed, fence=await c.fetchval(query, claimed.tenant, claimed.key))

    def for_ever(write: Any) -> Any:
        async def careless(c: Any, claimed: Any, *more: Any, **others: Any) -> Any:
            return await write(c, await todays(c, claimed), *more, **others)

        return careless

    _swap(Database, "turn", turn)
    _swap(enqueue, "close", for_ever(enqueue.close))
    _swap(enqueue, "sent", for_ever(enqueue.sent))
    _swap(turns, "look", for_ever(turns.look))


def _no_claim(_: Any) -> None:
    """An effect is given to whoever asks, whoever has it."""
    from workers.store import effects

    claim = effects.claim

    async def free(c: Any, tenant: Any, key: str, lease: float) -> Any:
        await c.execute(
            "update effects set lease_until = '-infinity' where tenant_id = $1 and key = $2", tenant, key
        )
        return await claim(c, tenant, key, lease)

    _swap(effects, "claim", free)


def _few_attempts(most: int) -> None:
    from workers import retry

    _swap(retry, "MOST_ATTEMPTS", most)


def _die_between_pop_and_note(_: Any) -> None:
    """F42: kombu has taken the message off the list, and has not noted it as unacknowledged."""
    from kombu.transport.redis import QoS

    from bot import faults

    append = QoS.append

    def fatal(self: Any, message: Any, tag: Any) -> Any:
        faults.point_sync("F42")
        return append(self, message, tag)

    _swap(QoS, "append", fatal)


def _wrong_clock(seconds: float) -> None:
    """The machine's clock is off by this much."""
    import time

    right = time.time
    _swap(time, "time", lambda: right() + seconds)


def _slow_reader(seconds: float) -> None:
    """Whoever says "slowly" waits for the model this long."""
    import asyncio

    from workers import advance, turns

    read = advance.read

    async def slow(tools: Any, text: str, *more: Any) -> Any:
        if "slowly" in text:
            await asyncio.sleep(seconds)
        return await read(tools, text, *more)

    _swap(advance, "read", slow)
    _swap(turns, "read", slow)


def _timeouts(seconds: float) -> None:
    """How long Stripe may take."""
    from integrations.stripe import client

    _swap(client, "TIMEOUTS", (seconds, seconds))


PATCHES: dict[str, Callable[[Any], None]] = {
    "hasty": _hasty,
    "hasty_stop": _hasty_stop,
    "hintless": _hintless,
    "no_look_up": _no_look_up,
    "blind_deliver": _blind_deliver,
    "no_fence": _no_fence,
    "no_claim": _no_claim,
    "few_attempts": _few_attempts,
    "die_between_pop_and_note": _die_between_pop_and_note,
    "wrong_clock": _wrong_clock,
    "slow_reader": _slow_reader,
    "timeouts": _timeouts,
}


if __name__ == "__main__":
    main()
