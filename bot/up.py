"""`countersign up`: the whole bot in one terminal, with whatever is missing put in its place."""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from pydantic import SecretStr
from rich.console import Console

from bot import embedded, keys, ports, prepare
from bot.connections import describe
from bot.errors import ConfigurationError, CountersignError
from bot.settings import Settings
from bot.supervisor import Child, Supervisor, end_leftovers, last_lines

LEAST_DISK = 200 << 20
READY_WITHIN = 90.0
TICK = 0.1

BELOW = "--under-up"  # what only `up` says to its children: stand-ins are allowed


def run(settings: Settings, console: Console) -> int:
    """Until Ctrl-C or SIGTERM; what to say at the end is said. Returns the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        with ExitStack() as stack:
            _run(settings, console, stack)
    except KeyboardInterrupt:
        _say(console, "Stopped.")
        return 0
    except CountersignError as error:
        _say(console, f"✗ {error}")
        return 1
    except OSError as error:
        _say(console, f"✗ {_plain(error, settings.state_dir)}")
        return 1
    return 0


def _run(settings: Settings, console: Console, stack: ExitStack) -> None:
    began = time.monotonic()
    state = settings.state_dir.resolve()
    state.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    require_room(state)
    stack.enter_context(only_one(state / "up.lock"))
    if end_leftovers(state / "children.json"):
        _say(console, "  Ended what an earlier start had left behind")
    settings = complete(
        settings.model_copy(update={"state_dir": state}), keys.load_or_make(state / "secrets.json")
    )
    ports.require_free(settings.host, settings.port)
    servers = _servers(settings, console, stack)
    environment = child_environment(settings, servers)
    with console.status("Database: tables and flows"):
        environment |= prepare.prepare(state, servers, environment)
    children = Supervisor(
        children_of(state), environment, state / "children.json", lambda text: _say(console, f"! {text}")
    )
    stack.callback(_deaf_then, children.stop)
    children.start()
    with console.status("Starting front, engine and worker"):
        _until_ready(settings, children, state)
    _greet(as_children_see(environment), console, time.monotonic() - began)
    _watch(settings, servers, children)


def complete(settings: Settings, made: Mapping[str, str]) -> Settings:
    """The settings with the keys that the first start made, and a port that is one."""
    values: dict[str, object] = {}
    if settings.secret_key is None:
        values["secret_key"] = SecretStr(made["SECRET_KEY"])
    if settings.port == 0:
        values["port"] = ports.free_port(settings.host)
    return settings.model_copy(update=values)


def child_environment(settings: Settings, servers: embedded.Servers) -> dict[str, str]:
    """Our own environment, completed: addresses of the servers, keys, and the stand-ins' variables."""
    environment = {
        **os.environ,
        "SECRET_KEY": settings.secret("secret_key"),
        "STATE_DIR": str(settings.state_dir),
        "PORT": str(settings.port),
    }
    if servers.database_url:
        environment["DATABASE_URL"] = servers.database_url
    if servers.redis_url:
        environment["REDIS_URL"] = servers.redis_url
        environment["CELERY_BROKER_URL"] = settings.secret("celery_broker_url") or servers.celery_broker_url
    if settings.on_loopback:
        from bot.workbench.environment import environment as stand_ins

        environment |= stand_ins(settings)
    return environment


def as_children_see(environment: Mapping[str, str]) -> Settings:
    known = {name: environment.get(name.upper(), "") for name in Settings.model_fields}
    return Settings.model_validate({name: value for name, value in known.items() if value})


def children_of(state: Path) -> list[Child]:
    """The three processes. Engine and worker first: the front answers /readyz, so it should be last."""
    program = (sys.executable, "-m", "bot.cli")
    commands = {
        "engine": (*program, "serve", "--role", "engine", BELOW),
        "worker": (*program, "worker", BELOW),
        "front": (*program, "up-front"),
    }
    return [Child(name, command, state / "log" / f"{name}.log") for name, command in commands.items()]


def require_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        raise ConfigurationError(
            f"The disk is full: {free >> 20} MB are free at {folder}, a start needs {LEAST_DISK >> 20} MB."
        )


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Held while we run; the system lets go of it however we end."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ConfigurationError(
                f"It runs already in this folder (process {file.read().strip() or 'unknown'})."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _servers(settings: Settings, console: Console, stack: ExitStack) -> embedded.Servers:
    """What was named must answer; what was not named is started."""
    for name in ("database_url", "redis_url", "celery_broker_url"):
        if url := settings.secret(name):
            ports.require_answer(name.upper(), url)
    want_postgres, want_valkey = settings.database_url is None, settings.redis_url is None
    if not (want_postgres or want_valkey):
        return embedded.Servers()
    stack.callback(_deaf_then, lambda: embedded.find(settings.state_dir).stop())
    with console.status("Starting PostgreSQL and Valkey"):
        return embedded.start(settings.state_dir, want_postgres=want_postgres, want_valkey=want_valkey)


def _until_ready(settings: Settings, children: Supervisor, state: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not answers(settings.host, settings.port):
        if time.monotonic() > deadline:
            lines = last_lines(state / "log" / "front.log")
            raise ConfigurationError(f"The bot did not become ready. The front's last lines:\n{lines}")
        children.check()
        time.sleep(TICK / 2)


def answers(host: str, port: int) -> bool:
    """GET /readyz says yes."""
    line = http.client.HTTPConnection(host, port, timeout=3)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _greet(settings: Settings, console: Console, seconds: float) -> None:
    console.print(f"\n[bold]Countersign runs[/bold] (started in {seconds:.1f} s)\n", highlight=False)
    for name, text in describe(settings):
        _say(console, f"  {name:<9} {text}")
    where = f"http://{'localhost' if settings.host == '127.0.0.1' else settings.host}:{settings.port}"
    what = "the workbench" if settings.on_loopback else "no workbench: HOST is not this machine's own"
    console.print(f"\n  [bold]{where}[/bold]  {what}", highlight=False)
    _say(console, f"  Logs in {settings.state_dir / 'log'} · Ctrl-C ends it\n")


def _watch(settings: Settings, servers: embedded.Servers, children: Supervisor) -> NoReturn:
    """Until somebody interrupts: what dies is started again."""
    while True:
        children.check()
        if not servers.alive():
            embedded.start(
                settings.state_dir,
                want_postgres=servers.postgres is not None,
                want_valkey=servers.valkey is not None,
            )
        time.sleep(TICK)


def _say(console: Console, text: str) -> None:
    """As it is, and never broken into lines of ours: it may hold anything, and be piped anywhere."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _deaf_then(finish: Callable[[], None]) -> None:
    """From now on nothing interrupts the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    finish()


def _plain(error: OSError, state: Path) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk is full: {state} cannot be written. Free some space and start again."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            where = error.filename or state
            return f"{where} cannot be written by this user: set STATE_DIR to a folder that can."
        case _:
            return f"{error.strerror or error} {error.filename or ''}".strip()
