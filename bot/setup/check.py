"""make check: format, lint, types, imports, the page's types, locks, audit. All of them, then a verdict."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bot.setup import page
from bot.setup.audit import audit
from bot.setup.environment import BIN
from bot.setup.locks import stale
from bot.setup.work import Failed, run, say, tail

Check = Callable[[], tuple[bool, str]]


def main() -> int:
    began = time.monotonic()
    checks: dict[str, Check] = {
        "types (mypy)": partial(_program, "mypy"),
        "page types (tsc)": _page,
        "format (ruff)": partial(_program, "ruff", "format", "--check", "."),
        "lint (ruff)": partial(_program, "ruff", "check", "."),
        "imports (lint-imports)": partial(_program, "lint-imports"),
        "locks": _locks,
        "audit (pip-audit)": _audit,
    }
    with ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(lambda item: _tell(*item), checks.items()))
    failed = passed.count(False)
    say(f"check: {'passed' if not failed else f'{failed} failed'} ({time.monotonic() - began:.1f} s)")
    return 1 if failed else 0


def _tell(name: str, check: Check) -> bool:
    began = time.monotonic()
    try:
        passed, output = check()
    except Failed as error:
        passed, output = False, str(error)
    say(f"{'✓' if passed else '✗'} {name} ({time.monotonic() - began:.1f} s)")
    if output and (not passed or name.startswith("audit")):
        say("\n".join(f"    {line}" for line in output.splitlines()))
    return passed


def _program(name: str, *arguments: str | Path) -> tuple[bool, str]:
    done = run([BIN / name, *arguments])
    return done.status == 0, done.output


def _page() -> tuple[bool, str]:
    with_node = page.node()
    if with_node is None:
        return False, "there is no Node 22.12 or newer: run `make dev`"
    passed, output = page.check(with_node)
    return passed, tail(output)


def _locks() -> tuple[bool, str]:
    problems = stale()
    return not problems, "\n".join(problems)


def _audit() -> tuple[bool, str]:
    result = audit()
    return result.passed, result.verdict()


if __name__ == "__main__":
    sys.exit(main())
