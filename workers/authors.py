"""Who put the rules there: they do not decide what comes of them, so a push says whose it is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from uuid import UUID

from bot.errors import ConfigurationError
from workers.store import directory
from workers.store.door import Connection

LONGEST = 320
PATIENCE = 2.0  # seconds for git
Version = tuple[str, str, str]  # flow or policy, its name, its version


def author(given: str) -> str:
    """The address given with `--by`, else the one that this person commits under; empty: nobody says.

    A login name would not do: people are known by verified addresses, and another name excludes nobody.
    """
    by = (given or _of_git()).strip().lower()
    if given and (by.count("@") != 1 or len(by) > LONGEST or any(each.isspace() for each in by)):
        raise ConfigurationError(f"--by is an e-mail address, not {given[:40]!r}.")
    return by if by.count("@") == 1 and len(by) <= LONGEST else ""


def _of_git() -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    try:
        asked = subprocess.run(  # noqa: S603  # words of ours alone, and no shell
            [git, "config", "user.email"], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return asked.stdout if asked.returncode == 0 else ""


async def note(c: Connection, tenant: UUID, by: str, changed: Iterable[Version]) -> str:
    """Keeps it, for what became active by this push alone; says what follows from it, in a line."""
    versions = list(changed)
    if not versions:
        return ""
    if not by:
        return "Nobody is noted as its author: say --by EMAIL, so that whoever wrote it does not decide it."
    for kind, name, version in versions:
        await directory.pushed(c, tenant, kind, name, version, by)
    return f"Noted as written by {by}, who does not decide what comes of it."
