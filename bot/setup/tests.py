"""make test: the browser where it can be had, then every test, on both cores."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

from bot.setup.environment import PYTHON
from bot.setup.work import ROOT, run, say

FAILED = 1  # pytest's word for "tests ran, and some failed"
PACKAGES = ("chromium", "fonts-noto-color-emoji")


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    _browser()
    # A file's tests stay together: they share its servers.
    command = [str(PYTHON), "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command
    if status == FAILED:
        status = _once_more()
    say(f"test: {'passed' if status == 0 else 'FAILED'} ({time.monotonic() - began:.1f} s)")
    return status


def _once_more() -> int:
    """What failed, by itself: a busy machine can starve a test that waits for processes.

    What fails again has failed; what passes now is named above all the same.
    """
    say("! some tests failed (named above); each is run once more, alone")
    command = [str(PYTHON), "-m", "pytest", "--last-failed", "--last-failed-no-failures", "none"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own command


def _browser() -> None:
    """Debian's Chromium, for the workbench's tests; without it they are skipped, and say so."""
    if shutil.which("chromium") and _has_emoji():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        say(
            "! Without Debian's chromium the browser tests are skipped: apt-get install " + " ".join(PACKAGES)
        )
        return
    say("… installing " + " and ".join(PACKAGES))
    if not _install():
        run(["apt-get", "-q", "update"], within=180)
        if not _install():
            say("! chromium could not be installed; the browser tests are skipped")


def _install() -> bool:
    command = ["apt-get", "-q", "-y", "--no-install-recommends", "install", *PACKAGES]
    return run(command, extra={"DEBIAN_FRONTEND": "noninteractive"}, within=300).status == 0


def _has_emoji() -> bool:
    return run(["dpkg", "-s", PACKAGES[1]], within=30).status == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
