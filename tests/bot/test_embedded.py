"""The embedded servers: found again, recovered, stopped for sure."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from bot import embedded
from bot.embedded import places, wire
from bot.embedded.places import User
from bot.errors import ConfigurationError
from bot.processes import Process, identify, wait_gone

pytestmark = pytest.mark.processes


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' user can reach, as a clone's usually is."""
    path = Path(tempfile.mkdtemp(prefix="cs-test-"))
    path.chmod(0o711)
    yield path
    embedded.find(path).stop(at_once=True)
    shutil.rmtree(path, ignore_errors=True)


def started(folder: Path) -> embedded.Servers:
    return embedded.start(folder, durable=False)


def living(servers: embedded.Servers) -> tuple[Process, Process]:
    assert servers.postgres
    assert servers.valkey
    postgres, valkey = servers.postgres.process(), servers.valkey.process()
    assert postgres
    assert valkey
    return postgres, valkey


def run_sql(servers: embedded.Servers, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(servers.database_url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_both_servers_answer_at_the_addresses_given(folder: Path) -> None:
    servers = started(folder)

    assert run_sql(servers, "select current_database()") == "countersign"
    assert str(run_sql(servers, "show server_version")).startswith("18")
    assert redis.Redis.from_url(servers.redis_url).ping()
    assert (
        redis.Redis.from_url(servers.redis_url).config_get("maxmemory-policy")["maxmemory-policy"]
        == "noeviction"
    )


def test_celery_reaches_the_broker_by_its_own_spelling(folder: Path) -> None:
    import kombu

    servers = started(folder)

    with kombu.Connection(servers.celery_broker_url) as connection:
        connection.connect()
        assert connection.connected


def test_a_second_start_finds_the_servers_of_the_first(folder: Path) -> None:
    first = living(started(folder))

    assert living(started(folder)) == first


def test_after_kill_9_of_everything_the_next_start_has_all_that_was_committed(folder: Path) -> None:
    servers = started(folder)
    run_sql(servers, "create table kept as select 42 as answer")
    redis.Redis.from_url(servers.redis_url).set("kept", "42")
    before = living(servers)
    for process in before:
        os.kill(process.pid, signal.SIGKILL)

    again = started(folder)

    assert run_sql(again, "select answer from kept") == 42
    assert redis.Redis.from_url(again.redis_url).get("kept") == b"42"
    assert not set(before) & set(living(again))


def test_a_pid_file_whose_number_went_to_somebody_else_is_not_believed(folder: Path) -> None:
    servers = started(folder)
    for process in living(servers):
        os.kill(process.pid, signal.SIGKILL)
        wait_gone(process, 5)
    assert servers.postgres
    assert servers.valkey
    pid_file = servers.postgres.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    (servers.valkey.data / "pid").write_text(str(os.getpid()))

    again = started(folder)

    assert os.getpid() not in {process.pid for process in living(again)}
    assert run_sql(again, "select 1") == 1


def test_a_socket_lock_whose_number_went_to_somebody_else_is_not_believed(folder: Path) -> None:
    servers = started(folder)
    assert servers.postgres
    lock = servers.postgres.sockets / ".s.PGSQL.5432.lock"
    lines = lock.read_text().splitlines()
    process, _ = living(servers)
    os.kill(process.pid, signal.SIGKILL)
    wait_gone(process, 5)
    other = subprocess.Popen(["/bin/sleep", "60"], user=servers.postgres.user.become)
    try:
        lock.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")

        assert run_sql(started(folder), "select 1") == 1
    finally:
        other.kill()
        other.wait()


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    (folder / "postgres" / "making").mkdir(parents=True)
    (folder / "postgres" / "making" / "PG_VERSION").write_text("18\n")
    (folder / "postgres").chmod(0o711)

    assert run_sql(started(folder), "select 1") == 1


def test_a_broker_log_that_cannot_be_read_is_put_aside(folder: Path) -> None:
    servers = started(folder)
    redis.Redis.from_url(servers.redis_url).set("some", "value")
    assert servers.valkey
    servers.valkey.stop()
    for path in (servers.valkey.data / "appendonlydir").glob("*.incr.aof"):
        path.write_bytes(b"*9\r\nthis is no such file\r\n" * 5)

    again = started(folder)

    assert redis.Redis.from_url(again.redis_url).ping()
    assert list((folder / "valkey").glob("unreadable-*"))


def test_stopping_leaves_no_process_and_stopping_twice_is_fine(folder: Path) -> None:
    servers = started(folder)
    processes = living(servers)

    servers.stop()
    servers.stop()

    assert [identify(process.pid) for process in processes] == [None, None]


def test_only_the_server_that_is_wanted_starts(folder: Path) -> None:
    servers = embedded.start(folder, want_postgres=False)

    assert servers.database_url == ""
    assert not (folder / "postgres").exists()
    assert redis.Redis.from_url(servers.redis_url).ping()


def test_a_deep_folder_gets_short_sockets_elsewhere(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    servers = started(deep)
    try:
        assert servers.postgres
        assert servers.valkey
        assert len(os.fsencode(servers.postgres.sockets / ".s.PGSQL.5432")) < 100
        assert len(os.fsencode(servers.valkey.socket)) < 100
        assert run_sql(servers, "select 1") == 1
    finally:
        servers.stop(at_once=True)
        for sockets in (servers.postgres.sockets, servers.valkey.sockets):
            shutil.rmtree(sockets)


def test_a_private_pair_starts_within_three_seconds_and_is_gone_afterwards() -> None:
    began = time.monotonic()
    with embedded.private() as servers:
        assert time.monotonic() - began < 3 * 3  # three on a quiet machine; this one is shared
        processes = living(servers)
        assert servers.postgres
        home = servers.postgres.data.parent.parent

    assert [identify(process.pid) for process in processes] == [None, None]
    assert not home.exists()


def test_a_private_pair_is_gone_even_when_its_owner_is_killed() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert owner.stdout
    first, second, home = owner.stdout.readline().split()
    processes = [identify(int(first)), identify(int(second))]
    owner.kill()
    owner.communicate()

    assert all(process and wait_gone(process, 20) for process in processes)
    deadline = time.monotonic() + 20
    while Path(home).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(home).exists()


OWNER = """
import time
from bot import embedded
with embedded.private() as servers:
    processes = [servers.postgres.process(), servers.valkey.process()]
    print(*[process.pid for process in processes], servers.postgres.data.parent.parent, flush=True)
    time.sleep(600)
"""


def test_the_socket_folders_admit_nobody_else(folder: Path) -> None:
    servers = started(folder)

    assert servers.postgres
    assert servers.valkey
    for sockets in (servers.postgres.sockets, servers.valkey.sockets):
        assert sockets.stat().st_mode & 0o077 == 0


def test_a_socket_folder_that_belongs_to_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pg").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        places.own_folder(tmp_path / "pg", User(os.geteuid(), os.getegid(), switch=False))


@pytest.mark.twin
def test_without_that_refusal_a_planted_link_would_lead_our_sockets_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pg").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(places.stat, "S_ISDIR", lambda mode: True)

    folder = places.own_folder(tmp_path / "pg", User(os.geteuid(), os.getegid(), switch=False))

    assert folder.resolve() == (tmp_path / "elsewhere").resolve()


def test_statements_and_values_stay_out_of_the_servers_log(folder: Path) -> None:
    servers = started(folder)
    run_sql(servers, "create table once (word text primary key)")
    run_sql(servers, "insert into once values ('a-secret-word')")
    with pytest.raises(asyncpg.UniqueViolationError):
        run_sql(servers, "insert into once values ('a-secret-word')")
    assert servers.postgres

    log = servers.postgres.log.read_text()

    assert "duplicate key" in log
    assert "a-secret-word" not in log


@pytest.mark.twin
def test_without_those_settings_the_log_would_hold_what_people_wrote(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.embedded import postgres

    loud = {name: value for name, value in postgres.SETTINGS.items() if not name.startswith("log_")}
    monkeypatch.setattr(postgres, "SETTINGS", loud)
    servers = started(folder)
    run_sql(servers, "create table once (word text primary key)")
    run_sql(servers, "insert into once values ('a-secret-word')")
    with pytest.raises(asyncpg.UniqueViolationError):
        run_sql(servers, "insert into once values ('a-secret-word')")
    assert servers.postgres

    assert "a-secret-word" in servers.postgres.log.read_text()


def test_a_server_that_refuses_is_told_from_one_that_is_not_there(folder: Path) -> None:
    servers = started(folder)
    assert servers.postgres

    with pytest.raises(RuntimeError, match="syntax error"):
        wire.ask(servers.postgres.sockets, "selekt 1")
    with pytest.raises(wire.NotReady):
        wire.ask(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is turned into somebody else")
def test_for_root_a_closed_folder_is_left_closed_and_the_data_go_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    servers = embedded.start(closed, durable=False)
    try:
        assert servers.postgres
        assert servers.postgres.data.is_relative_to(places.ROOTS_OWN)
        assert run_sql(servers, "select 1") == 1
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        servers.stop(at_once=True)
        assert servers.postgres
        shutil.rmtree(servers.postgres.data.parent.parent)
