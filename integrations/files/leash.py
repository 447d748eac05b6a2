"""Puts limits on itself that cannot be lifted, and becomes the program that it is given."""

from __future__ import annotations

import os
import resource
import sys

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 45
LARGEST = 24 * 1024 * 1024
OPEN_FILES = 64


def main(arguments: list[str]) -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, LARGEST),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.execv(arguments[0], arguments)  # noqa: S606  # that is what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
