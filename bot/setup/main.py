"""make setup, check and test: each does all that it needs first, once."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bot.setup import environment, page
from bot.setup.work import Failed, alone, say

USAGE = "python3 -m bot.setup [dev]   prepare this folder; dev: for `make test` and `make check` too"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["dev"]):
        say(USAGE)
        return 2
    began = time.monotonic()
    try:
        with alone():
            did = set_up(dev=arguments == ["dev"])
    except Failed as error:
        sys.stderr.write(f"✗ {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"✗ {error.strerror}: {error.filename}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. The next run goes on from here.\n")
        return 130
    if did:
        say(f"Set up in {time.monotonic() - began:.1f} s")
    return 0


def set_up(*, dev: bool) -> bool:
    """Everything that is not done yet; whether anything was worth telling."""
    began = time.monotonic()
    environment.make()
    with_node = None if page.is_built() else _node()
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(page.build, with_node) if with_node else None
        environment.install(environment.DEV_LOCK if dev else environment.LOCK)
        environment.install_ourselves()
        if building:
            building.result()
    return time.monotonic() - began > 3.0


def _node() -> page.Node:
    """Node ahead of all other packages, so that the page is built beside their installation."""
    if page.node() is None:
        environment.install_part(page.NODE_PACKAGES)
    found = page.node()
    if found is None:
        raise Failed("The page needs Node 22.12 or newer, and the one from the package does not run here.")
    return found
