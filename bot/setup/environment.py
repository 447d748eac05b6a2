"""The virtual environment: locked packages checked by their hashes, compiled, and our own program."""

from __future__ import annotations

import shutil
import stat
import sys
import sysconfig
from pathlib import Path

from bot.setup.work import ROOT, Failed, digest, is_current, must, run, say, write_stamp

VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
UV_LOCK = ROOT / "requirements-uv.lock"
LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
OURS = ("bot", "flows", "integrations", "workers", "migrations")

PIP: list[str | Path] = [
    PYTHON,
    "-m",
    "pip",
    "--disable-pip-version-check",
    "--no-input",
    "--quiet",
    "install",
]
PROGRAM = """\
#!/bin/sh
'''exec' "$(dirname "$0")/python" "$0" "$@"
' '''
import sys

from bot.cli import main

sys.exit(main())
"""


def make() -> None:
    """`.venv` with pip, and uv inside; kept when it works."""
    if not _works():
        if VENV.exists():
            say("  … .venv does not work here; making it anew")
            shutil.rmtree(VENV)
        _require_venv()
        must("virtual environment", [_base_python(), "-m", "venv", VENV])
    wanted = digest([UV_LOCK])
    if not is_current(VENV / ".uv.stamp", wanted):
        command: list[str | Path] = [*PIP, "--no-deps", "--require-hashes", "-r", UV_LOCK]
        done = run(command)
        if done.status:
            say("  … uv cannot be had here; pip does it, more slowly")
            (BIN / "uv").unlink(missing_ok=True)
            return
        write_stamp(VENV / ".uv.stamp", wanted)


def install(lock: Path) -> None:
    """Everything in the lock, once for each state of it."""
    stamp, wanted = VENV / f".{lock.name}.stamp", digest([lock])
    if is_current(stamp, wanted):
        return
    must_install(f"packages of {lock.name}", lock)
    write_stamp(stamp, wanted)


def must_install(what: str, lock: Path) -> None:
    uv = BIN / "uv"
    if uv.exists():
        quickly: list[str | Path] = [uv, "pip", "install", "--quiet", "--no-progress", "--python", PYTHON]
        done = run([*quickly, "--require-hashes", "--compile-bytecode", "-r", lock])
        if done.status == 0:
            say(f"  ✓ {what} ({done.seconds:.1f} s)")
            return
        say("  … uv did not manage it; pip tries, more slowly")
    slowly: list[str | Path] = [*PIP, "--no-deps", "--require-hashes", "-r", lock]
    must(f"{what}, by pip", slowly)


def install_part(names: tuple[str, ...]) -> None:
    """Some packages of the lock ahead of the rest, under the same hashes."""
    part = VENV / ".part.lock"
    part.write_text("\n".join(entry for entry in entries(LOCK.read_text()) if named(entry) in names) + "\n")
    must_install(" and ".join(names), part)


def entries(text: str) -> list[str]:
    """One string for each package of a lock: its pin, and the hashes that follow it."""
    found: list[str] = []
    for line in text.splitlines():
        if line[:1].isalnum():
            found.append(line)
        elif line.strip() and not line.lstrip().startswith("#") and found:
            found[-1] += "\n" + line
    return found


def named(entry: str) -> str:
    return entry.partition("==")[0].strip().lower().replace("_", "-").partition("[")[0]


def install_ourselves() -> None:
    """`countersign` in `.venv/bin`, running what stands in this folder. Needs no network and no build."""
    site = Path(_ask("import sysconfig; print(sysconfig.get_path('purelib'))"))
    (site / "countersign.pth").write_text(f"{ROOT}\n")
    program = BIN / "countersign"
    if not program.exists() or program.read_text() != PROGRAM:
        program.write_text(PROGRAM)
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    # Some machines forbid Python to write compiled files, and then every start compiles anew.
    sources = [path for folder in OURS for path in (ROOT / folder).rglob("*.py")]
    wanted = digest(sources)
    if not is_current(VENV / ".compiled.stamp", wanted):
        run([PYTHON, "-m", "compileall", "-q", *(ROOT / folder for folder in OURS)])
        write_stamp(VENV / ".compiled.stamp", wanted)


def _works() -> bool:
    """It is there, whole, of a version that fits, and was not moved from elsewhere."""
    check = "import sys, pip; print(sys.prefix); sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
    if not PYTHON.exists():
        return False
    done = run([PYTHON, "-c", check], within=60)
    return done.status == 0 and Path(done.output.strip()).resolve() == VENV.resolve()


def _require_venv() -> None:
    """Debian ships Python without the modules that make an environment."""
    done = run([_base_python(), "-c", "import venv, ensurepip"], within=60)
    if done.status:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Failed(
            f"This Python has no venv module: apt-get install python{version}-venv (on Debian and Ubuntu)."
        )


def _base_python() -> str:
    """The Python that an environment is made from, also when we run inside one."""
    if sys.prefix == sys.base_prefix:
        return sys.executable
    name = f"python{sysconfig.get_python_version()}"
    return str(Path(sys.base_prefix) / "bin" / name)


def _ask(question: str) -> str:
    done = run([PYTHON, "-c", question], within=60, errors_too=False)
    if done.status:
        raise Failed("The Python in .venv does not answer: remove .venv and run it again.")
    return done.output.strip()
