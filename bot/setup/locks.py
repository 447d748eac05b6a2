"""Do the locks still say what pyproject.toml asks for? Without asking anybody."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.setup.environment import DEV_LOCK, LOCK, UV_LOCK, entries
from bot.setup.work import ROOT


def stale() -> list[str]:
    """What is wrong, in a line each."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"]
    for_dev = [*wanted, *project["optional-dependencies"]["dev"]]
    lock, dev = pins(LOCK.read_text()), pins(DEV_LOCK.read_text())
    return [
        *(f"{LOCK.name}: {problem}" for problem in unmet(wanted, lock)),
        *(f"{DEV_LOCK.name}: {problem}" for problem in unmet(for_dev, dev)),
        *(f"{DEV_LOCK.name}: {problem}" for problem in differences(lock, dev)),
        *(
            f"{path.name}: {problem}"
            for path in (LOCK, DEV_LOCK, UV_LOCK)
            for problem in loose(path.read_text())
        ),
    ]


def pins(text: str) -> dict[str, set[str]]:
    """Each package's pinned versions; a lock for several Pythons may hold two of one."""
    found: dict[str, set[str]] = {}
    for entry in entries(text):
        requirement = Requirement(entry.split("\\")[0].strip())
        for specifier in requirement.specifier:
            found.setdefault(canonicalize_name(requirement.name), set()).add(specifier.version)
    return found


def unmet(wanted: Iterable[str], lock: Mapping[str, set[str]]) -> list[str]:
    problems = []
    for line in wanted:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        versions = lock.get(canonicalize_name(requirement.name), set())
        if not any(requirement.specifier.contains(Version(one), prereleases=True) for one in versions):
            has = ", ".join(sorted(versions)) or "nothing"
            problems.append(f"pyproject.toml asks for {line}, and the lock has {has}")
    return problems


def differences(lock: Mapping[str, set[str]], dev: Mapping[str, set[str]]) -> list[str]:
    """What is tested has to be what runs."""
    return [
        f"{name} is {', '.join(sorted(dev.get(name, {'missing'})))}, but {', '.join(sorted(versions))} runs"
        for name, versions in lock.items()
        if dev.get(name) != versions
    ]


def loose(text: str) -> list[str]:
    """Entries that anything could be installed for."""
    return [f"{entry.split()[0]} has no hash" for entry in entries(text) if "--hash=sha256:" not in entry]
