"""Clear words before anything starts: a port that is taken, a server that does not answer."""

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from bot import ports
from bot.errors import ConfigurationError


def test_a_free_port_is_fine_and_a_taken_one_is_named_with_its_holder() -> None:
    port = ports.free_port("127.0.0.1")
    ports.require_free("127.0.0.1", port)

    taken = pytest.raises(ConfigurationError, match=f"Port {port} is taken by process {os.getpid()}")
    with closing(socket.create_server(("127.0.0.1", port))), taken:
        ports.require_free("127.0.0.1", port)


def test_a_port_that_was_just_let_go_is_not_called_taken() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))):
            server.accept()[0].close()

    ports.require_free("127.0.0.1", port)


def test_a_host_that_is_no_address_is_said_to_be_none() -> None:
    with pytest.raises(ConfigurationError, match="HOST=not-a-host"):
        ports.require_free("not-a-host.invalid", 3000)


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("DATABASE_URL", "postgresql://me:a-password@127.0.0.1:{port}/name"),
        ("DATABASE_URL", "postgresql+asyncpg://me:a-password@127.0.0.1:{port}/name"),
        ("REDIS_URL", "rediss://:a-password@127.0.0.1:{port}/0"),
        ("CELERY_BROKER_URL", "amqp://me:a-password@127.0.0.1:{port}//"),
    ],
)
def test_a_server_that_does_not_answer_is_told_with_its_setting_and_without_its_password(
    setting: str, url: str
) -> None:
    port = ports.free_port("127.0.0.1")

    with pytest.raises(ConfigurationError) as caught:
        ports.require_answer(setting, url.format(port=port))

    assert f"{setting}: nothing answers at 127.0.0.1:{port}" in str(caught.value)
    assert "a-password" not in str(caught.value)


def test_a_server_that_answers_is_fine_over_tcp_and_over_a_socket_file(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        ports.require_answer("REDIS_URL", f"redis://127.0.0.1:{server.getsockname()[1]}/0")
    path = tmp_path / ".s.PGSQL.5432"
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(path))
        server.listen()
        ports.require_answer("DATABASE_URL", f"postgresql://me@/name?host={tmp_path}")
        ports.require_answer("REDIS_URL", f"unix://{path}?db=0")
        ports.require_answer("CELERY_BROKER_URL", f"redis+socket://{path}?virtual_host=0")


@pytest.mark.parametrize("url", ["mysql://db/name", "db:5432", "redis://host:port/0", "http://[::1/"])
def test_what_is_no_such_address_is_answered_with_an_example(url: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://user:password@host:5432/name"):
        ports.require_answer("DATABASE_URL", url)
