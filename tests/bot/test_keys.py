"""The keys that the first start makes: kept, private, whole."""

import json
import os
from pathlib import Path

import pytest

from bot import keys
from bot.errors import ConfigurationError


def test_the_second_start_finds_the_keys_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"

    assert keys.load_or_make(path) == keys.load_or_make(path)


def test_nobody_else_may_read_them_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys.load_or_make(tmp_path / "secrets.json")
    finally:
        os.umask(before)

    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_could_read_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = keys.load_or_make(path)
    path.chmod(0o644)

    assert keys.load_or_make(path) == made
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.twin
def test_a_plainly_written_file_would_have_been_open_to_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        (tmp_path / "secrets.json").write_text("{}")
    finally:
        os.umask(before)

    assert (tmp_path / "secrets.json").stat().st_mode & 0o044


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_damaged_file_is_not_replaced_in_silence(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text)

    with pytest.raises(ConfigurationError, match="damaged"):
        keys.load_or_make(tmp_path / "secrets.json")
    assert (tmp_path / "secrets.json").read_text() == text


def test_keys_that_came_later_are_added_to_those_that_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"OTHER": "kept"}))
    path.chmod(0o600)

    made = keys.load_or_make(path)

    assert made["OTHER"] == "kept"
    assert json.loads(path.read_text()) == made
