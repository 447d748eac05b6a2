"""Known weaknesses of the locked packages, and an honest count of how many could be looked up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.setup.environment import BIN, LOCK
from bot.setup.work import run

WITHIN = 180.0


@dataclass(frozen=True, slots=True)
class Audit:
    """`audited` of `total` packages were found at the advisory service."""

    audited: int
    total: int
    findings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.findings

    def verdict(self) -> str:
        count = f"audited {self.audited} of {self.total} packages"
        if self.findings:
            return "\n".join([f"{count}, and found:", *self.findings])
        if not self.audited:
            return f"{count}: NO ADVISORY SERVICE WAS REACHABLE, so nothing is known of their weaknesses"
        missing = self.total - self.audited
        return f"{count}, none with a known weakness" + (
            f"; nothing is known of {missing}" if missing else ""
        )


def audit() -> Audit:
    """pip-audit's word. It exits 0 also where it could not look up a single package."""
    command: list[str | Path] = [
        BIN / "pip-audit",
        "-r",
        LOCK,
        "--require-hashes",
        "--disable-pip",
        "-f",
        "json",
    ]
    done = run(command, within=WITHIN, errors_too=False)
    return judge(done.output, locked=LOCK.read_text().count("=="))


def judge(report: str, *, locked: int) -> Audit:
    """`locked`: how many packages there are, for the case that the report cannot be read."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Audit(0, locked, ())
    audited = [package for package in packages if "skip_reason" not in package]
    return Audit(
        len(audited), len(packages), tuple(line for package in audited for line in _findings(package))
    )


def _findings(package: dict[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {found['id']}, mended in "
        f"{', '.join(found.get('fix_versions') or ['no version yet'])}"
        for found in package.get("vulns", [])
    ]
