"""Finds a Python that will do. Written so that a much older one can read it, and say so."""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = (3, 13)
ASKED = "COUNTERSIGN_PYTHON_ASKED"


def fits(version: "tuple[int, ...]") -> bool:
    return OLDEST <= tuple(version[:2]) <= NEWEST


def another() -> "str | None":
    for name in ("python3.13", "python3.12", "python3.11", "python3"):
        path = shutil.which(name)
        if path is None:
            continue
        try:
            words = subprocess.check_output(  # noqa: S603 - a Python on the PATH
                [path, "-c", "import sys, ensurepip; print(*sys.version_info[:2])"],
                stderr=subprocess.DEVNULL,
            )
            if fits(tuple(int(word) for word in words.split())):
                return path
        except (OSError, ValueError, subprocess.SubprocessError):
            continue
    return None


if not fits(sys.version_info[:2]):
    found = None if os.environ.get(ASKED) else another()
    if found is None:
        sys.exit(
            "Countersign needs Python 3.11, 3.12 or 3.13, and this is %d.%d. "  # noqa: UP031 - older than f-strings
            "Install one of them, or name one: make PYTHON=/path/to/python3.12 up" % sys.version_info[:2]
        )
    os.environ[ASKED] = "1"
    os.execv(found, [found, "-m", "bot.setup"] + sys.argv[1:])  # noqa: S606, RUF005 - see above

from bot.setup.main import main  # noqa: E402 - only now is it safe to read

sys.exit(main(sys.argv[1:]))
