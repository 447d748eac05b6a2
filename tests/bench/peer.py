"""peer: whole turns against the PyPI package chat-sdk 0.4.41, on the same stub under the same load."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

from bot import ports
from tests.bench.bed import ROOT, Bed, Bot, listening
from tests.bench.harness import Report, at_least, at_most, percentile, ratios
from tests.bench.line import lines
from tests.bench.load import Outcome, several, until_answered
from tests.bench.people import SlackPeople

PACKAGES = ("chat-sdk[slack,postgres]==0.4.41", "aiohttp==3.14.5", "asyncpg==0.32.0", "uvloop==0.23.0")
FOLDER = ROOT / ".countersign" / "bench" / "peer-0.4.41"
AT_ONCE = 8
EVENTS = 5_000
ANSWER_WITHIN = 20.0
WITHIN = 20.0  # seconds for one load, so that a peer that stalls costs no more


async def run(bed: Bed, report: Report) -> None:
    try:
        python = await asyncio.to_thread(environment)
    except Unavailable as problem:
        report.skip(str(problem))
        return
    count = report.pick(400, 60)
    found: dict[str, list[Outcome]] = {"ours": [], "postgres": [], "memory": []}
    async with bed.bot() as ours, AsyncExitStack() as exits:
        theirs = {kind: await _peer(bed, kind, python, exits) for kind in ("postgres", "memory")}
        each = {"ours": ours} | theirs
        for bot in each.values():
            await _load(bed, bot, 40)
        for _ in range(report.pick(3, 2)):
            for kind, bot in each.items():
                found[kind].append(await _load(bed, bot, count))
        done = sum(len(one.seconds) + one.lost for one in found["ours"])
        found["ours"].append(await _load(bed, ours, report.pick(EVENTS, 300) - done, 120.0))
    speed = {kind: [one.per_second for one in runs[: len(found["memory"])]] for kind, runs in found.items()}
    _told(report, found, speed)


def _told(report: Report, found: dict[str, list[Outcome]], speed: dict[str, list[float]]) -> None:
    for kind, name in (
        ("postgres", "chat-sdk, Postgres state"),
        ("memory", "chat-sdk, memory state"),
        ("ours", "ours"),
    ):
        seconds = [second for one in found[kind] for second in one.seconds]
        events = len(seconds) + sum(one.lost for one in found[kind])
        report.add(f"{name}, {AT_ONCE} at once", "turns/s", speed[kind])
        report.add(f"{name}, event → answer, p50", "ms", percentile(seconds, 50) * 1000)
        report.add(f"{name}, event → answer, p99", "ms", percentile(seconds, 99) * 1000)
        lost = float(sum(one.lost for one in found[kind]))
        wanted = at_most(0) if kind == "ours" else None
        report.add(f"{name}, lost of {events}", "events", lost, wanted)
    report.add("ours against its Postgres state", "×", ratios(speed["ours"], speed["postgres"]), at_least(6))
    report.add("ours against its memory state", "×", ratios(speed["ours"], speed["memory"]), at_least(1))


async def _load(bed: Bed, bot: Bot, count: int, within: float = WITHIN) -> Outcome:
    people = SlackPeople(bed.stub.keys)
    async with lines(bot.port) as pool:

        async def one(outcome: Outcome) -> None:
            await until_answered(bed.stub, pool, people.mention("help"), outcome, ANSWER_WITHIN)

        return await several(max(0, count), AT_ONCE, one, within)


async def _peer(bed: Bed, state: str, python: Path, exits: AsyncExitStack) -> Bot:
    port = ports.free_port("127.0.0.1")
    bot = Bot(port, await bed.database(), {})
    bot.variables = {
        **bed.base,
        "PORT": str(port),
        "PEER_POSTGRES": bot.database if state == "postgres" else "",
    }
    program = str(ROOT / "tests" / "bench" / "servers" / "peer.py")
    await bed.start(bot, f"peer-{state}", [program], exits, program=str(python))
    await listening(bot, f"peer-{state}")
    return bot


class Unavailable(Exception):
    """Why the peer cannot be measured here."""


def environment() -> Path:
    """The interpreter of the peer's own environment, made where it is not there yet."""
    python = FOLDER / "bin" / "python"
    stamp = FOLDER / "packages"
    if stamp.exists() and stamp.read_text() == "\n".join(PACKAGES):
        return python
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    _must([interpreter(), "-m", "venv", str(FOLDER)], "its environment could not be made")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    _must(pip, "its packages could not be installed (no network?)")
    stamp.write_text("\n".join(PACKAGES))
    return python


def interpreter() -> str:
    """A Python of 3.12 or later: PYTHON312, the path, or pyenv's versions."""
    named = [os.environ.get("PYTHON312", ""), "python3.12", "python3.13"]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named += [str(folder / "bin" / "python") for folder in sorted(root.glob("3.1[23].*"))]
    for name in named:
        if name and (found := shutil.which(name)) and _is_new_enough(found):
            return found
    raise Unavailable("chat-sdk 0.4.41 needs Python 3.12 or later; name one as PYTHON312")


def _is_new_enough(program: str) -> bool:
    asked = [program, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
    try:
        return subprocess.run(asked, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _must(command: list[str], problem: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{problem}: {type(error).__name__}") from None
    if done.returncode:
        raise Unavailable(f"{problem}: {(done.stderr.strip().splitlines() or ['without a word'])[-1][:200]}")
