"""`make bench`, or `tests/bench ack turns --quick --json FILE`: the figures, and whether they are met."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import signal
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHES = (
    "flows", "summarize", "ack", "teams", "latency", "presses", "turns", "engines", "history", "retention",
    "forget", "audit", "streaming", "peer", "startup", "understanding", "redaction", "knowledge", "memory",
    "learning",
)  # fmt: skip


def main() -> int:
    sys.path[0] = str(ROOT)
    parser = argparse.ArgumentParser(prog="tests/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="bench", help=f"any of: {', '.join(BENCHES)}")
    parser.add_argument("--quick", action="store_true", help="shorter and fewer repeats (or QUICK=1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args()
    for name in asked.names:
        if name not in BENCHES:
            parser.error(f"there is no bench {name!r}; there are {', '.join(BENCHES)}")
    quick = asked.quick or os.environ.get("QUICK", "") not in ("", "0")
    return _loop(asked.names or list(BENCHES), quick, asked.json)


def _loop(names: list[str], quick: bool, out: Path | None) -> int:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(names, quick, out))


async def _run(names: list[str], quick: bool, out: Path | None) -> int:
    from tests.bench.bed import bed, without_settings
    from tests.bench.harness import Report, machine, say

    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    without_settings()
    report = Report(quick=quick)
    crashed = []
    found = machine()
    say(f"{found['cores']} cores, Python {found['python']}, load {found['load'][0]:.1f}{', quick' * quick}")
    async with bed() as there:
        for name in names:
            report.bench = name
            bench = importlib.import_module(f"tests.bench.{name}")
            began = time.monotonic()
            say(f"\n{bench.__doc__}")
            try:
                await bench.run(there, report)
            except Exception:
                traceback.print_exc()
                crashed.append(name)
            there.stub.forget()
            say(f"  ({time.monotonic() - began:.0f} s)")
    if out is not None:
        report.write(out)
    _conclude(report.missed(), crashed)
    return 1 if crashed else 0


def _conclude(missed: list, crashed: list[str]) -> None:  # type: ignore[type-arg]
    sys.stdout.write(f"\n{len(missed)} figures missed, {len(crashed)} benches crashed\n")
    for figure in missed:
        sys.stdout.write(f"  missed  {figure.bench}: {figure.name}: {figure.median:.3g} {figure.unit}\n")
    for name in crashed:
        sys.stdout.write(f"  crashed {name}\n")


if __name__ == "__main__":
    sys.exit(main())
