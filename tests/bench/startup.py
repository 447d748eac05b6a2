"""startup: from `countersign up` to its first answer, cold and again; and what the front has to import."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from bot import ports
from bot.workbench.driver import connect
from tests.bench.bed import ROOT, Bed, inherited
from tests.bench.harness import Report, at_most
from tests.bench.meter import memory

PATIENCE = 90.0
IMPORTS = {
    "an empty Python": "pass",
    "the front's modules": "import workers.front, bot.serving, bot.settings",
}


async def run(bed: Bed, report: Report) -> None:
    for name, code in IMPORTS.items():
        spent = [await asyncio.to_thread(_imported, code) for _ in range(report.pick(5, 2))]
        report.add(f"import: {name}", "CPU ms", [one * 1000 for one in spent])
    began = time.monotonic()
    async with bed.bot(engines=0):
        report.add("serve --role front: start → listening", "ms", (time.monotonic() - began) * 1000)
    await _up(bed, report)


async def _up(bed: Bed, report: Report) -> None:
    state = bed.folder / "up"
    ready, answered, sizes, unheard = [], [], [], 0
    for number in range(1 + report.pick(3, 1)):
        port = ports.free_port("127.0.0.1")
        began = time.monotonic()
        process = _start(state, port)
        try:
            await _greeted(process, state)
            ready.append(time.monotonic() - began)
            unheard += await _first_answer(f"http://127.0.0.1:{port}") - 1
            answered.append(time.monotonic() - began)
            sizes.append(memory(process.pid))
        finally:
            process.send_signal(signal.SIGINT)
            await asyncio.to_thread(process.wait, 30)
        if number == 0:
            report.add("countersign up, cold: start → ready", "s", ready.pop())
            report.add("countersign up, cold: start → first answer", "s", answered.pop())
    report.add("countersign up, again: start → ready", "s", ready)
    report.add("countersign up, again: start → first answer", "s", answered, at_most(5.0))
    report.add("messages said after “Countersign runs” and never answered", "", float(unheard), at_most(0))
    report.add("countersign up, everything, PostgreSQL and Valkey too", "MB", sizes)


def _start(state: Path, port: int) -> subprocess.Popen[bytes]:
    state.mkdir(exist_ok=True)
    more = {
        "PYTHONPATH": str(ROOT),
        "STATE_DIR": str(state),
        "PORT": str(port),
        "POLICY_FILE": str(ROOT / "flows" / "policy.yaml"),
    }
    with (state / "out").open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "up"],
            cwd=state,
            env=inherited() | more,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )


async def _greeted(process: subprocess.Popen[bytes], state: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        while "Countersign runs" not in (said := (state / "out").read_text(errors="replace")):
            if process.poll() is not None:
                raise RuntimeError(f"countersign up ended: {said[-500:]}")
            await asyncio.sleep(0.01)


async def _first_answer(url: str) -> int:
    """How often it had to be said until it was answered: once, if nothing was lost."""
    async with connect(url) as world:
        for said in range(1, 6):
            asked = await world.slack.say("ada", "general", "@Countersign help")
            with suppress(AssertionError):
                await world.slack.wait_for(thread=asked, after=asked, timeout=6)
                return said
    raise RuntimeError("countersign up says that it runs, and answers nothing")


def _imported(code: str) -> float:
    """CPU seconds of a Python that does only this."""
    environment = inherited() | {"PYTHONPATH": str(ROOT)}
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", code], environment)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"python -c {code!r} ended with {status}")
    return used.ru_utime + used.ru_stime
