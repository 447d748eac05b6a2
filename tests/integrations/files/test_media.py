"""Videos are taken apart on a leash: in a folder of its own, from files only, never for long."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from integrations.files import media
from integrations.files.media import NotSeen, Parts, begin, frames_of, parts, sound_of


def fake(folder: Path, body: str) -> str:
    """A program in ffmpeg's place, in Python."""
    path = folder / "ffmpeg"
    path.write_text(f"#!{sys.executable} -I\nimport os, sys, time\nlast = sys.argv[-1]\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


WRITES = """
data = open("given", "rb").read()
if last == "sound.wav":
    open(last, "wb").write(b"RIFF" + data)
else:
    for at in (1, 2):
        open(last % at, "wb").write(b"\\xff\\xd8" + data)
"""


def test_sound_and_pictures_are_what_it_wrote(tmp_path: Path) -> None:
    found = parts(b"video", ffmpeg=fake(tmp_path, WRITES))
    assert found == Parts(b"RIFFvideo", (b"\xff\xd8video", b"\xff\xd8video"))


def test_where_it_is_not_installed_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "program", lambda: None)
    with pytest.raises(NotSeen, match="not installed"):
        parts(b"video")


@pytest.mark.parametrize(
    "body", ["sys.exit(1)", "pass", "os.abort()", "open(last.replace('%d', '1'), 'wb').close()"]
)
def test_what_it_makes_nothing_of_is_broken(tmp_path: Path, body: str) -> None:
    with pytest.raises(NotSeen, match="broken"):
        parts(b"video", ffmpeg=fake(tmp_path, body))


def test_what_takes_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "SECONDS", 0.5)
    with pytest.raises(NotSeen, match="too long"):
        parts(b"video", ffmpeg=fake(tmp_path, "time.sleep(60)"))


def test_it_has_none_of_our_secrets_and_a_folder_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "planted")
    told = tmp_path / "told"
    body = (
        f"open({str(told)!r}, 'a').write(os.getcwd() + '|' + repr(sorted(os.environ)) + chr(10)); sys.exit(1)"
    )
    with pytest.raises(NotSeen):
        parts(b"video", ffmpeg=fake(tmp_path, body))
    folder, _, names = told.read_text().splitlines()[0].partition("|")
    assert "SECRET_KEY" not in names
    assert not os.path.exists(folder)


def test_it_cannot_write_or_take_without_end(tmp_path: Path) -> None:
    """More than the limit of a file ends it by a signal; more memory than the limit is refused."""
    writes = "f = open(last, 'wb')\nfor _ in range(40): f.write(b'x' * 1048576)"
    with pytest.raises(NotSeen):
        parts(b"video", ffmpeg=fake(tmp_path, writes))
    takes = "kept = bytearray(2 * 1024 ** 3)\nopen(last.replace('%d', '1'), 'wb').write(b'x')"
    with pytest.raises(NotSeen):
        parts(b"video", ffmpeg=fake(tmp_path, takes))


@pytest.mark.twin
def test_twin_without_the_leash_it_writes_as_much_as_it_likes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = tmp_path / "free.py"
    free.write_text("import os, sys\nos.execv(sys.argv[1], sys.argv[1:])\n")
    monkeypatch.setattr(Path, "with_name", lambda self, name: free)
    monkeypatch.setattr(media, "LARGEST_PART", 10**9)
    writes = "f = open(last.replace('%d', '1'), 'wb')\nfor _ in range(40): f.write(b'x' * 1048576)"
    assert len(parts(b"video", ffmpeg=fake(tmp_path, writes)).sound) == 40 * 1048576


@pytest.mark.parametrize("arguments", [begin(), sound_of(), frames_of(3)])
def test_it_may_open_files_and_one_kind_of_container_and_nothing_else(arguments: list[str]) -> None:
    given = arguments[: arguments.index("-i")]
    assert given[given.index("-protocol_whitelist") + 1] == "file"
    allowed = given[given.index("-format_whitelist") + 1].split(",")
    assert not {"hls", "concat", "dash", "applehttp", "image2", "lavfi", "rtsp"} & set(allowed)
    assert arguments[arguments.index("-i") + 1] == "given"


def test_no_word_of_the_file_becomes_an_argument() -> None:
    assert all(each.isascii() for each in (*sound_of(), *frames_of(3)))
