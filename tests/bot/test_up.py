"""`countersign up`: one terminal, nothing left behind. Real processes, small children in place of ours."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from bot import embedded, ports, up
from bot.errors import ConfigurationError
from bot.settings import Settings

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("up_driver.py")
CLEAN = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}


@pytest.fixture
def state() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="cs-up-"))
    path.chmod(0o711)
    yield path
    embedded.find(path).stop(at_once=True)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def port() -> int:
    return ports.free_port("127.0.0.1")


def ours(state: Path) -> list[psutil.Process]:
    """Every process that has something to do with this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        words = " ".join(process.info["cmdline"] or [])
        around = (process.info["environ"] or {}).get("STATE_DIR", "")
        if (str(state) in words or around == str(state)) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def until(what: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def start(state: Path, port: int, **extra: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(DRIVER), str(state), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**CLEAN, "PYTHONPATH": str(ROOT), **extra},
        start_new_session=True,
        # As at a terminal: what is begun in the background inherits that Ctrl-C is nothing to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.fixture
def running(state: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = start(state, port)
    try:
        greeting(process)
        yield process
    finally:
        process.kill()
        process.communicate()
        until(lambda: not children(state))


def greeting(process: subprocess.Popen[str]) -> str:
    """Everything up to the greeting's last line: from then on it only watches."""
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C ends it" in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def children(state: Path) -> list[int]:
    return [one.pid for one in ours(state) if "fake_child" in " ".join(one.cmdline())]


def ended(process: subprocess.Popen[str], number: signal.Signals) -> str:
    process.send_signal(number)
    output, _ = process.communicate(timeout=40)
    return output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_without_leaving_a_process(
    running: subprocess.Popen[str], state: Path, number: signal.Signals
) -> None:
    assert len(children(state)) == 3

    output = ended(running, number)

    assert ours(state) == []
    assert running.returncode == 0
    assert "Stopped." in output


def test_after_kill_9_of_the_supervisor_no_child_stays_and_the_servers_are_found_again(
    running: subprocess.Popen[str], state: Path, port: int
) -> None:
    servers = {one.pid for one in ours(state)} - set(children(state)) - {running.pid}
    running.kill()
    running.wait()

    until(lambda: not children(state), 15)
    again = start(state, port)
    assert "Countersign runs" in greeting(again)
    assert servers & {one.pid for one in ours(state)}
    ended(again, signal.SIGTERM)
    assert ours(state) == []


def test_after_kill_9_of_everything_the_next_start_recovers(
    running: subprocess.Popen[str], state: Path, port: int
) -> None:
    for process in ours(state):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    running.wait()

    again = start(state, port)
    assert f"http://localhost:{port}" in greeting(again)
    ended(again, signal.SIGTERM)
    assert ours(state) == []


def test_a_child_that_is_killed_comes_back(running: subprocess.Popen[str], state: Path, port: int) -> None:
    before = set(children(state))
    for pid in before:
        os.kill(pid, signal.SIGKILL)

    until(lambda: len(set(children(state)) - before) == 3)
    until(lambda: up.answers("127.0.0.1", port))
    assert "died (signal 9)" in ended(running, signal.SIGTERM)


def test_a_server_that_is_killed_comes_back(running: subprocess.Popen[str], state: Path) -> None:
    servers = embedded.find(state)
    assert servers.postgres
    assert servers.valkey
    for server in (servers.postgres, servers.valkey):
        process = server.process()
        assert process
        os.kill(process.pid, signal.SIGKILL)

    until(lambda: servers.alive() and servers.postgres.ready() and servers.valkey.ready())


def test_a_second_one_in_the_same_folder_says_so_in_one_line(
    running: subprocess.Popen[str], state: Path, port: int
) -> None:
    second = start(state, port)
    output, _ = second.communicate(timeout=30)

    assert second.returncode == 1
    assert output.strip() == f"✗ It runs already in this folder (process {running.pid})."


def test_a_port_that_is_taken_is_named_with_its_holder(state: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as held:
        port = held.getsockname()[1]
        process = start(state, port)
        output, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert output.count("\n") == 1
    assert f"Port {port} is taken by process {os.getpid()}" in output
    assert not (state / "postgres").exists()


def test_a_database_that_does_not_answer_is_told_without_its_password(state: Path, port: int) -> None:
    dead = ports.free_port("127.0.0.1")
    url = f"postgresql://me:a-password@127.0.0.1:{dead}/name"
    process = start(state, port, DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1/0")
    output, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert f"DATABASE_URL: nothing answers at 127.0.0.1:{dead}" in output
    assert "a-password" not in output
    assert not (state / "postgres").exists()


def test_a_full_disk_is_told_before_anything_starts(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 9, 1))

    with pytest.raises(ConfigurationError, match=r"The disk is full: 0 MB are free at"):
        up.require_room(state)


def test_the_keys_of_the_first_start_are_kept_and_nobody_else_can_read_them(
    running: subprocess.Popen[str], state: Path
) -> None:
    kept = state / "secrets.json"

    assert kept.stat().st_mode & 0o077 == 0
    assert len(json.loads(kept.read_text())["SECRET_KEY"]) >= 32


def test_off_loopback_no_stand_in_is_offered() -> None:
    settings = Settings(_env_file=None, host="0.0.0.0", secret_key="k" * 32)

    environment = up.child_environment(settings, embedded.Servers())

    assert not any("/standin/" in value for value in environment.values())


def test_what_has_credentials_is_real_and_the_rest_is_a_stand_in(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        secret_key="k" * 32,
        state_dir=tmp_path,
        stripe_api_key="sk_test_x",
        stripe_webhook_secret="w",
    )

    environment = up.child_environment(settings, embedded.Servers())

    assert "/standin/slack/" in environment["SLACK_API_URL"]
    assert "/standin/" not in environment.get("STRIPE_API_BASE", "")


def test_embedded_servers_reach_the_children_under_the_names_that_each_library_wants(state: Path) -> None:
    servers = embedded.start(state, durable=False)
    settings = Settings(_env_file=None, secret_key="k" * 32, state_dir=state)

    environment = up.child_environment(settings, servers)

    assert environment["DATABASE_URL"].startswith("postgresql://")
    assert environment["REDIS_URL"].startswith("unix:///")
    assert environment["CELERY_BROKER_URL"].startswith("redis+socket:///")
